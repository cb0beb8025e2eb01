"""The rule accepts true reports of a fault, and names what is wrong about others."""

import pytest

from tests.faults.judging import failures
from tests.faults.kinds import QUICK, Fault
from tests.faults.row import TELL_S, Row

TITLES = {"postgres": "PostgreSQL", "valkey": "Valkey", "secrets_manager": "AWS Secrets"}
IDENTITY = "The AWS identity cannot be proved (unreachable): check whether this app reaches AWS."


def fault(store: str, name: str) -> Fault:
    return next(each for each in QUICK if (each.store, each.name) == (store, name))


def row_of(fault: Fault, *polls: tuple[float, int, str]) -> Row:
    return Row(fault, TITLES, during=list(polls), after=[(99.0, 200, "all good")], delay_ms=5.0)


@pytest.mark.parametrize(
    "sentence", [IDENTITY, "AWS Secrets Manager cannot be read (unreachable): check it."]
)
def test_a_fault_of_all_of_aws_may_be_the_identitys(sentence: str) -> None:
    row = row_of(fault("secrets_manager", "closes during TLS"), (TELL_S, 503, sentence))

    assert failures(row) == []


def test_a_sentence_that_blames_another_store_is_wrong() -> None:
    sentence = "Valkey cannot be read (unreachable): check whether it runs."
    row = row_of(fault("postgres", "refuses connections"), (TELL_S, 503, sentence))

    assert any("no sentence names PostgreSQL" in each for each in failures(row))
    assert any("blames another" in each for each in failures(row))


def test_a_green_poll_for_a_store_that_takes_no_writes_is_wrong() -> None:
    sentence = "PostgreSQL cannot be read (unreachable): check whether it runs."
    polls = [(1.0, 503, sentence), (TELL_S, 200, "")]
    row = row_of(fault("postgres", "refuses connections"), *polls)

    assert any("green although" in each for each in failures(row))
