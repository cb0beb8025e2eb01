"""SIGTERM and SIGINT: the first starts a graceful shutdown, the second exits immediately."""

import os
import signal

import anyio
from anyio import Event
from anyio.abc import TaskStatus


async def stop_on_signals(
    stop: Event, *, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED
) -> None:
    """Set `stop` at the first signal, and exit immediately at the second."""
    with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        task_status.started()
        async for received in signals:
            if stop.is_set():
                os._exit(128 + received)  # as a shell reports a process ended by that signal
            stop.set()
