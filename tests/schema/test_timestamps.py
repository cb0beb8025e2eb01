from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from schema.timestamps import Timestamp, from_text, to_text, utc_now

aware = st.datetimes(
    timezones=st.just(UTC), min_value=datetime(1971, 1, 1), max_value=datetime(2899, 12, 31)
)


class Holder(BaseModel):
    at: Timestamp


@given(aware)
def test_a_timestamp_survives_its_text(timestamp: datetime) -> None:
    assert from_text(to_text(timestamp)) == timestamp


@given(aware, aware)
def test_texts_sort_as_timestamps_do(one: datetime, other: datetime) -> None:
    assert (to_text(one) < to_text(other)) == (one < other)


@pytest.mark.parametrize("text", ["", "yesterday", "2026-11-24", "2026-11-24T22:00:00", "12", "{}"])
def test_a_text_without_date_or_zone_is_not_a_timestamp(text: str) -> None:
    assert from_text(text) is None


def test_other_zones_are_normalised_to_utc() -> None:
    there = datetime(2026, 11, 24, 23, 0, tzinfo=timezone(timedelta(hours=1)))

    assert Holder(at=there).at.tzinfo is UTC
    assert from_text("2026-11-24T23:00:00+01:00") == there
    assert from_text("2026-11-24T22:00:00Z") == there


def test_a_naive_datetime_is_refused() -> None:
    with pytest.raises(ValidationError):
        Holder(at=datetime(2026, 11, 24))


def test_now_is_aware() -> None:
    assert utc_now().utcoffset() == timedelta(0)
