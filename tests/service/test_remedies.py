"""Every error has a remedy, which names the variables of its source."""

import pytest

from schema.errors import Cause, ErrorWord
from schema.heartbeat import Refusal
from service.remedies import AWS_REMEDIES, CAUSES, REFUSALS, REMEDIES
from service.settings import load
from tests.service.serving import NOWHERE

ORDERS = {"HEARTBEAT_SOURCE_ORDERS": "postgresql://me:hunter2@orders.example.com/app"}
CACHE = {"HEARTBEAT_SOURCE_CACHE2": "rediss://:hunter2@cache.example.com"}


def test_every_word_cause_and_refusal_has_a_remedy() -> None:
    assert set(REMEDIES) == set(ErrorWord)
    assert set(CAUSES) == set(Cause)
    assert set(REFUSALS) == set(Refusal)


@pytest.mark.parametrize(
    ("name", "variable"),
    [
        ("postgres", "PG_CA_CERT"),
        ("valkey", "VALKEY_CA_CERT"),
        ("orders", "HEARTBEAT_SOURCE_ORDERS_CA_CERT"),
        ("cache2", "HEARTBEAT_SOURCE_CACHE2_CA_CERT"),
    ],
)
def test_an_error_in_a_certificate_names_the_variable_of_its_source(
    name: str, variable: str
) -> None:
    settings = load(NOWHERE | ORDERS | CACHE)
    (source,) = [each for each in settings.sources if each.name == name]

    for problem in (ErrorWord.TLS, Cause.UNTRUSTED):
        assert variable in source.remedies[problem].split(" to ")[0]
    assert "hunter2" not in "".join(source.remedies.values())


@pytest.mark.parametrize(
    "remedies",
    [REMEDIES, CAUSES, AWS_REMEDIES, REFUSALS],
    ids=["words", "causes", "aws", "refusals"],
)
def test_a_remedy_is_a_sentence_that_begins_with_a_verb(remedies: dict[str, str]) -> None:
    for remedy in remedies.values():
        first = remedy.split()[0]
        assert first.istitle()
        assert first not in {"The", "Its", "It", "This", "There"}
        assert remedy.endswith(".")
