"""The requests to each kind of receiver, and the error words for their answers."""

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from standardwebhooks import Webhook

from schema.alerts import AlertEvent, DeliveryError, EventKind
from schema.findings import Severity
from service.alerts import senders
from service.alerts.senders import http
from service.alerts.senders.alertmanager import Alertmanager
from service.alerts.senders.incidents import Incidents
from service.alerts.senders.result import SendResult, result_of_status
from service.alerts.targets import TargetError, parse
from tests.service.alerts.events import event
from tests.service.alerts.receiver import Receiver, receiving

SIGNED = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
KEY = event().alert_key


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as state:
        yield state


def webhook(receiver: Receiver, prefix: str = "") -> senders.Sender:
    return sender(f"webhook+http://{prefix}{receiver.place}/hook?a=1&secret={SIGNED}")


def sender(url: str) -> senders.Sender:
    return senders.make(parse(url)[0])


def body(url: str, kind: EventKind, **options: Any) -> tuple[str, dict[str, str], Any]:
    incidents = sender(url)
    assert isinstance(incidents, Incidents)
    request = incidents.request(event(kind, **options))
    return request.url, dict(request.headers), json.loads(request.body or b"")


def test_a_webhook_is_the_event_and_its_signature_verifies(receiver: Receiver) -> None:
    sent = event()

    assert webhook(receiver).send(sent) == SendResult()
    (got,) = receiver.taken
    assert got.path == "/hook?a=1"
    assert AlertEvent.model_validate(Webhook(SIGNED).verify(got.body, got.headers)) == sent
    assert got.headers["webhook-id"] == str(sent.id)


def test_a_webhook_can_have_a_password(receiver: Receiver) -> None:
    webhook(receiver, "me:p%40ss@").send(event())

    assert receiver.taken[0].headers["Authorization"] == "Basic bWU6cEBzcw=="


@pytest.mark.parametrize(
    ("status", "word"),
    [
        *[(401, DeliveryError.REFUSED), (403, DeliveryError.REFUSED), (410, DeliveryError.REFUSED)],
        *[(400, DeliveryError.REJECTED), (404, DeliveryError.REJECTED)],
        *[(302, DeliveryError.REJECTED), (429, DeliveryError.THROTTLED)],
        *[(500, DeliveryError.FAILED), (503, DeliveryError.FAILED), (408, DeliveryError.FAILED)],
        (-1, DeliveryError.UNREACHABLE),
    ],
)
def test_each_refusal_has_its_error_word(
    receiver: Receiver, status: int, word: DeliveryError
) -> None:
    receiver.answers = [status]

    assert webhook(receiver).send(event()).error is word


def test_a_receiver_that_hangs_is_a_timeout(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "ANSWER_S", 0.1)
    receiver.answers = [0]

    assert webhook(receiver).send(event()).error is DeliveryError.TIMEOUT


def test_a_missing_receiver_is_unreachable() -> None:
    with receiving() as gone:
        unreachable = webhook(gone)

    assert unreachable.send(event()).error is DeliveryError.UNREACHABLE


def test_a_receiver_without_tls_has_its_word(receiver: Receiver) -> None:
    client = sender(f"webhook+https://{receiver.place}/hook?secret={SIGNED}")

    assert client.send(event()).error is DeliveryError.TLS


def test_retry_after_is_honoured_as_seconds_and_as_a_date(receiver: Receiver) -> None:
    receiver.answers, receiver.retry_after = [429], "120"
    at = format_datetime(datetime.now(UTC) + timedelta(minutes=5))

    assert webhook(receiver).send(event()) == SendResult(DeliveryError.THROTTLED, 120.0)
    wait_s = result_of_status(503, {"Retry-After": at}).retry_after_s
    assert wait_s is not None
    assert 290 < wait_s <= 300
    assert result_of_status(429, {"Retry-After": "soon"}).retry_after_s is None
    assert result_of_status(429, {"Retry-After": "99999999"}).retry_after_s == 6 * 3600


@pytest.mark.parametrize(
    ("url", "begins", "key", "opens", "resolves"),
    [
        (
            "pagerduty://KEY@X",
            "https://events.pagerduty.com/v2/enqueue",
            "dedup_key",
            {"event_action": "trigger", "routing_key": "KEY"},
            {"event_action": "resolve", "routing_key": "KEY"},
        ),
        (
            "pagerduty://KEY?region=eu",
            "https://events.eu.pagerduty.com/v2/enqueue",
            "dedup_key",
            {"routing_key": "KEY"},
            {"routing_key": "KEY"},
        ),
        (
            "incidentio://01ABC/token",
            "https://api.incident.io/v2/alert_events/http/01ABC",
            "deduplication_key",
            {"status": "firing"},
            {"status": "resolved"},
        ),
        (
            "ilert://il1Key",
            "https://api.ilert.com/api/events",
            "alertKey",
            {"eventType": "ALERT", "integrationKey": "il1Key"},
            {"eventType": "RESOLVE", "integrationKey": "il1Key"},
        ),
        (
            "splunk://team@a1-b2",
            "https://alert.victorops.com/integrations/generic/20131114/alert/a1-b2/team",
            "entity_id",
            {"message_type": "CRITICAL"},
            {"message_type": "RECOVERY"},
        ),
        (
            "squadcast://aBc",
            "https://api.squadcast.com/v2/incidents/api/aBc",
            "event_id",
            {"status": "trigger"},
            {"status": "resolve"},
        ),
        (
            "signl4://aBc",
            "https://connect.signl4.com/webhook/aBc",
            "X-S4-ExternalID",
            {"X-S4-Status": "new"},
            {"X-S4-Status": "resolved"},
        ),
        (
            "pagertree://int_aBc",
            "https://api.pagertree.com/integration/int_aBc",
            "id",
            {"event_type": "create"},
            {"event_type": "resolve"},
        ),
        (
            "goalerts://on.example:8443/sub/tok",
            "https://on.example:8443/sub/api/v2/generic/incoming?token=tok",
            "dedup",
            {"details": "PostgreSQL"},
            {"action": "close"},
        ),
    ],
)
def test_services_that_know_incidents_fold_and_resolve_them_by_one_key(
    url: str, begins: str, key: str, opens: dict[str, str], resolves: dict[str, str]
) -> None:
    address, _, opened = body(url, EventKind.OPENED)
    _, _, reminded = body(url, EventKind.REMINDED)
    _, _, resolved = body(url, EventKind.RESOLVED)

    assert address == begins
    assert opened[key] == reminded[key] == resolved[key] == KEY
    for name, value in opens.items():
        assert opened[name].startswith(value)
    for name, value in resolves.items():
        assert resolved[name] == value


def test_incident_io_gets_its_token_in_a_header() -> None:
    _, headers, _ = body("incidentio://01ABC/s3cret", EventKind.OPENED)

    assert headers == {"Authorization": "Bearer s3cret"}


@pytest.mark.parametrize("url", ["incidentio://01ABC", "splunk://key", "goalert://on.example"])
def test_a_missing_part_of_a_url_is_named_without_the_rest(url: str) -> None:
    with pytest.raises(TargetError, match=r"target no\. 1 \(\w+\) has no"):
        sender(url)


def test_incidents_are_posted_and_a_test_resolves_itself(receiver: Receiver) -> None:
    goalert = sender(f"goalert://{receiver.place}/token")

    assert goalert.send(event(EventKind.TEST)) == SendResult()
    assert [json.loads(each.body).get("action") for each in receiver.taken] == [None, "close"]


def test_alertmanager_gets_stable_labels_and_an_end_time() -> None:
    alertmanager = sender("alertmanager+https://me:pw@am.example/prefix/")
    assert isinstance(alertmanager, Alertmanager)
    opened, resolved = (
        json.loads(alertmanager.request(event(kind)).body or b"")
        for kind in (EventKind.OPENED, EventKind.RESOLVED)
    )

    assert alertmanager.request(event()).url == "https://am.example/prefix/api/v2/alerts"
    assert opened[0]["labels"] == resolved[0]["labels"]
    assert opened[0]["endsAt"] > opened[0]["startsAt"]
    assert resolved[0]["endsAt"] == "2026-11-24T21:59:30+00:00"
    assert opened[0]["generatorURL"] == "https://status.example.com"


def test_alertmanager_gets_the_end_of_an_escalated_alert() -> None:
    alertmanager = sender("alertmanager+http://am.example")
    assert isinstance(alertmanager, Alertmanager)
    graver, milder = json.loads(alertmanager.request(event(EventKind.ESCALATED)).body or b"")

    assert graver["labels"]["severity"] == Severity.ERROR
    assert milder["labels"]["severity"] == Severity.DEGRADED
    assert milder["endsAt"] == "2026-11-24T22:00:00+00:00"


def test_apprise_sends_through_one_plugin(receiver: Receiver) -> None:
    apprise = sender(f"jsons://{receiver.place}/x".replace("jsons", "json"))

    assert apprise.send(event()) == SendResult()
    message = json.loads(receiver.taken[0].body)
    assert message["title"] == "shop: PostgreSQL cannot be read (timeout)"
    assert message["type"] == "failure"


@pytest.mark.parametrize(
    ("status", "word"), [(401, DeliveryError.REFUSED), (500, DeliveryError.FAILED)]
)
def test_each_refusal_through_apprise_has_its_error_word(
    receiver: Receiver, status: int, word: DeliveryError
) -> None:
    receiver.answers = [status] * 5

    assert sender(f"json://{receiver.place}/x").send(event()).error is word


def test_apprise_waits_as_long_as_retry_after_requests(receiver: Receiver) -> None:
    receiver.answers, receiver.retry_after = [429] * 5, "77"

    assert sender(f"json://{receiver.place}/x").send(event()) == SendResult(
        DeliveryError.THROTTLED, 77.0
    )


def test_apprise_reports_unreachable_if_nothing_answers() -> None:
    with receiving() as gone:
        apprise = sender(f"json://{gone.place}/x")

    assert apprise.send(event()).error is DeliveryError.UNREACHABLE


def test_a_url_that_apprise_refuses_is_named_by_number_and_kind() -> None:
    with pytest.raises(TargetError) as caught:
        sender("slack://s3cret")

    assert "target no. 1 (slack) has a URL that Apprise does not take" in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_apprise_logs_no_secret_at_any_level(
    receiver: Receiver, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    from service import logs

    logs.configure("DEBUG")
    receiver.answers = [500]
    url = f"json://{receiver.place}/s3cretpath?+X-Key=s3crethead&-q=s3cretquery"
    try:
        sender(url).send(event())
    finally:
        logging.getLogger().handlers.clear()

    assert "s3cret" not in caplog.text + capsys.readouterr().out
