from datetime import UTC, datetime, timedelta, timezone

import pytest

from schema.history import Range
from service.history.window import SLOTS_READ_LIMIT, Window, WindowError, buckets, ranged, window

NOW = datetime(2026, 11, 24, 10, 30, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
KEPT = 90 * DAY


def test_without_ends_it_is_the_default_until_now() -> None:
    assert window(None, None, NOW, DAY) == Window(NOW - DAY, NOW)


def test_without_a_start_it_is_the_default_before_the_end() -> None:
    assert window(None, NOW - HOUR, NOW, DAY) == Window(NOW - HOUR - DAY, NOW - HOUR)


def test_other_zones_become_utc() -> None:
    begin = (NOW - HOUR).astimezone(timezone(timedelta(hours=9)))

    assert window(begin, None, NOW, DAY).start.tzinfo is UTC


def test_an_end_slightly_in_the_future_counts_as_now() -> None:
    assert window(NOW - HOUR, NOW + timedelta(seconds=4), NOW, DAY).end == NOW


def test_a_slow_client_may_request_the_whole_retention() -> None:
    assert window(NOW - 400 * DAY - timedelta(minutes=5), None, NOW, DAY).end == NOW


@pytest.mark.parametrize(
    ("begin", "end", "message"),
    [
        (NOW, NOW - HOUR, "from: 2026-11-24T10:30:00.* is not before to, 2026-11-24T09:30:00"),
        (NOW - HOUR, NOW - HOUR, "is not before"),
        (NOW + HOUR, None, r"from: 2026-11-24T11:30:00\+00:00 is in the future"),
        (NOW - HOUR, NOW + HOUR, "to: .* is in the future"),
        (NOW - 402 * DAY, None, "from: .* is beyond the 400 days kept"),
        (datetime.min.replace(tzinfo=timezone(timedelta(hours=14))), None, "beyond the 400 days"),
        (None, datetime.min.replace(tzinfo=timezone(timedelta(hours=14))), "to: .* beyond"),
        (datetime.max.replace(tzinfo=timezone(timedelta(hours=-14))), None, "in the future"),
    ],
)
def test_invalid_values_are_refused_by_name(
    begin: datetime | None, end: datetime | None, message: str
) -> None:
    with pytest.raises(WindowError, match=message):
        window(begin, end, NOW, DAY)


def test_a_day_in_half_hours_is_divided_from_its_start() -> None:
    cut = buckets(Window(NOW - DAY, NOW), 48, NOW, KEPT, 60)

    assert (cut.count, cut.hourly, cut.width) == (48, False, HOUR / 2)
    assert (cut.start(0), cut.start(48)) == (NOW - DAY, NOW)


def test_buckets_of_an_hour_or_more_are_whole_hours() -> None:
    cut = buckets(Window(NOW - DAY, NOW), 20, NOW, KEPT, 60)

    assert (cut.count, cut.hourly, cut.width) == (13, True, 2 * HOUR)
    assert cut.start(0) == datetime(2026, 11, 23, 10, tzinfo=UTC)
    assert cut.start(cut.count) >= NOW


def test_a_window_of_whole_hours_has_exactly_the_requested_buckets() -> None:
    end = datetime(2026, 11, 24, tzinfo=UTC)

    cut = buckets(Window(end - 7 * DAY, end), 7, NOW, KEPT, 60)

    assert (cut.count, cut.start(0), cut.start(7)) == (7, end - 7 * DAY, end)


def test_removed_beats_are_read_from_hours() -> None:
    assert buckets(Window(NOW - DAY, NOW), 48, NOW, timedelta(hours=23), 60).hourly


def test_a_long_window_is_read_from_hours() -> None:
    most = timedelta(seconds=SLOTS_READ_LIMIT * 60)

    assert not buckets(Window(NOW - most, NOW), 2000, NOW, KEPT, 60).hourly
    assert buckets(Window(NOW - most, NOW), 2000, NOW, KEPT, 59).hourly


@pytest.mark.parametrize(
    ("span", "first", "last", "end", "count"),
    [
        (Range.DAY, (2026, 11, 23, 10, 45), (2026, 11, 24, 10, 30), (2026, 11, 24, 10, 45), 96),
        (Range.WEEK, (2026, 11, 17, 12), (2026, 11, 24, 10), (2026, 11, 24, 12), 84),
        (Range.MONTH, (2026, 10, 26), (2026, 11, 24), (2026, 11, 25), 30),
        (Range.QUARTER, (2026, 8, 27), (2026, 11, 24), (2026, 11, 25), 90),
        (Range.YEAR, (2025, 11, 24), (2026, 11, 23), (2026, 11, 30), 53),
    ],
)
def test_a_range_is_divided_at_round_times_and_includes_the_current_bucket(
    span: Range, first: tuple[int, ...], last: tuple[int, ...], end: tuple[int, ...], count: int
) -> None:
    cut = ranged(span, NOW, KEPT, 60)

    moments = [datetime(*each, tzinfo=UTC) for each in (first, last, end)]  # type: ignore[arg-type, misc] # year to minute
    assert [cut.start(0), cut.start(cut.count - 1), cut.start(cut.count)] == moments
    assert (cut.count, cut.hourly) == (count, span is not Range.DAY)


def test_a_year_is_divided_into_weeks_that_begin_on_mondays() -> None:
    cut = ranged(Range.YEAR, NOW, KEPT, 60)

    assert {cut.start(index).isoweekday() for index in range(cut.count + 1)} == {1}


def test_a_day_with_too_many_beats_is_read_from_hours() -> None:
    cut = ranged(Range.DAY, NOW, KEPT, 1)

    assert (cut.count, cut.width, cut.hourly) == (24, HOUR, True)
    assert cut.start(24) == datetime(2026, 11, 24, 11, tzinfo=UTC)
