"""Signed addresses, for readers that cannot send a password."""

import hashlib
import hmac
from urllib.parse import parse_qs

from pydantic import SecretStr
from starlette.types import Scope

FEED = "/incidents.atom"
BADGE = "/badge"
# No random salt: the same key in every process. Slow, so that nobody can guess the password.
_KEY = {"salt": b"heartbeat address", "n": 2**14, "r": 8, "p": 1, "dklen": 32}


def readable_by_address(path: str) -> bool:
    """Tell whether a signed address may open this path: a badge or the feed."""
    return path == FEED or path.startswith(BADGE)


class Signer:
    """Sign addresses with a key derived from the password; a new password invalidates them."""

    def __init__(self, password: SecretStr) -> None:
        text = password.get_secret_value().encode()
        self._key = hashlib.scrypt(text, **_KEY)  # type: ignore[arg-type] # one dict of mixed types

    def address(self, path: str) -> str:
        """Return a path with its signature, which is valid for any `range`."""
        return f"{path}?key={self._sign(path)}"

    def is_signed(self, scope: Scope) -> bool:
        """Tell whether a request for a badge or the feed has a valid signature."""
        path = scope["path"]
        if scope["type"] != "http" or not readable_by_address(path):
            return False
        signature = parse_qs(scope["query_string"].decode("latin-1")).get("key", [""])[0]
        return hmac.compare_digest(signature.encode(), self._sign(path).encode())

    def _sign(self, path: str) -> str:
        return hmac.new(self._key, path.encode(), hashlib.sha256).hexdigest()[:32]
