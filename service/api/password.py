"""The dashboard's password: HTTP Basic once, then a signed cookie; plain ASGI."""

import base64
import binascii
import hashlib
import hmac
import math
import time
from collections.abc import Callable, Collection, Mapping

import structlog
from pydantic import SecretStr
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.api import subprotocol
from service.api.attempts import LoginAttempts
from service.api.errors import problem, refuse
from service.api.login import FILES, Login, asked_for, filled_in, forward
from service.api.origin import is_ours
from service.api.signed import Signer

OPEN = frozenset({"/livez", "/healthz", "/readyz"})  # requested by platforms; they reveal nothing
OUTSIDER = "heartbeat.outsider"
"""Key in a request's scope: true if the request was not authenticated."""
COOKIE = "heartbeat_session"
COOKIE_LIFETIME_S = 12 * 3600
UNAUTHORIZED, TOO_MANY = 401, 429
FORM = 'Form realm="Heartbeat"'
CHALLENGE = 'Basic realm="Heartbeat", charset="UTF-8"'
# No random salt: the key is the same in every process, so that a cookie is valid in all.
# Slow, so that nobody can guess the password from a stolen cookie.
KEY = {"salt": b"heartbeat cookie", "n": 2**14, "r": 8, "p": 1, "dklen": 32}

log = structlog.get_logger()


class Password:
    """Require the password, except for the platform's health checks.

    Args:
        app: The app behind it.
        password: The password; any user name is accepted.
        proxy_header: The header in which the platform gives the client's address; None without a
            proxy, since a client could then write it itself.
        title: The deployment's name, for the login page.
        origins: Origins whose pages may log in with a WebSocket's handshake. A login from another
            origin is ignored, or any site could use up its visitor's attempts.
        now: The wall clock, in seconds.
    """

    def __init__(
        self,
        app: ASGIApp,
        password: SecretStr,
        *,
        proxy_header: str | None = None,
        title: str | None = None,
        origins: Collection[str] = (),
        now: Callable[[], float] = time.time,
    ) -> None:
        self.app = app
        self.attempts = LoginAttempts()
        self._password = _digest(password.get_secret_value())
        self._key = hashlib.scrypt(password.get_secret_value().encode(), **KEY)  # type: ignore[arg-type] # one dict of mixed types
        self._proxy_header = proxy_header
        self._origins = origins
        self._login = Login(title, origins)
        self._signer = Signer(password)
        self._now = now

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on requests with the right password."""
        if scope["type"] not in {"http", "websocket"} or scope["path"] in OPEN | FILES:
            scope[OUTSIDER] = (
                True  # no password is checked here, because guesses would not be counted
            )
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        opened = any(self._is_signed(cookie) for cookie in _cookies(headers))
        if opened or self._signer.is_signed(scope):
            await self.app(scope, receive, send)
            return
        if self._login.is_posted(scope):
            await (await self._log_in(scope, receive, headers))(scope, receive, send)
            return
        client = self._client(scope, headers)
        login = headers.get("authorization") or self._offered(scope, headers)
        wait_s = self.attempts.wait_s(client)
        if wait_s:
            later = {"Retry-After": str(math.ceil(wait_s))}
            refusal = self._refusal(scope, headers, TOO_MANY, "too many failed logins: wait", later)
            await refuse(refusal, scope, receive, send)
        elif login is not None and self._is_right(login):
            await self.app(scope, receive, self._with_cookie(scope, headers, send))
        else:
            if login is not None:
                self.attempts.fail(client)
                log.warning("login_failed", client=client)
            # With Basic, a browser would show its own dialog instead of the page's form.
            challenge = {"WWW-Authenticate": FORM if "sec-fetch-mode" in headers else CHALLENGE}
            refusal = self._refusal(scope, headers, UNAUTHORIZED, MESSAGE, challenge)
            await refuse(refusal, scope, receive, send)

    def _refusal(
        self, scope: Scope, headers: Headers, status: int, message: str, more: Mapping[str, str]
    ) -> Response:
        """Refuse with the login page for people, else with an error document."""
        if not self._login.is_shown(scope, headers):
            word = "unauthorized" if status == UNAUTHORIZED else "too_many_requests"
            return problem(status, word, message, more)
        shown = (
            "" if status == UNAUTHORIZED else "Too many failed logins: wait a quarter of an hour."
        )
        form = {**more, "WWW-Authenticate": FORM} if status == UNAUTHORIZED else more
        return self._login.page(status, *asked_for(scope), shown, form)

    async def _log_in(self, scope: Scope, receive: Receive, headers: Headers) -> Response:
        """Answer the form: set the cookie and redirect to the page, or show the form again."""
        if not self._login.is_own(headers):
            return problem(403, "forbidden", "this form was sent from another site")
        client = self._client(scope, headers)
        password, back = await filled_in(receive)
        wait_s = self.attempts.wait_s(client)
        if wait_s:
            message = f"Too many failed logins: wait {math.ceil(wait_s / 60)} minutes."
            later = {"Retry-After": str(math.ceil(wait_s))}
            return self._login.page(TOO_MANY, back, 0, message, later)
        if not hmac.compare_digest(_digest(password), self._password):
            self.attempts.fail(client)
            log.warning("login_failed", client=client)
            challenge = {"WWW-Authenticate": FORM}
            return self._login.page(UNAUTHORIZED, back, 0, "That is not the password.", challenge)
        answer = forward(back)
        answer.headers["Set-Cookie"] = self._cookie(scope, headers)
        return answer

    def _offered(self, scope: Scope, headers: Headers) -> str | None:
        """Return the login that a WebSocket's handshake offers as a subprotocol."""
        may = scope["type"] == "websocket" and is_ours(headers, self._origins)
        return subprotocol.authorization(scope.get("subprotocols", ())) if may else None

    def _is_right(self, authorization: str) -> bool:
        scheme, _, encoded = authorization.partition(" ")
        if scheme.lower() != "basic":
            return False
        try:
            decoded = base64.b64decode(encoded.strip(), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            return False
        _, _, password = decoded.partition(":")
        # Digests have one length, so that the time does not reveal the password's length.
        return hmac.compare_digest(_digest(password), self._password)

    def _is_signed(self, cookie: str) -> bool:
        expiry, _, signature = cookie.partition(".")
        if not hmac.compare_digest(signature.encode(), self._sign(expiry).encode()):
            return False
        return int(expiry) > self._now()

    def _sign(self, expiry: str) -> str:
        return hmac.new(self._key, expiry.encode(), hashlib.sha256).hexdigest()

    def _cookie(self, scope: Scope, headers: Headers) -> str:
        expiry = str(int(self._now()) + COOKIE_LIFETIME_S)
        # A client that sends a false scheme only harms its own cookie.
        proto = headers.get("x-forwarded-proto", scope.get("scheme", "http"))
        secure = "; Secure" if proto.split(",")[0].strip() in {"https", "wss"} else ""
        return (
            f"{COOKIE}={expiry}.{self._sign(expiry)}; Max-Age={COOKIE_LIFETIME_S}; Path=/; "
            f"HttpOnly; SameSite=Strict{secure}"
        )

    def _with_cookie(self, scope: Scope, headers: Headers, send: Send) -> Send:
        cookie = self._cookie(scope, headers)

        async def send_with_cookie(message: Message) -> None:
            if message["type"] in {"http.response.start", "websocket.accept"}:
                MutableHeaders(raw=message.setdefault("headers", [])).append("Set-Cookie", cookie)
            await send(message)

        return send_with_cookie

    def _client(self, scope: Scope, headers: Headers) -> str:
        """Return the client's address as the platform reports it, else as the socket has it."""
        if self._proxy_header is not None and self._proxy_header in headers:
            # Proxies append: only the last part was written by the trusted one.
            return headers.getlist(self._proxy_header)[-1].rsplit(",", 1)[-1].strip()
        return scope["client"][0] if scope.get("client") else ""


MESSAGE = "log in with the dashboard's password, and any user name"


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def _cookies(headers: Headers) -> list[str]:
    """Return every value of our cookie; other cookies may be ill-formed."""
    pairs = (pair for line in headers.getlist("cookie") for pair in line.split(";"))
    named = (pair.strip().partition("=") for pair in pairs)
    return [value.strip('"') for name, _, value in named if name == COOKIE] or [""]
