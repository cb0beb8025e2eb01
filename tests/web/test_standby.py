"""The page shows several workers, replicas and promotions."""

from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from schema.errors import ErrorWord
from schema.heartbeat import Standing
from schema.incidents import Incident, IncidentKind, Incidents
from schema.status import ReplicaRow
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


STANDINGS: list[tuple[dict[str, Any], str]] = [  # Any: the worker's fields
    (
        {"standing": Standing.DATABASE, "standbys": ("worker-2",)},
        "cycle 4561; heartbeat-worker-7d9f leads, worker-2 stands by",
    ),
    (
        {"standing": Standing.VALKEY, "standbys": ("worker-2", "worker-3")},
        "cycle 4561; heartbeat-worker-7d9f leads, worker-2, worker-3 stand by",
    ),
    ({"standing": Standing.ALONE}, "cycle 4561, beats without a lease"),
    ({"standing": Standing.DATABASE}, "cycle 4561"),
]
REPLICAS = [
    (replica(), "replica written within 120 ms"),
    (replica(lag_seconds=4.2), "replica written within 4 s"),
    (replica(lag_seconds=420.0, failing_since=NOW), "replica 7 min behind"),
    (replica(error=ErrorWord.AUTH, failing_since=NOW), "replica: auth"),
    (replica(lag_seconds=None, failing_since=NOW), "replica without a stamp"),
]


def test_the_footer_shows_the_leader_and_the_standbys(
    page: Page, answers: Answers, address: str
) -> None:
    whole = status()
    page.goto(address)
    expect(page.locator("body")).to_have_attribute("data-link", "live")

    for facts, shown in STANDINGS:
        answers.push(whole.model_copy(update={"worker": whole.worker.model_copy(update=facts)}))
        expect(page.locator("#worker")).to_have_text(f"Worker 0.1.0, up 3 d 4 h, {shown}")


def test_a_row_shows_the_state_of_its_replica(page: Page, answers: Answers, address: str) -> None:
    page.goto(address)
    expect(page.locator("body")).to_have_attribute("data-link", "live")

    for seen, shown in REPLICAS:
        answers.push(status(("postgres", row(replica=seen))))
        expect(page.locator("[data-source=postgres]")).to_contain_text(shown)


@pytest.mark.usefixtures("answers")
def test_a_promotion_is_listed_as_an_incident_without_missed_beats(
    page: Page, address: str
) -> None:
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
