"""What pages offer with a WebSocket's handshake, since they can give it no header.

A page of another site has no cookie here. It offers its login as a protocol beside the one that is
spoken; Kubernetes takes bearer tokens in the same way.
"""

import base64
import binascii
from collections.abc import Iterable

SPOKEN = "heartbeat"
LOGIN = "basic."  # and base64url without padding, whose letters a protocol's name may have


def chosen(offered: Iterable[str]) -> str | None:
    """The protocol to accept; browsers give up where they offered some and none is chosen."""
    return SPOKEN if SPOKEN in offered else None


def authorization(offered: Iterable[str]) -> str | None:
    """The login among the offered protocols, as HTTP's own header would have it."""
    token = next((each.removeprefix(LOGIN) for each in offered if each.startswith(LOGIN)), None)
    if token is None:
        return None
    try:
        login = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        login = b""  # no login that could be right, but an attempt
    return f"Basic {base64.b64encode(login).decode()}"
