from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from schema.errors import Cause, ErrorWord
from schema.freshness import Freshness
from schema.heartbeat import Result
from service.remedies import CAUSES, REMEDIES
from service.verdict.situation import Situation, SourceView
from tests.fakes import NOW

EARLIER = NOW - timedelta(minutes=1)


def holding(*stamps: datetime | None) -> Situation:
    """Create sources with these stamps."""
    views = [
        SourceView(name=str(n), title=str(n), freshness=Freshness.FRESH, stamp=stamp)
        for n, stamp in enumerate(stamps)
    ]
    return Situation(
        now=NOW, watching_since=NOW, interval_s=60.0, write_deadline_s=20.0, sources=views
    )


@pytest.mark.parametrize(
    ("stamps", "in_step"),
    [
        ([NOW], True),
        ([NOW, NOW, NOW], True),
        ([NOW, NOW, EARLIER], False),
        ([NOW, EARLIER, NOW - timedelta(microseconds=1)], False),
        ([NOW, None], False),
        ([None, None], False),
    ],
)
def test_in_step_means_the_same_stamp_in_every_source(
    stamps: list[datetime | None], *, in_step: bool
) -> None:
    assert holding(*stamps).in_step is in_step


def test_the_stamps_are_those_that_were_found() -> None:
    assert holding(NOW, None, EARLIER).stamps == [NOW, EARLIER]


@pytest.mark.parametrize(
    ("last_result", "warning", "expected"),
    [
        ("ok", ErrorWord.PERMISSION, CAUSES[Cause.KEY_DENIED]),
        (None, ErrorWord.PERMISSION, CAUSES[Cause.KEY_DENIED]),
        (ErrorWord.TIMEOUT, ErrorWord.PERMISSION, REMEDIES[ErrorWord.PERMISSION]),
    ],
)
def test_a_cause_explains_the_warning_of_a_written_stamp(
    last_result: Result | None, warning: ErrorWord, expected: str
) -> None:
    view = SourceView(
        name="s",
        title="S",
        freshness=Freshness.FRESH,
        last_result=last_result,
        warning=warning,
        cause=Cause.KEY_DENIED,
    )

    assert view.remedy(warning) == expected


@pytest.mark.parametrize(
    ("freshness", "reachable", "alive"),
    [
        (Freshness.FRESH, True, True),
        (Freshness.AGING, True, True),
        (Freshness.STALE, True, False),
        (Freshness.MISSING, True, False),
        (Freshness.UNREACHABLE, False, False),
    ],
)
def test_unreachable_and_outdated_replicas_are_not_alive(
    freshness: Freshness, *, reachable: bool, alive: bool
) -> None:
    [view] = holding(NOW).sources
    seen = replace(view, freshness=freshness)

    assert (seen.reachable, seen.alive) == (reachable, alive)
