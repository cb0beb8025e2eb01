import gzip

import brotli
import httpx2
import pytest
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.types import ASGIApp

from service.api.encoding import Compression, chosen, compressed
from tests.service.serving import served

pytestmark = pytest.mark.anyio
LONG = "a heartbeat is a stamp " * 100


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip, br;q=0", "gzip"),
        ("gzip;q=0.5", "gzip"),
        ("GZIP", "gzip"),
        ("*", "br"),
        ("*;q=0", None),
        ("br;q=nonsense", None),
        ("identity", None),
        ("deflate, zstd", None),
        ("", None),
    ],
)
async def test_the_best_accepted_encoding_is_chosen(accepted: str, encoding: str | None) -> None:
    assert chosen(accepted) == encoding


async def test_both_encodings_decode_to_the_original_body() -> None:
    assert brotli.decompress(compressed(LONG.encode(), "br")) == LONG.encode()
    assert gzip.decompress(compressed(LONG.encode(), "gzip")) == LONG.encode()


async def raw(app: ASGIApp, accepted: str | None) -> tuple[httpx2.Headers, bytes, str]:
    """Return a response's headers, its bytes as sent, and its text."""
    async with served(Compression(app)) as address, httpx2.AsyncClient() as client:
        headers = {} if accepted is None else {"Accept-Encoding": accepted}
        request = client.build_request("GET", f"http://{address}")
        request.headers.pop("accept-encoding")
        request.headers.update(headers)
        answer = await client.send(request, stream=True)
        sent = b"".join([part async for part in answer.aiter_raw()])
        await answer.aclose()
    encoding = answer.headers.get("content-encoding")
    read = {"br": brotli.decompress, "gzip": gzip.decompress, None: bytes}[encoding](sent)
    return answer.headers, sent, read.decode()


@pytest.mark.parametrize("encoding", ["br", "gzip"])
async def test_a_long_text_is_compressed(encoding: str) -> None:
    headers, sent, text = await raw(PlainTextResponse(LONG), encoding)

    assert headers["content-encoding"] == encoding
    assert headers["content-length"] == str(len(sent))
    assert headers["vary"] == "Accept-Encoding"
    assert text == LONG
    assert len(sent) < len(LONG) / 5


@pytest.mark.parametrize(
    ("answer", "accepted"),
    [
        (PlainTextResponse(LONG), None),
        (PlainTextResponse(LONG), "identity"),
        (JSONResponse({"short": "text"}), "br"),
        (Response(LONG, media_type="image/png"), "br"),
        (StreamingResponse(iter([LONG, LONG]), media_type="text/plain"), "br"),
    ],
)
async def test_short_binary_and_streamed_responses_are_not_compressed(
    answer: Response, accepted: str | None
) -> None:
    headers, sent, text = await raw(answer, accepted)

    assert "content-encoding" not in headers
    assert sent.decode() == text


async def test_a_compressed_response_is_not_compressed_again() -> None:
    packed = gzip.compress(LONG.encode())
    answer = Response(packed, media_type="text/plain", headers={"Content-Encoding": "gzip"})

    headers, sent, _ = await raw(answer, "br")

    assert (headers["content-encoding"], sent) == ("gzip", packed)
