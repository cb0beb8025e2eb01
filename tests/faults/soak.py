"""Cause all faults in turn: `python -m tests.faults.soak [MINUTES]`, 30 by default.

Memory and descriptors of worker and API must not grow after the warm-up.
"""

import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

import psutil

from bench.slope import slope
from local.aws.process import running as running_aws
from tests.faults.deployment import INTERVAL_S, MOST_S, Deployment, deployment
from tests.faults.judging import failures
from tests.faults.kinds import MORE, QUICK
from tests.faults.more_kinds import FAULTS
from tests.faults.more_stores import MoreStores
from tests.faults.row import Row, caused
from tests.faults.test_faults import HEAD
from tests.service.mariadb import MariaDb

MINUTES = 30.0
GROWTH_MAX_KB = 10.0  # per cycle; a leak of 20 must be noticed
DESCRIPTORS_MAX = 0.02  # per cycle
MINUTES_THAT_PROVE = 10.0  # a shorter run measures only filling pools and caches


@dataclass(frozen=True)
class Usage:
    """One process's memory and descriptors after a number of cycles."""

    cycle: int
    rss_kb: float
    descriptors: int


def main(arguments: Sequence[str]) -> int:
    """Run, print the table and the slopes; return 1 if something failed."""
    minutes = float(arguments[0]) if arguments else MINUTES
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL runs as another user
        with (
            MariaDb(_made(folder / "mariadb")) as mariadb,
            running_aws(folder / "bucket") as bucket,
            deployment(_made(folder / "deployment"), MoreStores(mariadb, bucket)) as deployed,
        ):
            wrong = soaked(deployed, minutes)
    print(*(wrong or ["nothing was wrong"]), sep="\n")
    return 1 if wrong else 0


def _made(folder: Path) -> Path:
    folder.mkdir(mode=0o755)
    return folder


def soaked(deployed: Deployment, minutes: float) -> list[str]:
    """Cause faults in turn; return the failures."""
    end = time.monotonic() + minutes * 60
    measured: dict[str, list[Usage]] = {"worker": [], "api": []}
    wrong: list[str] = []
    # A replica can be promoted only once.
    once = [fault for fault in QUICK if fault.name == "replica, then promoted"]
    turns = cycle([*(fault for fault in QUICK if fault not in once), *MORE, *FAULTS])
    print(*HEAD, sep="\n", flush=True)
    while time.monotonic() < end:
        row = caused(deployed, once.pop() if once else next(turns))
        lost = _lost(deployed, row)
        print(row.text(lost), flush=True)
        wrong += failures(row) + ([f"{lost} outcomes lost"] if lost else [])
        for name, process in (("worker", deployed.worker), ("api", deployed.api)):
            measured[name].append(_usage(len(deployed.cycles()), process.process.pid))
    for name, figures in measured.items():
        wrong += grown(name, figures[len(figures) // 4 :], judged=minutes >= MINUTES_THAT_PROVE)
    return wrong


def _lost(deployed: Deployment, row: Row) -> int:
    """Return how many outcomes of a row the database lacks, after waiting for them."""
    give_up = time.monotonic() + MOST_S
    while (lost := len(deployed.lost(row.stamps))) and time.monotonic() < give_up:
        time.sleep(INTERVAL_S)
    return lost


def _usage(cycles: int, pid: int | None) -> Usage:
    process = psutil.Process(pid)
    return Usage(cycles, process.memory_info().rss / 1024, process.num_fds())


def grown(name: str, figures: Sequence[Usage], *, judged: bool) -> list[str]:
    """Judge growth by the median of the slopes between any two measurements."""
    memory_kb = slope([(each.cycle, each.rss_kb) for each in figures])
    descriptors = slope([(each.cycle, each.descriptors) for each in figures])
    print(
        f"{name}: {figures[-1].rss_kb / 1024:.0f} MB, {memory_kb:+.2f} kB and {descriptors:+.4f} "
        f"descriptors a cycle, over {figures[-1].cycle - figures[0].cycle} cycles"
    )
    grown = memory_kb > GROWTH_MAX_KB or descriptors > DESCRIPTORS_MAX
    return [f"{name} grows"] if grown and judged else []


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
