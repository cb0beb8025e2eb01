"""Run Python with some arguments, and end every process that it leaves behind.

`python -m tests.watch -m pytest …`. The tests' servers, browsers and builds run in their own
sessions, so a signal to pytest does not reach them, and a killed pytest cannot end them. On Linux
this process becomes the parent of all orphans [prctl(2), CHILD_SUBREAPER], so it finds every one.
Elsewhere it forwards signals, and finds only processes whose parents still run.
"""

import ctypes
import os
import signal
import subprocess
import sys
import time
from types import FrameType

import psutil

from local.guard import guard

GRACE_S = 30.0  # pytest stops its servers in order in it
LATE_S = 2.0  # what is about to end by itself after pytest
STOP_S = 5.0
SET_PDEATHSIG, SET_CHILD_SUBREAPER = 1, 36  # linux/prctl.h


def main() -> int:
    """Run the command.

    Returns:
        Its exit code; for a signal 128 plus its number, as in a shell.
    """
    if sys.platform == "linux":
        prctl = ctypes.CDLL(None).prctl
        prctl(SET_CHILD_SUBREAPER, 1)
        prctl(SET_PDEATHSIG, int(signal.SIGTERM))  # a killed make passes nothing on
    child = subprocess.Popen([*guard(None, signal.SIGTERM), sys.executable, *sys.argv[1:]])
    pass_signals_on(child.pid)
    code = wait_for(child.pid)
    end_leftovers()
    if "docker" in sys.argv or "--platform=docker" in sys.argv:
        from tests.platform import docker  # with pytest, which half of all commands do not need

        docker.remove_abandoned()  # containers are the engine's processes, and not ours
    return code if code >= 0 else 128 - code


def pass_signals_on(pid: int) -> None:
    """Forward SIGINT, SIGTERM and SIGHUP as SIGTERM; kill the command if it takes too long."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        signal.alarm(int(GRACE_S))
        send([pid], signal.SIGTERM)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # nohup's
            signal.signal(number, stop)
    signal.signal(signal.SIGALRM, lambda *_: send([pid], signal.SIGKILL))


def wait_for(pid: int) -> int:
    """Wait for the command and return its exit code; meanwhile reap orphans that end."""
    while True:
        ended, status = os.waitpid(-1, 0)
        if ended == pid:
            return os.waitstatus_to_exitcode(status)


def end_leftovers() -> None:
    """End all processes that the command left behind, and print their names."""
    if all_ended(LATE_S):
        return
    left = psutil.Process().children(recursive=True)
    names = ", ".join(f"{process.name()} {process.pid}" for process in left)
    print(f"ending what was left: {names}", file=sys.stderr)
    for number in (signal.SIGTERM, signal.SIGKILL):
        send([each.pid for each in psutil.Process().children(recursive=True)], number)
        if all_ended(STOP_S):
            return


def all_ended(within_s: float) -> bool:
    """Tell whether all children and adopted orphans have ended."""
    give_up = time.monotonic() + within_s
    while time.monotonic() < give_up:
        try:
            ended, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return True
        if not ended:
            time.sleep(0.02)
    return False


def send(pids: list[int], number: signal.Signals) -> None:
    """Send a signal to the processes that are still running."""
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue


if __name__ == "__main__":
    sys.exit(main())
