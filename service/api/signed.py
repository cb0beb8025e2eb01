"""Addresses that carry their own permission, for readers that can send no password."""

import hashlib
import hmac
from urllib.parse import parse_qs

from pydantic import SecretStr
from starlette.types import Scope

FEED = "/incidents.atom"
BADGE = "/badge"
# The same for every process and restart: no random salt. Slow, so that nobody guesses the password.
_KEY = {"salt": b"heartbeat address", "n": 2**14, "r": 8, "p": 1, "dklen": 32}


class Signer:
    """Signs addresses with a key that follows from the password, and so ends with it."""

    def __init__(self, password: SecretStr) -> None:
        text = password.get_secret_value().encode()
        self._key = hashlib.scrypt(text, **_KEY)  # type: ignore[arg-type] # one dict of mixed types

    def address(self, path: str) -> str:
        """A path with its permission, which holds for any `range`."""
        return f"{path}?key={self._sign(path)}"

    def is_signed(self, scope: Scope) -> bool:
        """Whether a request's address is one that was signed; badges and the feed alone can be."""
        path = scope["path"]
        if scope["type"] != "http" or not (path == FEED or path.startswith(BADGE)):
            return False
        given = parse_qs(scope["query_string"].decode("latin-1")).get("key", [""])[0]
        return hmac.compare_digest(given.encode(), self._sign(path).encode())

    def _sign(self, path: str) -> str:
        return hmac.new(self._key, path.encode(), hashlib.sha256).hexdigest()[:32]
