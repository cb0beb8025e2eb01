"""Check the origin of a WebSocket's handshake, since browsers let every page open one."""

from collections.abc import Collection

from starlette.datastructures import Headers


def is_ours(headers: Headers, allowed: Collection[str]) -> bool:
    """Tell whether the page that opens a WebSocket is our own or allowed.

    Args:
        headers: The handshake's headers.
        allowed: Origins such as `https://status.example.com`; `*` allows all.

    Returns:
        True also without an Origin: browsers always send one, so this is not a browser.
    """
    origin = headers.get("origin")
    if origin is None or "*" in allowed or origin in allowed:
        return True
    _, _, host = origin.partition("://")
    return host != "" and host.lower() == headers.get("host", "").lower()
