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
from tests.faults.deployment import INTERVAL_S, MOST_S, Deployment, deployment
from tests.faults.kinds import MORE, QUICK
from tests.faults.row import TELL_S, Row, tried
from tests.faults.test_faults import HEAD

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
        with deployment(folder) as deployed:
            failures = soaked(deployed, minutes)
    print(*(failures or ["nothing was wrong"]), sep="\n")
    return 1 if failures else 0


def soaked(deployed: Deployment, minutes: float) -> list[str]:
    """Cause faults in turn; return the failures."""
    end = time.monotonic() + minutes * 60
    measured: dict[str, list[Usage]] = {"worker": [], "api": []}
    failures: list[str] = []
    # A replica can be promoted only once.
    once = [fault for fault in QUICK if fault.name == "replica, then promoted"]
    turns = cycle([*(fault for fault in QUICK if fault not in once), *MORE])
    print(*HEAD, sep="\n", flush=True)
    while time.monotonic() < end:
        row = tried(deployed, once.pop() if once else next(turns))
        print(row.text(_lost(deployed, row)), flush=True)
        failures += _wrong(deployed, row)
        for name, process in (("worker", deployed.worker), ("api", deployed.api)):
            measured[name].append(_usage(len(deployed.cycles()), process.process.pid))
    for name, figures in measured.items():
        failures += grown(name, figures[len(figures) // 4 :], judged=minutes >= MINUTES_THAT_PROVE)
    return failures


def _wrong(deployed: Deployment, row: Row) -> list[str]:
    """Return the failures of a row, by the assertions of the test suite."""
    fault = row.fault
    if fault.writable:
        bad = [poll for poll in row.during + row.after if poll[1] != 200]
    else:
        bad = [poll for poll in row.during if poll[0] >= TELL_S and poll[1] == 200]
    bad += [poll for poll in row.after if poll[0] >= row.heal_s and poll[1] != 200]
    if not any(fault.words in sentence for _, _, sentence in row.during):
        bad.append((0.0, 0, f"nothing says {fault.words}"))
    lost = _lost(deployed, row)
    name = f"{fault.store} {fault.name}"
    return [
        f"{name}: {each}"
        for each in [*bad, *row.failed, *row.blamed, *([f"{lost} lost"] if lost else [])]
    ]


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
