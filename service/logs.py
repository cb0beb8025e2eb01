"""Structured logs: JSON lines in the cloud, readable lines on a terminal."""

import logging
import os
import select
import sys
import threading
import time
from collections import deque
from enum import StrEnum

import structlog

from service.shutdown import LOG_S

log = structlog.get_logger()

WAITING_MAX = 1_000  # lines, some 500 kB: hours of cycles, or a burst of trouble
WRITABLE_MS = 100

log = structlog.get_logger()


class LogFormat(StrEnum):
    """The format of log lines."""

    JSON = "json"
    TEXT = "text"


def configure(level: str, form: LogFormat | None = None) -> None:
    """Set up logging for this process; called once, from a process's main.

    Args:
        level: The lowest level that is written, such as `INFO`.
        form: None to choose by stdout: text for a terminal, JSON for anything else.
    """
    readable = form is LogFormat.TEXT or (form is None and sys.stdout.isatty())
    processors: list[structlog.typing.Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if readable:
        renderer = structlog.dev.ConsoleRenderer(
            colors=sys.stdout.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
        processors.append(renderer)
    else:
        processors += [
            structlog.processors.ExceptionRenderer(_tracebacks),
            structlog.processors.JSONRenderer(default=str),
        ]
    threshold = logging.getLevelNamesMapping()[level]
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=_Output(),
    )
    logging.basicConfig(handlers=[_Forward()], level=logging.WARNING, force=True)
    # Their lines would tell an outage twice, botocore's can hold what was sent, and OpenTelemetry's
    # a header that it cannot parse.
    silent = ("apprise", "botocore", "iam_rolesanywhere_session", "opentelemetry", "urllib3")
    for library in silent:
        logging.getLogger(library).setLevel(logging.CRITICAL)


def finish() -> None:
    """Give a slow reader a second to take the waiting lines; called before the process ends."""
    output = structlog.get_config()["logger_factory"]
    if isinstance(output, _Output):
        output.finish()


class _Output:
    """Write lines to stdout without ever waiting for its reader.

    Lines that do not fit into a full pipe wait in memory; beyond a limit they are dropped and
    counted. The next line that can be written says how many were dropped.
    """

    def __init__(self) -> None:
        self._waiting: deque[bytes] = deque()
        self._dropped = 0
        self._lock = threading.RLock()  # reporting dropped lines writes a line itself

    def __call__(self, *_: object) -> "_Output":
        """Return itself: it is the logger of every module."""
        return self

    def finish(self) -> None:
        """Write the waiting lines, for a bounded time."""
        until = time.monotonic() + LOG_S
        with self._lock:
            while self._waiting and not self._write() and time.monotonic() < until:
                _takes_more(WRITABLE_MS)
            self._report_dropped()

    def msg(self, line: str) -> None:
        """Write one line."""
        with self._lock:
            if not _is_file():
                print(line, file=sys.stdout, flush=True)
                return
            self._write()
            if len(self._waiting) >= WAITING_MAX:
                self._dropped += 1
                return
            self._waiting.append(line.encode(errors="backslashreplace") + b"\n")
            if self._write():
                self._report_dropped()

    debug = info = warning = error = critical = exception = fatal = msg

    def _report_dropped(self) -> None:
        if self._dropped and not self._waiting:
            dropped, self._dropped = self._dropped, 0
            log.warning("log_lines_dropped", lines=dropped)

    def _write(self) -> bool:
        """Write waiting lines without blocking; return whether all were written."""
        while self._waiting and _takes_more():
            data = self._waiting.popleft()
            try:
                written = os.write(_stdout(), data[: select.PIPE_BUF])
            except OSError:  # a full disk, or a closed pipe: these lines are lost
                self._dropped += len(self._waiting) + 1
                self._waiting.clear()
                return False
            if written < len(data):
                self._waiting.appendleft(data[written:])
        return not self._waiting


def _takes_more(wait_ms: int = 0) -> bool:
    """Tell whether stdout accepts PIPE_BUF bytes; for a pipe, POLLOUT promises that (pipe(7))."""
    poll = select.poll()
    poll.register(_stdout(), select.POLLOUT)
    return bool(poll.poll(wait_ms))


def _is_file() -> bool:
    """Tell whether stdout is a real file; in a test it may be a text in memory."""
    try:
        return sys.stdout.fileno() >= 0
    except OSError:  # io.UnsupportedOperation is an OSError
        return False


def _stdout() -> int:
    return sys.stdout.fileno()


# No local variables: they can hold secrets.
_tracebacks = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)


class _Forward(logging.Handler):
    """Forward libraries' log lines in our format: only the message."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line."""
        structlog.get_logger(record.name).log(
            record.levelno, "library", logger=record.name, message=record.getMessage()
        )
