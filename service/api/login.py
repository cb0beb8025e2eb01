"""The login page, for people: a form of one field. Monitors and curl log in by HTTP Basic."""

import html
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from string import Template
from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import Receive, Scope

from service.api.limits import LOGIN, LOGIN_MAX_BYTES
from service.api.origin import is_ours

TEMPLATE = Path(__file__).with_name("login.template.html")
FILES = frozenset({"/style.css"})
"""What the login page needs before anybody has logged in; it tells nothing."""
FIELDS_MAX = 4  # there are two
BACK = re.compile(r"[\w.~/?&=%:+-]*", re.ASCII)
SEE_OTHER = 303


class Login:
    """The page that asks for the password.

    Args:
        title: The deployment's name, None if it has none.
        origins: Other sites whose pages may log in here.
    """

    def __init__(self, title: str | None, origins: Collection[str]) -> None:
        self._title = title
        self._origins = origins

    def page(
        self, status: int, back: str, depth: int, message: str, headers: Mapping[str, str]
    ) -> Response:
        """The form.

        Args:
            status: 401, or 429 for who has to wait.
            back: Where to go afterwards, relative to the page's root.
            depth: How many folders below that root the form is shown.
            message: What was wrong; empty at first.
            headers: More of the response's.
        """
        values = {
            "title": " · ".join(part for part in (self._title, "Heartbeat") if part),
            "root": "../" * depth or "./",
            "back": back,
            "message": message,
        }
        escaped = {name: html.escape(value) for name, value in values.items()}
        text = Template(TEMPLATE.read_text("utf-8")).substitute(escaped)
        return HTMLResponse(text, status, headers)

    def is_shown(self, scope: Scope, headers: Headers) -> bool:
        """Whether a person's browser asks for a page, and not a script, a monitor or curl."""
        if scope["type"] != "http" or "authorization" in headers:
            return False
        return "text/html" in headers.get("accept", "")

    def is_posted(self, scope: Scope) -> bool:
        """Whether this is the form, filled in."""
        return (scope["type"], scope.get("method"), scope["path"]) == ("http", "POST", LOGIN)

    def is_own(self, headers: Headers) -> bool:
        """Whether the form comes from here: another site could use up its visitor's attempts.

        A page without a referrer, as all of ours are, gives its origin as `null`.
        """
        site, origin = headers.get("sec-fetch-site", "none"), headers.get("origin", "null")
        return site in {"same-origin", "none"} and (
            origin == "null" or is_ours(headers, self._origins)
        )


async def filled_in(receive: Receive) -> tuple[str, str]:
    """The password that a form gives, and where to go afterwards."""
    body, more = b"", True
    while more and len(body) <= LOGIN_MAX_BYTES:
        message = await receive()
        body += message.get("body", b"")
        more = message["type"] == "http.request" and message.get("more_body", False)
    try:
        form = parse_qs(body.decode(), keep_blank_values=True, max_num_fields=FIELDS_MAX)
    except ValueError:  # not UTF-8, or too many fields
        return "", ""
    return form.get("password", [""])[0], safe(form.get("back", [""])[0])


def asked_for(scope: Scope) -> tuple[str, int]:
    """What a request asks for, relative to the page's root, and how deep below it that is."""
    if scope["path"] == LOGIN:
        return "", 0
    query = scope["query_string"].decode("latin-1")
    path = scope["path"].removeprefix("/")
    return safe(f"{path}?{query}" if query else path), path.count("/")


def safe(back: str) -> str:
    """An address on this site, as it was, or else that of the page."""
    return back if BACK.fullmatch(back) and not back.startswith("/") else ""


def forward(back: str) -> Response:
    """To where the person wanted to go; from `/login`, so that a prefix before it stays."""
    return RedirectResponse(f"./{back}", SEE_OTHER)
