"""Starts everything in order, restarts what ends, and stops everything in order."""

import signal
import time
from collections.abc import Callable, Sequence
from types import FrameType

from local.keeper import Keeper, Say, Unit
from local.server import READY_S, StartError
from service.shutdown import API_S, PATIENCE_S, WORKER_S

TICK_S = 0.02
STOP_S = max(WORKER_S, API_S) + PATIENCE_S
ECHO_S = 0.5  # make, timeout and service managers send the same signal twice, at once
KILLED = 130  # the shell's code for what Ctrl-C has ended


class Supervisor:
    """Runs units until SIGINT, SIGTERM or SIGHUP; one more kills them at once.

    The signals are only noted, and every loop here looks at the note: so nothing is ever
    interrupted halfway. Use it from the main thread.

    Args:
        say: Takes the name of a unit and a line about it.
        echo_s: For how long after the first signal others are taken for its echo.
    """

    def __init__(self, say: Say, echo_s: float = ECHO_S) -> None:
        self._say = say
        self._echo_s = echo_s
        self._stop_at: float | None = None
        self._hurried = False
        self._groups: list[list[Keeper]] = []
        self._ready: list[Unit] = []

    @property
    def stopping(self) -> bool:
        """Whether a signal has come."""
        return self._stop_at is not None

    def listen(self) -> None:
        """Takes the signals from now on; a SIGHUP that `nohup` ignores stays ignored."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self._note)

    def launch(self, units: Sequence[Unit]) -> None:
        """Starts units; from now on they are kept running, and stopped at the end."""
        self._groups.append([])
        for unit in units:
            if not self.stopping:
                unit.launch()
                self._groups[-1].append(Keeper(unit, self._say, time.monotonic()))

    def wait_for(self, units: Sequence[Unit]) -> None:
        """Returns when all of the units are ready, which it says of each, or when a signal comes.

        Raises:
            StartError: One of them ended, or took over a minute.
        """
        give_up = time.monotonic() + READY_S
        while not self.stopping and (
            waiting := [each for each in units if not self._is_ready(each)]
        ):
            for unit in waiting:
                if not unit.process.running or time.monotonic() > give_up:
                    raise StartError(f"{unit.name} did not start: {unit.process.ending}")
            time.sleep(TICK_S)

    def complete(self, unit: Unit) -> None:
        """Runs a unit to its end.

        Raises:
            StartError: It ended otherwise than with 0.
        """
        if self.stopping:
            return
        unit.launch()
        while unit.process.running and not self.stopping:
            time.sleep(TICK_S)
        unit.process.finish(0)  # kills it if we are to stop
        if unit.process.exit_code and not self.stopping:
            raise StartError(f"{unit.name} failed: {unit.process.ending}")

    def watch(self, until: Callable[[], bool] = lambda: False) -> None:
        """Keeps the units running, until that is so or a signal comes."""
        while not self.stopping and not until():
            for group in self._groups:
                for keeper in group:
                    keeper.tick(time.monotonic())
            time.sleep(TICK_S)

    def stop(self) -> int:
        """Stops the units, those started last first.

        Returns:
            The exit code: 0, or 130 if a second signal has cut it short.
        """
        for group in reversed(self._groups):
            processes = [keeper.unit.process for keeper in group]
            for process in processes:
                process.terminate()
            give_up = time.monotonic() + STOP_S
            while any(process.running for process in processes):
                if self._hurried or time.monotonic() > give_up:
                    break
                time.sleep(TICK_S)
            for process in processes:
                process.finish(0)
        return KILLED if self._hurried else 0

    def _is_ready(self, unit: Unit) -> bool:
        ready = unit.ready()
        if ready and unit not in self._ready:
            self._ready.append(unit)
            self._say(unit.name, "ready")
        return ready

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        now = time.monotonic()
        if self._stop_at is None:
            self._stop_at = now
        elif now - self._stop_at > self._echo_s:
            self._hurried = True
