"""Cause one fault, and record a row of the table: the API's reports and the time to recover."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from schema.timestamps import utc_now
from service.verdict.lifetime import FAILED_S
from tests.faults.deployment import INTERVAL_S, MOST_S, Deployment
from tests.faults.kinds import Fault

Poll = tuple[float, int, str]
POLL_S = 1.0
# A stamp just before the fault is fresh for one interval; two more may pass until the report.
TELL_S = 3 * INTERVAL_S
HEAL_S = 2 * INTERVAL_S
# Of stores whose readings cost money, a failed reading is cached; one more cycle may pass.
HEAL_COSTLY_S = FAILED_S + INTERVAL_S
COSTLY = {"secrets_manager", "s3"}
SERVE_S = 2 * INTERVAL_S  # how long a store that accepts writes is polled
UNAVAILABLE = 503
# A cycle that is half an interval late makes stamps stale, at one and a half intervals.
LATE_MS = INTERVAL_S / 2 * 1000
OF_LATENESS = ("has not said why", "The worker has")


@dataclass
class Row:
    """The events during and after one fault.

    Attributes:
        fault: The fault.
        titles: Each store's title in sentences, by slug.
        during: The polls during the fault: seconds of the worker's time (cycles begun since, times
            their interval, so that a busy machine does not matter), the status, the sentence.
        after: The polls after the fault.
        delay_ms: The longest write of another store, from the time it was due.
        failed: Failed writes of other stores.
        green_s: Seconds from the fault's end to the first of two consecutive polls with 200.
        stamps: The stamps of all cycles from the fault's beginning until then.
        late: Whether the machine was too busy for the worker's schedule.
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
        """Return the polls without 200, except those that a busy machine explains."""
        return [
            poll
            for poll in polls
            if poll[1] != 200 and not (self.late and any(each in poll[2] for each in OF_LATENESS))
        ]

    @property
    def heal_s(self) -> float:
        """The seconds of the worker's time within which the polls must return to 200."""
        return (HEAL_COSTLY_S if self.fault.store in COSTLY else HEAL_S) + POLL_S

    @property
    def blamed(self) -> list[str]:
        """The sentences that blame another store or the worker."""
        wrong = [title for name, title in self.titles.items() if name != self.fault.store]
        sentences = {sentence for _, _, sentence in self.red(self.during)}
        return [s for s in sentences if any(each in s for each in [*wrong, "The worker has"])]

    def text(self, lost: int) -> str:
        """Format the row.

        Args:
            lost: The number of the row's outcomes that the database lacks.
        """
        statuses = " ".join(str(status) for _, status, _ in self.during)
        reports = [text for _, _, text in self.during if self.fault.words in text]
        sentence = "".join(reports[-1:]) if self.fault.words else "-"
        return (
            f"| {self.fault.store} {self.fault.name} | {sentence} | {self.delay_ms:.0f} ms "
            f"| {statuses} | {self.green_s:.1f} s | {lost} |"
        )


def caused(deployment: Deployment, fault: Fault) -> Row:
    """Cause a fault and end it, polling each second; return the row."""
    row, before = Row(fault, deployment.titles), len(deployment.cycles())
    with fault.disturb(deployment):
        for poll in _polls(deployment):
            row.during.append(poll)
            if _is_over(row):
                break
    ended, until, already = time.monotonic(), utc_now(), len(deployment.cycles())
    for poll in _polls(deployment):
        row.after.append(poll)
        green = [status for _, status, _ in row.after[-2:]]
        if green[-1] == 200 and green != [200, 200]:
            row.green_s = time.monotonic() - ended
        if green == [200, 200] and _has_landed(deployment, already):
            break
    cycles = deployment.cycles()[before:]
    row.stamps = {cycle["stamp"] for cycle in cycles}
    # A cycle is logged when its last store is done, which may be after the fault's end.
    for cycle in cycles:
        if _began(cycle) < until:
            _note_others(row, cycle)
    row.late = any(_late_ms(cycle, row) > LATE_MS for cycle in deployment.cycles()[before - 1 :])
    return row


def _note_others(row: Row, cycle: dict[str, Any]) -> None:
    """Record delays and failures of the stores without the fault."""
    for name in set(row.titles) - {row.fault.store}:
        if name not in cycle:
            row.failed.append(f"{name}: not written, superseded")
            continue
        row.delay_ms = max(row.delay_ms, cycle["lateness_ms"] + cycle[name]["ms"])
        if cycle[name]["result"] != "ok":
            row.failed.append(f"{name}: {cycle[name]['result']}")


def _late_ms(cycle: dict[str, Any], row: Row) -> float:
    """Return how late a cycle was for the stores without the fault."""
    others = [cycle[name]["ms"] for name in row.titles if name != row.fault.store]
    return float(cycle["lateness_ms"] + min(others))


def _has_landed(deployment: Deployment, already: int) -> bool:
    """Tell whether a later cycle reached every store, so that the next row starts green."""
    return any(
        {cycle.get(name, {}).get("result") for name in deployment.titles} == {"ok"}
        for cycle in deployment.cycles()[already:]
    )


def _began(cycle: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(cycle["stamp"])


def _polls(deployment: Deployment) -> Iterator[Poll]:
    began, since = time.monotonic(), utc_now()
    for number in range(int(MOST_S / POLL_S)):
        time.sleep(max(0.0, began + number * POLL_S - time.monotonic()))
        # A cycle that a hanging store delays began earlier, and is logged only at its end.
        passed_s = sum(_began(cycle) >= since for cycle in deployment.cycles()) * INTERVAL_S
        yield (passed_s, *deployment.health())


def _is_over(row: Row) -> bool:
    """Tell whether the fault may end.

    It may after three reports and one due cycle; a fault without reports, after `SERVE_S`.
    """
    reported = any(row.fault.words in sentence for _, _, sentence in row.during)
    if row.fault.writable:
        return reported and row.during[-1][0] >= SERVE_S
    unavailable = [status for _, status, _ in row.during if status == UNAVAILABLE]
    was_due = (len(row.during) - 1) * POLL_S > INTERVAL_S
    return reported and was_due and len(unavailable) >= 3
