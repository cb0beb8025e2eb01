import asyncio
from typing import Any

import pytest

from service.one_write import CONTINUE, OneWrite

HEAD = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n"


class Transport(asyncio.Transport):
    """Keeps what is written, and whether it is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.steps: list[bytes | str] = []

    def write(self, data: Any) -> None:
        self.steps.append(bytes(data))

    def close(self) -> None:
        self.steps.append("closed")

    def is_closing(self) -> bool:
        return "closed" in self.steps


@pytest.fixture
def transport() -> Transport:
    return Transport()


@pytest.fixture
def one_write(transport: Transport) -> OneWrite:
    return OneWrite(transport)


def test_a_head_is_written_together_with_the_first_part_of_its_body(
    transport: Transport, one_write: OneWrite
) -> None:
    for part in (HEAD, b"ok", b"more"):
        one_write.write(part)

    assert transport.steps == [HEAD + b"ok", b"more"]


@pytest.mark.parametrize("after", [b"", b"HTTP/1.1 is how this body begins"])
def test_a_head_is_written_together_with_the_bytes_after_it(
    transport: Transport, one_write: OneWrite, after: bytes
) -> None:
    one_write.write(HEAD)
    one_write.write(after)

    assert transport.steps == [HEAD + after]


def test_a_head_alone_is_written_once_the_response_is_complete(
    transport: Transport, one_write: OneWrite
) -> None:
    one_write.write(HEAD)
    one_write.flush()
    one_write.flush()

    assert transport.steps == [HEAD]


def test_a_part_that_looks_like_a_head_is_written_when_the_response_is_complete(
    transport: Transport, one_write: OneWrite
) -> None:
    for part in (HEAD, b"one", b"HTTP/1.1 two"):
        one_write.write(part)
    one_write.flush()

    assert transport.steps == [HEAD + b"one", b"HTTP/1.1 two"]


def test_a_head_is_written_before_the_connection_closes(
    transport: Transport, one_write: OneWrite
) -> None:
    one_write.write(HEAD)
    one_write.close()

    assert transport.steps == [HEAD, "closed"]
    assert one_write.is_closing()


def test_a_100_continue_is_written_immediately(transport: Transport, one_write: OneWrite) -> None:
    one_write.write(CONTINUE)

    assert transport.steps == [CONTINUE]
