"""One row of the table: what the API reported of a fault, and how soon it was well again."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from schema.timestamps import utc_now
from service.verdict.readers import FAILED_S
from tests.faults.kinds import Fault
from tests.faults.world import INTERVAL_S, MOST_S, World

Poll = tuple[float, int, str]
POLL_S = 1.0
# A stamp that landed just before the fault is good until the next one is due; then two intervals.
TELL_S = 3 * INTERVAL_S
HEAL_S = 2 * INTERVAL_S
# Where a reading costs money, one that failed serves this long, and a cycle may pass meanwhile.
HEAL_COSTLY_S = FAILED_S + INTERVAL_S
COSTLY = {"secrets_manager", "s3"}
SERVE_S = 2 * INTERVAL_S  # how long a store that takes writes is watched
UNAVAILABLE = 503
# A stamp is stale after one and a half intervals: a cycle later than half of one makes it so.
LATE_MS = INTERVAL_S / 2 * 1000
OF_LATENESS = ("has not said why", "The worker has")


@dataclass
class Row:
    """What happened around one fault.

    Attributes:
        fault: Which.
        titles: What sentences call each store, by slug.
        during: Polls while it lasted: after how many seconds of the worker's time (the cycles
            begun since, times their interval, so that a busy machine changes nothing), the status,
            the sentence.
        after: The same from its end on.
        delay_ms: The longest that another store's write took meanwhile, from when it was due.
        failed: Writes to other stores that failed meanwhile.
        green_s: Seconds from its end until the first of two polls in a row that were 200.
        stamps: Those of the cycles from its beginning until then.
        late: Whether the machine was too busy for the worker's schedule meanwhile.
    """

    fault: Fault
    titles: Mapping[str, str]
    during: list[Poll] = field(default_factory=list)
    after: list[Poll] = field(default_factory=list)
    delay_ms: float = 0.0
    failed: list[str] = field(default_factory=list)
    green_s: float = 0.0
    stamps: set[str] = field(default_factory=set)
    late: bool = False

    def red(self, polls: Sequence[Poll]) -> list[Poll]:
        """Return the polls that were not 200, but for those that only a busy machine explains."""
        return [
            poll
            for poll in polls
            if poll[1] != 200 and not (self.late and any(each in poll[2] for each in OF_LATENESS))
        ]

    @property
    def heal_s(self) -> float:
        """Within how many seconds of the worker's time the polls must be 200 again."""
        return (HEAL_COSTLY_S if self.fault.store in COSTLY else HEAL_S) + POLL_S

    @property
    def blamed(self) -> list[str]:
        """Return the sentences that blame another store or the worker."""
        wrong = [title for name, title in self.titles.items() if name != self.fault.store]
        sentences = {sentence for _, _, sentence in self.red(self.during)}
        return [s for s in sentences if any(each in s for each in [*wrong, "The worker has"])]

    def text(self, lost: int) -> str:
        """Format the row.

        Args:
            lost: How many outcomes of its cycles are not in the database.
        """
        statuses = " ".join(str(status) for _, status, _ in self.during)
        heard = (said for _, _, said in reversed(self.during) if self.fault.words in said)
        said = next(heard, "") if self.fault.words else "-"
        return (
            f"| {self.fault.store} {self.fault.name} | {said} | {self.delay_ms:.0f} ms "
            f"| {statuses} | {self.green_s:.1f} s | {lost} |"
        )


def tried(world: World, fault: Fault) -> Row:
    """Cause a fault and end it; poll each second."""
    row, before = Row(fault, world.titles), len(world.cycles())
    with fault.disturb(world):
        for poll in _polls(world):
            row.during.append(poll)
            if _is_over(row):
                break
    ended, until, already = time.monotonic(), utc_now(), len(world.cycles())
    for poll in _polls(world):
        row.after.append(poll)
        green = [status for _, status, _ in row.after[-2:]]
        if green[-1] == 200 and green != [200, 200]:
            row.green_s = time.monotonic() - ended
        if green == [200, 200] and _has_landed(world, already):
            break
    cycles = world.cycles()[before:]
    row.stamps = {cycle["stamp"] for cycle in cycles}
    # A cycle is logged when its last store is done, so perhaps not before the fault has ended.
    for cycle in cycles:
        if _began(cycle) < until:
            _note_others(row, cycle)
    row.late = any(_late_ms(cycle, row) > LATE_MS for cycle in world.cycles()[before - 1 :])
    return row


def _note_others(row: Row, cycle: dict[str, Any]) -> None:
    """Note what a cycle did to the stores without the fault."""
    for name in set(row.titles) - {row.fault.store}:
        if name not in cycle:
            row.failed.append(f"{name}: not written, superseded")
            continue
        row.delay_ms = max(row.delay_ms, cycle["lateness_ms"] + cycle[name]["ms"])
        if cycle[name]["result"] != "ok":
            row.failed.append(f"{name}: {cycle[name]['result']}")


def _late_ms(cycle: dict[str, Any], row: Row) -> float:
    """How late a cycle was for stores without the fault."""
    others = [cycle[name]["ms"] for name in row.titles if name != row.fault.store]
    return float(cycle["lateness_ms"] + min(others))


def _has_landed(world: World, already: int) -> bool:
    """Tell whether a cycle reached every store; else what is red now shows in the next row."""
    return any(
        {cycle.get(name, {}).get("result") for name in world.titles} == {"ok"}
        for cycle in world.cycles()[already:]
    )


def _began(cycle: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(cycle["stamp"])


def _polls(world: World) -> Iterator[Poll]:
    began, since = time.monotonic(), utc_now()
    for number in range(int(MOST_S / POLL_S)):
        time.sleep(max(0.0, began + number * POLL_S - time.monotonic()))
        # A cycle that a hanging store holds up began earlier, and is logged once that answers.
        passed_s = sum(_began(cycle) >= since for cycle in world.cycles()) * INTERVAL_S
        yield (passed_s, *world.health())


def _is_over(row: Row) -> bool:
    """Tell whether the polls suffice.

    They do if three report the fault and a cycle was due meanwhile, or after enough time without
    one.
    """
    heard = any(row.fault.words in sentence for _, _, sentence in row.during)
    if row.fault.writable:
        return heard and row.during[-1][0] >= SERVE_S
    told = [status for _, status, _ in row.during if status == UNAVAILABLE]
    was_due = (len(row.during) - 1) * POLL_S > INTERVAL_S
    return heard and was_due and len(told) >= 3
