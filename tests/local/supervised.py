"""A supervisor of one small store and two small apps, to which tests send signals."""

import os
import signal
import sys
from pathlib import Path

from local.app import App
from local.supervisor import Supervisor

TALKING = """
import os, signal, sys, time
def stop(*_):
    print("stopping", flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
print("started", os.getpid(), flush=True)
time.sleep(600)
"""
DEAF = TALKING.replace("sys.exit(0)", "return").replace(
    "time.sleep(600)", "while True: time.sleep(600)"
)


def say(name: str, line: str) -> None:
    print(f"{name}: {line}\n", end="", flush=True)  # one write, so that threads' lines do not mix


def main(home: Path, second: str, echo_s: float) -> int:
    def app(name: str, code: str) -> App:
        return App(name, ["-c", code], home / name, environment=os.environ, say=say)

    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # under nohup the tests inherit an ignored SIGHUP
    supervisor = Supervisor(say, echo_s)
    supervisor.listen()
    try:
        supervisor.launch([app("store", TALKING)])
        supervisor.launch([app("first", TALKING), app("second", second)])
        supervisor.watch()
    finally:
        code = supervisor.stop()
    return code


if __name__ == "__main__":
    second = {"talking": TALKING, "deaf": DEAF}[sys.argv[2]]
    sys.exit(main(Path(sys.argv[1]), second, echo_s=float(sys.argv[3])))
