"""Rates, with time as an argument."""

from datetime import UTC, datetime, timedelta

import pytest

from local.aws.limits import Limits
from local.aws.wire.errors import AwsError

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def taken(limits: Limits, operation: str, now: datetime, calls: int) -> int:
    count = 0
    for _ in range(calls):
        try:
            limits.check(operation, now)
        except AwsError:
            continue
        count += 1
    return count


def test_ten_sessions_a_second_are_accepted() -> None:
    limits = Limits()

    assert taken(limits, "CreateSession", NOW, 30) == 10
    assert taken(limits, "CreateSession", NOW + timedelta(seconds=0.5), 30) == 5
    assert taken(limits, "CreateSession", NOW + timedelta(minutes=1), 30) == 10


def test_both_ways_to_write_a_value_share_fifty_a_second() -> None:
    limits = Limits()

    assert taken(limits, "UpdateSecret", NOW, 40) == 40
    assert taken(limits, "PutSecretValue", NOW, 40) == 10


def test_operations_without_a_rate_are_always_accepted() -> None:
    assert taken(Limits(), "GetCallerIdentity", NOW, 1000) == 1000


def test_a_rate_can_be_set_and_reset() -> None:
    limits = Limits()
    limits.set("GetCallerIdentity", 2)
    assert taken(limits, "GetCallerIdentity", NOW, 9) == 2

    limits.reset()

    assert taken(limits, "GetCallerIdentity", NOW, 9) == 9


def test_throttled_sessions_have_status_429() -> None:
    limits = Limits()
    limits.set("CreateSession", 0)

    with pytest.raises(AwsError) as caught:
        limits.check("CreateSession", NOW)

    assert (caught.value.code, caught.value.status) == ("ThrottlingException", 429)
