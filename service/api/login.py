"""The login page: a form with one field. Monitors and curl log in with HTTP Basic."""

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
FILES = frozenset({"/style.css", "/login.js"})
"""Files that the login page needs before a login; they reveal nothing."""
FIELDS_MAX = 4  # the form has two
BACK = re.compile(r"[\w.~/?&=%:+-]*", re.ASCII)
SEE_OTHER = 303


class Login:
    """The page with the password form.

    Args:
        title: The deployment's name, None if it has none.
        origins: Other origins whose pages may log in here.
    """

    def __init__(self, title: str | None, origins: Collection[str]) -> None:
        self._title = title
        self._origins = origins

    def page(
        self, status: int, back: str, depth: int, message: str, headers: Mapping[str, str]
    ) -> Response:
        """Render the form.

        Args:
            status: 401, or 429 after too many failures.
            back: The address to return to, relative to the page's root.
            depth: How many path segments below that root the form is shown.
            message: What was wrong; empty at first.
            headers: Further response headers.
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
        """Tell whether a browser requests a page, and not a script, a monitor or curl."""
        if scope["type"] != "http" or "authorization" in headers:
            return False
        return "text/html" in headers.get("accept", "")

    def is_posted(self, scope: Scope) -> bool:
        """Tell whether this is the submitted form."""
        return (scope["type"], scope.get("method"), scope["path"]) == ("http", "POST", LOGIN)

    def is_own(self, headers: Headers) -> bool:
        """Tell whether the form is our own: another site could use up its visitor's attempts.

        A page with the referrer policy `no-referrer`, like ours, sends `null` as its origin.
        """
        site, origin = headers.get("sec-fetch-site", "none"), headers.get("origin", "null")
        return site in {"same-origin", "none"} and (
            origin == "null" or is_ours(headers, self._origins)
        )


async def filled_in(receive: Receive) -> tuple[str, str]:
    """Return the form's password, and the address to return to."""
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
    """Return a request's address relative to the page's root, and its depth below that root."""
    if scope["path"] == LOGIN:
        return "", 0
    query = scope["query_string"].decode("latin-1")
    path = scope["path"].removeprefix("/")
    return safe(f"{path}?{query}" if query else path), path.count("/")


def safe(back: str) -> str:
    """Return an address of this site unchanged, and the page's address for any other."""
    return back if BACK.fullmatch(back) and not back.startswith("/") else ""


def forward(back: str) -> Response:
    """Redirect to where the person wanted to go; relative to `/login`, so that a prefix is kept."""
    return RedirectResponse(f"./{back}", SEE_OTHER)
