from datetime import timedelta

import pytest

from schema.errors import ErrorWord
from schema.freshness import Freshness
from service.observation import Observation
from service.verdict.age import aged
from tests.fakes import NOW

MINUTE_S = 60.0


def test_before_the_first_reading_a_row_is_missing_without_an_error() -> None:
    found = aged(None, NOW, MINUTE_S)

    assert (found.freshness, found.error, found.age_s) == (Freshness.MISSING, None, None)
    assert found.status == "error"


def test_the_freshness_of_a_stamp_depends_on_its_own_interval() -> None:
    stamp = NOW - timedelta(seconds=100)
    judged = aged(Observation(stamp=stamp, interval_s=200), NOW, MINUTE_S)
    silent = aged(Observation(stamp=stamp), NOW, MINUTE_S)

    assert (judged.freshness, judged.interval_s, judged.age_s) == (Freshness.FRESH, 200, 100)
    assert (silent.freshness, silent.interval_s, silent.age_s) == (Freshness.STALE, MINUTE_S, 100)


@pytest.mark.parametrize(
    ("ahead_s", "freshness", "error"),
    [(5, Freshness.FRESH, None), (6, Freshness.MISSING, ErrorWord.CLOCK)],
)
def test_a_stamp_in_the_future_is_missing_with_the_word_clock(
    ahead_s: int, freshness: Freshness, error: ErrorWord | None
) -> None:
    found = aged(Observation(stamp=NOW + timedelta(seconds=ahead_s)), NOW, MINUTE_S)

    assert (found.freshness, found.error, found.age_s) == (freshness, error, 0)


def test_an_unreachable_store_keeps_its_word_whatever_its_stamp() -> None:
    lost = Observation(stamp=NOW + timedelta(hours=1), reachable=False, error=ErrorWord.TLS)

    found = aged(lost, NOW, MINUTE_S)

    assert (found.freshness, found.error, found.status) == (
        Freshness.UNREACHABLE,
        ErrorWord.TLS,
        "error",
    )


@pytest.mark.parametrize(
    ("age_s", "read_ago_s", "freshness"),
    [
        (91, 0, Freshness.STALE),
        (91, 1, Freshness.AGING),  # it was not stale at 90 s, and was not read since
        (91, 0.9, Freshness.STALE),
        (200, 60, Freshness.STALE),
        (200, 199, Freshness.AGING),  # the caller decides how old a reading may be
        (50, 40, Freshness.FRESH),
        (61, 40, Freshness.AGING),  # only red waits for another reading
        (91, -5, Freshness.STALE),  # by a clock that was set back meanwhile
    ],
)
def test_a_stamp_does_not_become_stale_between_two_readings(
    age_s: float, read_ago_s: float, freshness: Freshness
) -> None:
    found = Observation(stamp=NOW - timedelta(seconds=age_s))

    judged = aged(found, NOW, MINUTE_S, NOW - timedelta(seconds=read_ago_s))

    assert (judged.freshness, judged.age_s) == (freshness, age_s)
