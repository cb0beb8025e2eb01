"""All faults in turn for a while: `python -m tests.faults.soak [MINUTES]`, 30 by default.

Worker and API must hold as much memory and as many descriptors at the end as after the warm-up.
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
from tests.faults.kinds import MORE, QUICK
from tests.faults.row import TELL_S, Row, tried
from tests.faults.test_faults import HEAD
from tests.faults.world import INTERVAL_S, MOST_S, World, world

MINUTES = 30.0
GROWTH_MAX_KB = 10.0  # a cycle, of 20 that must be noticed
DESCRIPTORS_MAX = 0.02  # a cycle
MINUTES_THAT_PROVE = 10.0  # pools, caches and code paths fill for some minutes


@dataclass(frozen=True)
class Held:
    """What one process holds after so many cycles."""

    cycle: int
    rss_kb: float
    descriptors: int


def main(arguments: Sequence[str]) -> int:
    """Run, print the table and the slopes; 1 if something was wrong."""
    minutes = float(arguments[0]) if arguments else MINUTES
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL runs as a user of its own
        with world(folder) as made:
            wrong = soaked(made, minutes)
    print(*(wrong or ["nothing was wrong"]), sep="\n")
    return 1 if wrong else 0


def soaked(made: World, minutes: float) -> list[str]:
    """Let faults happen in turn; what was wrong."""
    end = time.monotonic() + minutes * 60
    held: dict[str, list[Held]] = {"worker": [], "api": []}
    wrong: list[str] = []
    # Only once can the address lead to a replica that is promoted.
    once = [fault for fault in QUICK if fault.name == "replica, then promoted"]
    turns = cycle([*(fault for fault in QUICK if fault not in once), *MORE])
    print(*HEAD, sep="\n", flush=True)
    while time.monotonic() < end:
        row = tried(made, once.pop() if once else next(turns))
        print(row.text(_lost(made, row)), flush=True)
        wrong += _wrong(made, row)
        for name, process in (("worker", made.worker), ("api", made.api)):
            held[name].append(_held(len(made.cycles()), process.process.pid))
    for name, figures in held.items():
        wrong += grown(name, figures[len(figures) // 4 :], judged=minutes >= MINUTES_THAT_PROVE)
    return wrong


def _wrong(made: World, row: Row) -> list[str]:
    """What the suite asserts of a row."""
    fault = row.fault
    if fault.writable:
        bad = [poll for poll in row.during + row.after if poll[1] != 200]
    else:
        bad = [poll for poll in row.during if poll[0] >= TELL_S and poll[1] == 200]
    bad += [poll for poll in row.after if poll[0] >= row.heal_s and poll[1] != 200]
    if not any(fault.words in sentence for _, _, sentence in row.during):
        bad.append((0.0, 0, f"nothing says {fault.words}"))
    lost = _lost(made, row)
    name = f"{fault.store} {fault.name}"
    return [
        f"{name}: {each}"
        for each in [*bad, *row.failed, *row.blamed, *([f"{lost} lost"] if lost else [])]
    ]


def _lost(made: World, row: Row) -> int:
    """How many outcomes of a row are not in the database, which waits for them to come."""
    give_up = time.monotonic() + MOST_S
    while (lost := len(made.lost(row.stamps))) and time.monotonic() < give_up:
        time.sleep(INTERVAL_S)
    return lost


def _held(cycles: int, pid: int | None) -> Held:
    process = psutil.Process(pid)
    return Held(cycles, process.memory_info().rss / 1024, process.num_fds())


def grown(name: str, figures: Sequence[Held], *, judged: bool) -> list[str]:
    """By how much a process grows: the median of the slopes between any two moments."""
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
