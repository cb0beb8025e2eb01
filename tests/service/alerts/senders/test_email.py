"""E-mail, to a real SMTP server on loopback."""

from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from local.server import free_port
from schema.alerts import DeliveryError
from service.alerts import senders
from service.alerts.senders.sent import Sent
from service.alerts.targets import parse
from tests.service.alerts.events import event


class Mailbox:
    """Keeps what is sent to it.

    Attributes:
        messages: Each, parsed.
        answer: The server's word on each.
    """

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.answer = "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: ARG002, N802 - aiosmtpd's
        self.messages.append(message_from_bytes(envelope.original_content or b""))
        return self.answer


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, int]]:
    box = Mailbox()
    port = free_port()  # of port 0 its controller asks whether it has come up, too
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield box, port
    finally:
        controller.stop()


def sender(port: int) -> senders.Sender:
    url = f"mailto://127.0.0.1:{port}?from=heartbeat@example.com&to=ops@example.com"
    return senders.make(parse(url)[0])


def test_an_e_mail_has_a_subject_and_both_forms_of_the_text(mailbox: tuple[Mailbox, int]) -> None:
    box, port = mailbox

    assert sender(port).send(event()) == Sent()
    (message,) = box.messages
    parts = {
        part.get_content_type(): bytes(part.get_payload(decode=True)).decode()
        for part in message.walk()
        if not part.is_multipart()
    }
    assert message["Subject"] == "shop: PostgreSQL cannot be read (timeout)"
    assert "What to do: Check whether it runs." in parts["text/plain"]
    assert '<a href="https://status.example.com">' in parts["text/html"]


def test_a_server_that_refuses_is_told(mailbox: tuple[Mailbox, int]) -> None:
    box, port = mailbox
    box.answer = "451 try again later"

    assert sender(port).send(event()).error is DeliveryError.UNREACHABLE
