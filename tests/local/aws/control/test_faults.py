"""Faults, without a server."""

import pytest

from local.aws.control.faults import Fault, Faults
from local.aws.wire.errors import AwsError
from local.aws.wire.message import Cut


def test_a_delay_comes_before_everything_else() -> None:
    slept: list[float] = []
    faults = Faults(sleep=slept.append)
    faults.add(Fault(latency_s=1.5, code="InternalServiceError", times=1))

    with pytest.raises(AwsError, match="fault requested"):
        faults.before("GetSecretValue")

    assert slept == [1.5]
    assert faults.before("GetSecretValue") is None


def test_a_delay_alone_lets_the_call_go_on() -> None:
    slept: list[float] = []
    faults = Faults(sleep=slept.append)
    faults.add(Fault(operation="GetSecretValue", latency_s=2))

    faults.before("DescribeSecret")
    faults.before("GetSecretValue")

    assert slept == [2]


def test_faults_of_one_operation_come_in_the_order_of_their_requests() -> None:
    faults = Faults()
    faults.add(Fault(code="First", times=1))
    faults.add(Fault(cut="before", times=1))
    faults.add(Fault(cut="after", times=1))

    with pytest.raises(AwsError) as caught:
        faults.before("UpdateSecret")
    with pytest.raises(Cut):
        faults.before("UpdateSecret")
    last = faults.before("UpdateSecret")

    assert caught.value.code == "First"
    assert last is not None
    assert last.cut == "after"
    assert faults.before("UpdateSecret") is None
