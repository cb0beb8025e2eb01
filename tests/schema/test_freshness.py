from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from schema.freshness import Freshness, age_s, in_future, judge, stale_after_s

NOW = datetime(2026, 11, 24, 22, 0, tzinfo=UTC)
MICROSECOND = 1e-6
intervals = st.floats(min_value=0.05, max_value=3600)


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def test_at_sixty_seconds_the_limits_are_the_older_apps() -> None:
    words = [judge(ago(age), NOW, 60) for age in (0, 59.999999, 60, 90, 90.000001)]

    assert words == ["fresh", "fresh", "aging", "aging", "stale"]


def test_a_stale_stamp_is_over_ninety_seconds_old_by_default() -> None:
    assert stale_after_s(60) == 90


@given(intervals, st.floats(min_value=0, max_value=1, exclude_max=True))
def test_under_one_interval_a_stamp_is_fresh(interval_s: float, part: float) -> None:
    age = int(interval_s * part / MICROSECOND) * MICROSECOND
    stamp = ago(age)

    if age_s(stamp, NOW) < interval_s:
        assert judge(stamp, NOW, interval_s) is Freshness.FRESH


@given(intervals, st.floats(min_value=1.0001, max_value=1.4999))
def test_from_one_interval_to_one_and_a_half_a_stamp_is_aging(
    interval_s: float, part: float
) -> None:
    assert judge(ago(interval_s * part), NOW, interval_s) is Freshness.AGING


@given(intervals, st.floats(min_value=1.5001, max_value=1e6))
def test_over_one_and_a_half_intervals_a_stamp_is_stale(interval_s: float, part: float) -> None:
    assert judge(ago(min(interval_s * part, 1e9)), NOW, interval_s) is Freshness.STALE


@given(intervals, st.floats(min_value=0, max_value=1e6), st.floats(min_value=0, max_value=1e6))
def test_a_stamp_never_becomes_fresher_with_age(
    interval_s: float, younger: float, older: float
) -> None:
    order = [Freshness.FRESH, Freshness.AGING, Freshness.STALE]
    younger, older = sorted((younger, older))

    words = [judge(ago(age), NOW, interval_s) for age in (younger, older)]

    assert order.index(words[0]) <= order.index(words[1])


def test_without_a_stamp_freshness_is_missing() -> None:
    assert judge(None, NOW, 60) is Freshness.MISSING


def test_a_stamp_just_within_the_clock_tolerance_is_fresh_and_zero_seconds_old() -> None:
    stamp = ago(-5)

    assert judge(stamp, NOW, 60) is Freshness.FRESH
    assert age_s(stamp, NOW) == 0.0


def test_a_stamp_beyond_the_clock_tolerance_is_missing() -> None:
    stamp = ago(-5 - MICROSECOND)

    assert in_future(stamp, NOW)
    assert judge(stamp, NOW, 60) is Freshness.MISSING
