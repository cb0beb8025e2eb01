"""Logins offered as WebSocket subprotocols, since a page cannot set headers of a handshake.

A page of another site has no cookie here. It offers its login as a second protocol beside the real
one; Kubernetes takes bearer tokens in the same way.
"""

import base64
import binascii
from collections.abc import Iterable

SPOKEN = "heartbeat"
LOGIN = "basic."  # and base64url without padding, whose letters a protocol's name may have


def chosen(offered: Iterable[str]) -> str | None:
    """Return the protocol to accept; browsers close a connection that accepts none."""
    return SPOKEN if SPOKEN in offered else None


def authorization(offered: Iterable[str]) -> str | None:
    """Return the login among the offered protocols, as the value of an Authorization header."""
    token = next((each.removeprefix(LOGIN) for each in offered if each.startswith(LOGIN)), None)
    if token is None:
        return None
    try:
        login = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        login = b""  # malformed, so never right, but it counts as an attempt
    return f"Basic {base64.b64encode(login).decode()}"
