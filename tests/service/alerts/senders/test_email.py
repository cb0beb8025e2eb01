"""E-mail, to a real SMTP server on loopback."""

from collections.abc import Iterator

import pytest

from schema.alerts import DeliveryError
from service.alerts import senders
from service.alerts.senders.result import SendResult
from service.alerts.targets import parse
from tests.service.alerts.events import event
from tests.service.alerts.mailbox import Mailbox, mailbox


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with mailbox() as found:
        yield found


def sender(port: int) -> senders.Sender:
    url = f"mailto://127.0.0.1:{port}?from=heartbeat@example.com&to=ops@example.com"
    return senders.make(parse(url)[0])


def test_an_e_mail_has_a_subject_and_both_forms_of_the_text(box: Mailbox) -> None:
    assert sender(box.port).send(event()) == SendResult()
    (message,) = box.messages
    parts = {
        part.get_content_type(): bytes(part.get_payload(decode=True)).decode()
        for part in message.walk()
        if not part.is_multipart()
    }
    assert message["Subject"] == "shop: PostgreSQL cannot be read (timeout)"
    assert "What to do: Check whether it runs." in parts["text/plain"]
    assert '<a href="https://status.example.com">' in parts["text/html"]


def test_a_refusal_of_the_mail_server_is_reported(box: Mailbox) -> None:
    box.answer = "451 try again later"

    assert sender(box.port).send(event()).error is DeliveryError.UNREACHABLE
