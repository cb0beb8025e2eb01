"""The inbox of `make run` accepts and shows signed alerts only."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from starlette.types import ASGIApp

from local.inbox import application
from schema.alerts import EventKind
from schema.timestamps import utc_now
from service.alerts import senders
from service.alerts.senders.webhook import Webhook
from service.alerts.targets import parse
from tests.service.alerts.events import event

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture
def inbox() -> Iterator[TestClient]:
    app: ASGIApp = application(SECRET)
    with TestClient(app) as client:
        yield client


def post(inbox: TestClient, kind: EventKind, secret: str = SECRET) -> int:
    webhook = senders.make(parse(f"webhook+http://127.0.0.1:1/?secret={secret}")[0])
    assert isinstance(webhook, Webhook)
    escaped = event(kind).model_copy(update={"title": "<b>PostgreSQL</b> cannot be read"})
    request = webhook.request(escaped, utc_now())
    answer = inbox.post("/", content=request.body or b"", headers=dict(request.headers))
    inbox.post("/", content=request.body or b"", headers=dict(request.headers))  # comes twice
    return answer.status_code


def test_an_alert_is_shown_once_and_escaped(
    inbox: TestClient, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "None yet" in inbox.get("/inbox").text
    assert post(inbox, EventKind.OPENED) == 204
    assert post(inbox, EventKind.RESOLVED) == 204

    page = inbox.get("/").text
    assert page.count("<article>") == 2
    assert "<b>" not in page
    assert page.index("Resolved after") < page.index("What to do")
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_an_alert_with_a_wrong_signature_is_refused(inbox: TestClient) -> None:
    assert post(inbox, EventKind.OPENED, "whsec_" + "A" * 32) == 401
    assert inbox.post("/", content=b"{}").status_code == 401
    assert "<article>" not in inbox.get("/inbox").text
