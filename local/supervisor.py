"""The supervisor: start units in order, restart what ends, and stop in reverse order."""

import signal
import time
from collections.abc import Callable, Sequence
from types import FrameType

from local.keeper import Keeper, Say, Unit
from local.server import READY_S, StartError
from service.shutdown import API_S, PATIENCE_S, WORKER_S

TICK_S = 0.02
STOP_S = max(WORKER_S, API_S) + PATIENCE_S
ECHO_S = 0.5  # make, timeout and service managers may send a signal twice at the same moment
KILLED = 130  # the shell's exit code after Ctrl-C


class Supervisor:
    """Runs units until SIGINT, SIGTERM or SIGHUP; a second signal kills them immediately.

    Signals only set a flag, which every loop here checks, so that nothing is interrupted halfway.
    Use it from the main thread.

    Args:
        say: Takes a unit's name and a line about it.
        echo_s: How long after the first signal further ones are ignored as repetitions.
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
        """Whether a signal has arrived."""
        return self._stop_at is not None

    def listen(self) -> None:
        """Handle signals from now on; a SIGHUP that `nohup` ignores stays ignored."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self._note)

    def launch(self, units: Sequence[Unit]) -> None:
        """Start units, which are then kept running, and stopped at the end."""
        self._groups.append([])
        for unit in units:
            if not self.stopping:
                unit.launch()
                self._groups[-1].append(Keeper(unit, self._say, time.monotonic()))

    def wait_for(self, units: Sequence[Unit]) -> None:
        """Wait until all units are ready, reporting each, or until a signal arrives.

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
        """Run a unit to its end.

        Raises:
            StartError: Its exit code is not 0.
        """
        if self.stopping:
            return
        unit.launch()
        while unit.process.running and not self.stopping:
            time.sleep(TICK_S)
        unit.process.finish(0)  # kills it if a signal asks to stop
        if unit.process.exit_code and not self.stopping:
            raise StartError(f"{unit.name} failed: {unit.process.ending}")

    def watch(self, until: Callable[[], bool] = lambda: False) -> None:
        """Keep the units running, until the condition holds or a signal arrives."""
        while not self.stopping and not until():
            for group in self._groups:
                for keeper in group:
                    keeper.tick(time.monotonic())
            time.sleep(TICK_S)

    def stop(self) -> int:
        """Stop the units in reverse order.

        Returns:
            The exit code: 0, or 130 after a second signal.
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
