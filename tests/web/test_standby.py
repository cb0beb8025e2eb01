"""What the page says of several workers, of replicas, and of promoted servers."""

from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from schema.errors import ErrorWord
from schema.heartbeat import Standing
from schema.responses import Incident, IncidentKind, Incidents, ReplicaRow
from tests.web.answers import Answers
from tests.web.documents import NOW, row, status


def replica(**changes: Any) -> ReplicaRow:  # Any: its fields
    fields: dict[str, Any] = {
        "endpoint": "standby.example.com",
        "last_update": NOW,
        "lag_seconds": 0.12,
        "error": None,
        "failing_since": None,
    }
    return ReplicaRow(**(fields | changes))


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"standing": Standing.DATABASE}, "cycle 4561"),
        (
            {"standing": Standing.DATABASE, "standbys": ("worker-2",)},
            "cycle 4561; heartbeat-worker-7d9f leads, worker-2 stands by",
        ),
        (
            {"standing": Standing.VALKEY, "standbys": ("worker-2", "worker-3")},
            "cycle 4561; heartbeat-worker-7d9f leads, worker-2, worker-3 stand by",
        ),
        ({"standing": Standing.ALONE}, "cycle 4561, beats without a lease"),
    ],
)
def test_the_footer_says_who_leads_and_who_stands_by(
    page: Page, answers: Answers, address: str, facts: dict[str, Any], said: str
) -> None:
    whole = status()
    answers.status = whole.model_copy(update={"worker": whole.worker.model_copy(update=facts)})
    page.goto(address)

    expect(page.locator("#worker")).to_have_text(f"Worker 0.1.0, up 3 d 4 h, {said}")


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        (replica(), "replica written within 120 ms"),
        (replica(lag_seconds=4.2), "replica written within 4 s"),
        (replica(lag_seconds=420.0, failing_since=NOW), "replica 7 min behind"),
        (replica(error=ErrorWord.AUTH, failing_since=NOW), "replica: auth"),
        (replica(lag_seconds=None, failing_since=NOW), "replica without a stamp"),
    ],
)
def test_a_row_says_how_its_replica_is(
    page: Page, answers: Answers, address: str, seen: ReplicaRow, said: str
) -> None:
    answers.status = status(("postgres", row(replica=seen)))
    page.goto(address)

    expect(page.locator("[data-source=postgres]")).to_contain_text(said)


@pytest.mark.usefixtures("answers")
def test_a_promotion_is_a_moment_among_the_incidents(page: Page, address: str) -> None:
    moment = Incident(
        id="postgres.server-20261124T020000Z",
        kind=IncidentKind.PROMOTED,
        source="postgres.server",
        title="PostgreSQL",
        start=NOW - timedelta(hours=1),
        end=NOW - timedelta(hours=1),
        error=None,
        beats_missed=0,
    )
    found = Incidents(
        start=NOW - timedelta(days=1),
        end=NOW,
        as_of=NOW,
        total=1,
        longest=moment,
        incidents=[moment],
    )
    page.route("**/incidents?*", lambda route: route.fulfill(body=found.model_dump_json()))
    page.goto(address)
    item = page.locator("#incidents li")

    expect(item).to_contain_text("PostgreSQL: another server took over")
    expect(item).not_to_contain_text("missed")
