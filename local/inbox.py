"""`python -m local.inbox`: a receiver of alerts on this machine, with a page that shows them."""

import argparse
import os
import sys
from collections import deque
from collections.abc import Sequence
from html import escape
from http import HTTPStatus

import uvicorn
from pydantic import ValidationError
from standardwebhooks import Webhook, WebhookVerificationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from local.app import INBOX_SECRET
from schema.alerts import AlertEvent
from service.alerts import words

KEPT = 200  # alerts shown on the page
HOST = "127.0.0.1"
PAGE = """\
<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <meta http-equiv="refresh" content="2">
    <title>{count} alerts · Heartbeat's inbox</title>
    <style>
      body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 44rem; margin: 2rem auto }}
      article {{ border-inline-start: 0.3rem solid; padding-inline-start: 1rem }}
      h2 {{ font-size: 1rem; margin: 0 }}
      pre {{ white-space: pre-wrap; margin: 0; font: inherit }}
    </style>
  </head>
  <body>
    <h1>Alerts received by this machine</h1>
    <p>{hint}</p>
{alerts}  </body>
</html>
"""
EMPTY = "None yet. Run with --faults and stage an outage: its alert arrives two intervals later."


class Inbox:
    """Received alerts, newest first.

    Args:
        secret: The secret of the signatures.
    """

    def __init__(self, secret: str) -> None:
        self.received: deque[AlertEvent] = deque(maxlen=KEPT)
        self._verifier = Webhook(secret)

    async def receive(self, request: Request) -> Response:
        """Store one alert; a repetition with the same id is stored once."""
        body = await request.body()
        try:
            self._verifier.verify(body, dict(request.headers))
            event = AlertEvent.model_validate_json(body)
        except (WebhookVerificationError, ValidationError) as error:
            name = type(error).__name__
            return JSONResponse({"error": name}, HTTPStatus.UNAUTHORIZED)
        if all(event.id != known.id for known in self.received):
            self.received.appendleft(event)
            sys.stdout.write(f"{words.subject(event)}\n")
            sys.stdout.flush()
        return Response(status_code=HTTPStatus.NO_CONTENT)

    async def show(self, _: Request) -> Response:
        """Render all received alerts as a page that reloads itself."""
        alerts = "".join(_article(event) for event in self.received)
        hint = "The newest first; the page renews itself." if self.received else EMPTY
        return HTMLResponse(PAGE.format(count=len(self.received), hint=hint, alerts=alerts))


def application(secret: str) -> Starlette:
    """Make the app: the receiver at `/`, and its page at `/inbox`."""
    inbox = Inbox(secret)

    async def lead(_: Request) -> Response:
        return RedirectResponse("/inbox")

    return Starlette(
        routes=[
            Route("/", inbox.receive, methods=["POST"]),
            Route("/", lead, methods=["GET"]),
            Route("/inbox", inbox.show, methods=["GET"]),
        ]
    )


def _article(event: AlertEvent) -> str:
    return (
        f"    <article><h2>{escape(words.subject(event))}</h2>"
        f"<time>{event.at:%Y-%m-%d %H:%M:%S} UTC</time>"
        f"<pre>{escape(words.plain(event))}</pre></article>\n"
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until SIGTERM; the secret is in `INBOX_SECRET`."""
    parser = argparse.ArgumentParser(prog="python -m local.inbox", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args(arguments)
    uvicorn.run(
        application(os.environ[INBOX_SECRET]), host=HOST, port=options.port, log_level="warning"
    )


if __name__ == "__main__":
    main()
