"""`python -m bench.floor PORT`: the least ASGI app, under the same server as the API."""

import sys

from starlette.types import Message, Receive, Scope, Send

from service.api.server import serve

BODY = b'{"status":"ok"}'
START: Message = {
    "type": "http.response.start",
    "status": 200,
    "headers": [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(BODY)).encode()),
    ],
}


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer every request with the same few bytes."""
    if scope["type"] == "lifespan":
        await _live(receive, send)
        return
    await send({**START})
    await send({"type": "http.response.body", "body": BODY})


async def _live(receive: Receive, send: Send) -> None:
    while True:
        kind = (await receive())["type"].removeprefix("lifespan.")
        await send({"type": f"lifespan.{kind}.complete"})
        if kind == "shutdown":
            return


if __name__ == "__main__":
    sys.exit(serve(app, "127.0.0.1", int(sys.argv[1])))
