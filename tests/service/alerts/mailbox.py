"""Run a real SMTP server on loopback."""

from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import Message

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from local.server import free_port


class Mailbox:
    """Collects all messages.

    Attributes:
        messages: The parsed messages.
        answer: The server's answer to each.
        port: The server's port.
    """

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.answer = "250 OK"
        self.port = free_port()  # of port 0 its controller asks whether it has come up, too

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: ARG002, N802 - aiosmtpd's
        self.messages.append(message_from_bytes(envelope.original_content or b""))
        return self.answer


@contextmanager
def mailbox() -> Iterator[Mailbox]:
    """Run an SMTP server that accepts every message."""
    box = Mailbox()
    controller = Controller(box, hostname="127.0.0.1", port=box.port)
    controller.start()
    try:
        yield box
    finally:
        controller.stop()
