"""A child process that is stopped gracefully, and never outlives its parent."""

import signal
import subprocess
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import psutil

from local.guard import guard

LOG_LINES = 10
LAST_LINES_S = 5.0  # a surviving grandchild may keep the pipe open
KILL_WAIT_S = 5.0  # a killed process ends in milliseconds, unless the kernel blocks it


class Process:
    """A child in its own session, so that Ctrl-C reaches only the parent, which chooses the order.

    Start it from the main thread: Linux ends the child when the thread that started it ends.

    Args:
        command: The program by its absolute path, and its arguments.
        folder: Its working directory. With the program, it identifies leftover processes.
        output: A file to append its output to, or a function for each of its lines.
        environment: None inherits ours.
        user: The account to run as; None keeps ours.
        stop_signal: The signal that asks it to stop.
        death_signal: The signal that it gets when the parent dies (Linux only).
    """

    def __init__(
        self,
        command: Sequence[str],
        folder: Path,
        output: Path | Callable[[str], None],
        *,
        environment: Mapping[str, str] | None = None,
        user: str | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
        death_signal: signal.Signals = signal.SIGKILL,
    ) -> None:
        self.command = command
        self.folder = folder
        self.output = output
        self.environment = environment
        self._prefix = guard(user, death_signal)
        self._stop_signal = stop_signal
        self._popen: subprocess.Popen[str] | None = None
        self._copying: threading.Thread | None = None

    @property
    def pid(self) -> int | None:
        """The process id, also after it has ended; None before its first start."""
        return self._popen.pid if self._popen else None

    @property
    def exit_code(self) -> int | None:
        """Its exit code, negative for a signal; None while it runs or before its first start."""
        return self._popen.poll() if self._popen else None

    @property
    def running(self) -> bool:
        """Whether it has started and not ended."""
        return self._popen is not None and self._popen.poll() is None

    @property
    def ending(self) -> str:
        """Describe how it ended, with the end of its log file, if any."""
        return "; ".join(filter(None, [self.outcome, self.log_end]))

    @property
    def outcome(self) -> str:
        """Describe how it ended."""
        code = self.exit_code
        if code is None:
            return "does not answer"
        return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"

    @property
    def log_end(self) -> str:
        """The end of its log file; empty without one."""
        if not isinstance(self.output, Path) or not self.output.exists():
            return ""
        lines = self.output.read_text(errors="replace").splitlines()
        return "\n  ".join([f"the end of {self.output}:", *lines[-LOG_LINES:]])

    def start(self) -> None:
        """Start the program, without waiting for it."""
        if isinstance(self.output, Path):
            with self.output.open("ab") as log:
                self._popen = self._open(log.fileno())
            return
        self._popen = self._open(subprocess.PIPE)
        self._copying = threading.Thread(target=_copy, args=(self._popen, self.output), daemon=True)
        self._copying.start()

    def end_leftovers(self) -> None:
        """Kill leftovers of an earlier run: the same program in the same working directory."""
        leftovers = [process for process in psutil.process_iter() if self._is_ours(process)]
        _signal(leftovers, signal.SIGKILL)
        psutil.wait_procs(leftovers, KILL_WAIT_S)

    def terminate(self) -> None:
        """Ask it to stop; a paused process is resumed, so that it can."""
        if self._popen is not None and self.running:
            self._popen.send_signal(self._stop_signal)
            self.resume()

    def finish(self, grace_s: float) -> None:
        """Wait until it has ended and its output is read; kill it after the grace period."""
        if self._popen is None:
            return
        try:
            self._popen.wait(grace_s)
        except subprocess.TimeoutExpired:
            self.kill()
        if self._copying is not None:
            self._copying.join(LAST_LINES_S)

    def kill(self) -> None:
        """Kill it and its children immediately."""
        family = self._family()
        _signal(family, signal.SIGKILL)
        if self._popen is not None:
            self._popen.wait(KILL_WAIT_S)  # before psutil, which would consume its exit code
        psutil.wait_procs(family, KILL_WAIT_S)

    def pause(self) -> None:
        """Freeze it and its children: connections stay open and nothing answers."""
        _signal(self._family()[:1], signal.SIGSTOP)  # first, so that it starts no other child
        _signal(self._family(), signal.SIGSTOP)

    def resume(self) -> None:
        """Resume a paused process."""
        _signal(self._family(), signal.SIGCONT)

    def _open(self, output: int) -> subprocess.Popen[str]:
        return subprocess.Popen(  # noqa: S603  the command is ours
            [*self._prefix, *self.command],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            text=True,
            errors="replace",
        )

    def _family(self) -> list[psutil.Process]:
        if not self.running:
            return []
        try:
            parent = psutil.Process(self.pid)
            return [parent, *parent.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def _is_ours(self, process: psutil.Process) -> bool:
        try:
            same_program = Path(process.exe()).name == Path(self.command[0]).resolve().name
            return same_program and Path(process.cwd()) == self.folder.resolve()
        except (psutil.Error, OSError):  # gone, or another user's
            return False


def _copy(popen: subprocess.Popen[str], write: Callable[[str], None]) -> None:
    if popen.stdout is not None:
        with popen.stdout as lines:
            for line in lines:
                write(line.rstrip("\n"))


def _signal(processes: Iterable[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        try:
            process.send_signal(number)
        except psutil.NoSuchProcess:
            continue
