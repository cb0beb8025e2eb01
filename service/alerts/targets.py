"""Parse the URLs of `ALERT_TARGETS`, without importing senders.

Only a URL's scheme is shown, and its host if that is not a credential.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

from schema.findings import Severity
from service.alerts.plugins import PLUGINS

WEBHOOK = ("webhook+https", "webhook+http")
ALERTMANAGER = ("alertmanager+https", "alertmanager+http")
GOALERT = ("goalert", "goalerts")
INCIDENTS = (
    *("pagerduty", "incidentio", "ilert", "splunk", "victorops", "squadcast", "signl4"),
    *("pagertree", *GOALERT),
)
HOST_IS_PUBLIC = frozenset({*WEBHOOK, *ALERTMANAGER, *GOALERT, "mailto", "mailtos"})
OURS = frozenset({"severity", "repeat"})
SCHEME = re.compile(r"([a-z0-9][a-z0-9+.-]{0,29})://", re.IGNORECASE)
COMMA = re.compile(r"[,;](\s|$|[a-z][a-z0-9+.-]*://)", re.IGNORECASE)
SPAN = re.compile(r"(\d{1,4})(s|m|h|d)|0")
UNIT_S = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
REPEAT_LEAST_S = 60.0
SECRET_BYTES = (24, 64)  # https://github.com/standard-webhooks/standard-webhooks, Signature scheme


class TargetError(ValueError):
    """A target cannot be used; the message only names its number and kind."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """One receiver.

    Attributes:
        number: Its position in the list, from 1.
        kind: The scheme of its URL.
        url: Its URL without our own parameters; a secret.
        id: Its id in the outbox, which does not reveal the URL.
        where: The host, if that may be shown.
        severity: The lowest severity that it wants.
        repeat_s: Its reminder period, None for the general one, 0 for none.
    """

    number: int
    kind: str
    url: str = field(repr=False)
    id: str
    where: str | None = None
    severity: Severity = Severity.DEGRADED
    repeat_s: float | None = None

    @property
    def name(self) -> str:
        """Its name for people."""
        return f"{self.kind} no. {self.number}" + (f" at {self.where}" if self.where else "")

    @property
    def forgets(self) -> bool:
        """Whether it ends an alert that is not repeated."""
        return self.kind in ALERTMANAGER


def parse(text: str) -> list[Target]:
    """Parse a list of URLs, separated by spaces or line ends.

    Raises:
        TargetError: One of them cannot be used.
    """
    if COMMA.search(text):
        msg = "the targets are parted by commas: part them by spaces"
        raise TargetError(msg)
    targets = [_parsed(number, url) for number, url in enumerate(text.split(), start=1)]
    ids = [target.id for target in targets]
    for target in targets:
        first = ids.index(target.id) + 1
        if first != target.number:
            raise _error(target.number, target.kind, f"is the same as no. {first}: leave one out")
    return targets


def _parsed(number: int, url: str) -> Target:
    scheme = SCHEME.match(url)
    if scheme is None:
        raise _error(number, None, "is not a URL such as slack://… or webhook+https://…")
    kind = scheme[1].lower()
    if kind not in {*WEBHOOK, *ALERTMANAGER, *INCIDENTS, *PLUGINS}:
        hint = f" (for a webhook write webhook+{kind}://)" if kind in {"http", "https"} else ""
        raise _error(number, kind, f"is of no known kind{hint}; docs/alerts.md lists them")
    place, asks, query = url.partition("?")  # not by urlsplit: channels begin with a #
    options = dict(parse_qsl(query))
    rest = "&".join(each for each in query.split("&") if each.partition("=")[0] not in OURS)
    plain = kind + place[len(kind) :] + (asks + rest if rest else "")
    host = _host(number, kind, plain)
    _check(number, kind, options)
    return Target(
        number=number,
        kind=kind,
        url=plain,
        id=_id(plain),
        where=host,
        severity=_severity(number, kind, options.get("severity")),
        repeat_s=_repeat_s(number, kind, options.get("repeat")),
    )


def _host(number: int, kind: str, url: str) -> str | None:
    """Return the host, if a URL of this kind has one that may be shown."""
    if kind in PLUGINS and kind not in HOST_IS_PUBLIC:
        return None  # a key, a token, or both with a colon between
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise _error(number, kind, "has a host or port that cannot be parsed") from None
    if not parts.hostname:
        raise _error(number, kind, "has no host or key after ://")
    return parts.hostname if kind in HOST_IS_PUBLIC else None


def _check(number: int, kind: str, options: dict[str, str]) -> None:
    """Check what can be checked without the sender's code."""
    if kind not in WEBHOOK:
        return
    # An unescaped plus is a plus: base64 has no spaces.
    secret = options.get("secret", "").removeprefix("whsec_").replace(" ", "+")
    try:
        decoded = base64.b64decode(secret + "==", validate=False)
    except binascii.Error:
        decoded = b""
    least, most = SECRET_BYTES
    if not least <= len(decoded) <= most:
        raise _error(number, kind, f"needs ?secret=whsec_… with {least} to {most} bytes in base64")


def _severity(number: int, kind: str, text: str | None) -> Severity:
    if text is None:
        return Severity.DEGRADED
    try:
        return Severity(text)
    except ValueError:
        words = " or ".join(Severity)
        raise _error(number, kind, f"has a severity that is none: set {words}") from None


def _repeat_s(number: int, kind: str, text: str | None) -> float | None:
    if text is None:
        return None
    found = SPAN.fullmatch(text)
    if found is None:
        raise _error(
            number, kind, "has a repeat that is not a time such as 30m, 4h, 1d, or 0 for none"
        )
    repeat_s = float(found[1]) * UNIT_S[found[2]] if found[1] else 0.0
    if 0 < repeat_s < REPEAT_LEAST_S:
        raise _error(number, kind, "repeats more often than once a minute: set 1m or more")
    return repeat_s


def _id(url: str) -> str:
    """Derive an id from a URL, from which a weak password cannot be guessed."""
    salt = b"heartbeat alert target"
    return hashlib.scrypt(url.encode(), salt=salt, n=2**12, r=8, p=1, dklen=8).hex()


def _error(number: int, kind: str | None, what: str) -> TargetError:
    return TargetError(f"target no. {number}{f' ({kind})' if kind else ''} {what}")


def credentials(url: str) -> tuple[str, str] | None:
    """Return user and password of a URL, None if it has none."""
    parts = urlsplit(url)
    if parts.username is None:
        return None
    return unquote(parts.username), unquote(parts.password or "")


def repeats(targets: Sequence[Target], default_s: float) -> list[float]:
    """Return the reminder periods of the targets."""
    wanted = {default_s if t.repeat_s is None else t.repeat_s for t in targets}
    return sorted(wanted - {0.0})
