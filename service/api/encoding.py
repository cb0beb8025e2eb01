"""Compress answers: Brotli if the client accepts it, else gzip."""

import gzip
from typing import Literal

import brotli
from starlette.types import ASGIApp, Message, Receive, Scope, Send

Encoding = Literal["br", "gzip"]

SMALLEST_BYTES = 1_000  # smaller answers fit into one packet uncompressed
QUICK = 4  # Brotli's quality, 0 to 11: compresses a day's history in a millisecond
THOROUGH = 11  # for files, which are compressed once: 30 ms for all of the page's code
TEXTS = (b"application/json", b"application/atom+xml", b"image/svg+xml", b"text/")


def chosen(accepted: str) -> Encoding | None:
    """Choose the best encoding that an `Accept-Encoding` allows, None for no compression.

    Args:
        accepted: The header's value, https://www.rfc-editor.org/rfc/rfc9110#section-12.5.3
    """
    weights: dict[str, float] = {}
    for part in accepted.lower().split(","):
        name, _, weight = part.partition(";")
        weights[name.strip()] = _weight(weight)
    return next(
        (each for each in ("br", "gzip") if weights.get(each, weights.get("*", 0)) > 0), None
    )


def _weight(parameter: str) -> float:
    name, _, value = parameter.partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0


def compressed(body: bytes, encoding: Encoding, quality: int = QUICK) -> bytes:
    """Compress a body; blocks for a millisecond per 100 kB at the default quality."""
    if encoding == "br":
        packed: bytes = brotli.compress(body, quality=quality)
        return packed
    return gzip.compress(body, compresslevel=min(quality, 9), mtime=0)


class Compression:
    """Compress text answers that are sent in one piece; plain ASGI."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and compress the answer."""
        encoding = _asked(scope) if scope["type"] == "http" else None
        if encoding is None:
            await self.app(scope, receive, send)
            return
        start: Message = {}

        async def send_compressed(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start" and _is_text(message):
                start = message  # its length is not known before the body
                return
            if start:
                begun, start = start, {}
                message = _pack(begun, message, encoding)
                await send(begun)
            await send(message)

        await self.app(scope, receive, send_compressed)


def _asked(scope: Scope) -> Encoding | None:
    for name, value in scope["headers"]:
        if name == b"accept-encoding":
            return chosen(value.decode("latin-1"))
    return None


def _is_text(start: Message) -> bool:
    headers = dict(start["headers"])
    kind = headers.get(b"content-type", b"")
    return b"content-encoding" not in headers and kind.startswith(TEXTS)


def _pack(start: Message, message: Message, encoding: Encoding) -> Message:
    """Compress the body's message if it is the whole body and large enough."""
    body = message.get("body", b"")
    if message.get("more_body", False) or len(body) < SMALLEST_BYTES:
        return message
    packed = compressed(body, encoding)
    headers = [each for each in start["headers"] if each[0] != b"content-length"]
    start["headers"] = [
        *headers,
        (b"content-length", str(len(packed)).encode()),
        (b"content-encoding", encoding.encode()),
        (b"vary", b"Accept-Encoding"),
    ]
    return {**message, "body": packed}
