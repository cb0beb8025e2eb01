"""Parse URLs of stores without repeating any part of them: it may hold a password."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

ENCODE = (
    "percent-encode every special character of user and password, such as `@` as %40 and `/` as %2F"
)
SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
# What documentation and consoles show in place of a password.
PLACEHOLDER = re.compile(r"://[^/]*:(\[[^\[\]@]*\]|<[^<>@]*>|[*\u2022\u25cf]{3,})@")
BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
CONTROL = re.compile(r"[\x00-\x20\x7f]")


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class Url:
    """The parts of a URL, percent-decoded; None or "" if absent.

    Attributes:
        scheme: In lower case.
        user: The user name.
        password: The password, a secret.
        host: A name or an address; IPv6 without its brackets.
        port: Its number.
        path: Without its first slash.
        parameters: The query; of a repeated parameter, the last.
    """

    scheme: str
    host: str
    user: str | None = None
    password: str | None = None
    port: int | None = None
    path: str = ""
    parameters: Mapping[str, str]


def scheme_of(text: str) -> str | None:
    """Return the scheme in lower case, None if the text is not a URL."""
    found = SCHEME.match(text)
    return found[1].lower() if found else None


def parse(text: str) -> Url:
    """Split a URL into its parts.

    Raises:
        ValueError: It is not a server's URL; the text names the remedy, and no part of the URL.
    """
    if CONTROL.search(text):
        msg = f"the URL contains a space or a control character: remove it, or {ENCODE}"
        raise ValueError(msg)
    if PLACEHOLDER.search(text):
        msg = "the URL contains a placeholder instead of the password: put the password there"
        raise ValueError(msg)
    try:
        split = urlsplit(text)
        port = split.port
    except ValueError:  # its own message would repeat the text
        msg = f"host or port is not valid: write IPv6 addresses in brackets, and {ENCODE}"
        raise ValueError(msg) from None
    # An `@` after the host: a `/`, `?` or `#` of the password was taken for the host's end.
    stray = "@" in split.path + split.query + split.fragment
    userinfo, _, host = split.netloc.rpartition("@")
    if stray or split.fragment or "@" in userinfo or BAD_ESCAPE.search(text):
        msg = f"the URL is not percent-encoded: {ENCODE}"
        raise ValueError(msg)
    if not split.hostname:
        msg = "the URL names no host: write it as SCHEME://USER:PASSWORD@HOST"
        raise ValueError(msg)
    if "%" in host or "," in host:
        msg = "the URL names several hosts, or a socket: give the one host that takes writes"
        raise ValueError(msg)
    user, _, password = userinfo.partition(":")
    return Url(
        scheme=split.scheme,
        user=_decoded(user) or None,
        password=_decoded(password) or None,
        host=split.hostname,
        port=port,
        path=_decoded(split.path.removeprefix("/")),
        parameters={_decoded(name): _decoded(value) for name, value in _query(split.query)},
    )


def _query(query: str) -> list[tuple[str, str]]:
    """Parse the parameters; a plus sign is a blank."""
    parts = [part.replace("+", " ").partition("=") for part in query.split("&") if part]
    return [(name, value) for name, _, value in parts]


def _decoded(part: str) -> str:
    try:
        text = unquote(part, errors="strict")
    except UnicodeDecodeError:
        msg = "the URL's percent-encoded bytes are not UTF-8"
        raise ValueError(msg) from None
    if "\x00" in text:
        msg = "the URL contains a NUL"
        raise ValueError(msg)
    return text
