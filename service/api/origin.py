"""Where a WebSocket's handshake comes from: no rule of browsers stops foreign pages from trying."""

from collections.abc import Collection

from starlette.datastructures import Headers


def is_ours(headers: Headers, allowed: Collection[str]) -> bool:
    """Whether the page that opens a WebSocket is ours, or one that is allowed.

    Args:
        headers: The handshake's.
        allowed: Origins such as `https://status.example.com`; `*` allows all.

    Returns:
        True without an Origin too: browsers always send one, and other programs need no page.
    """
    origin = headers.get("origin")
    if origin is None or "*" in allowed or origin in allowed:
        return True
    _, _, host = origin.partition("://")
    return host != "" and host.lower() == headers.get("host", "").lower()
