"""Response headers of every answer."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

SECURITY = {
    # https://owasp.org/www-project-secure-headers/
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'; object-src 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_RAW = [(name.lower().encode(), value.encode()) for name, value in SECURITY.items()]
STARTS = frozenset({"http.response.start", "websocket.http.response.start"})


class Headers:
    """Add the security headers, and `no-store` if the answer has no Cache-Control; plain ASGI."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and add the headers to the answer."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] in STARTS:
                headers = message["headers"]
                names = {name for name, _ in headers}
                message["headers"] = [*headers, *_RAW]
                if b"cache-control" not in names:
                    # A static file has an ETag: it may be kept, but must be validated each time.
                    rule = b"no-cache" if b"etag" in names else b"no-store"
                    message["headers"].append((b"cache-control", rule))
            await send(message)

        await self.app(scope, receive, send_with_headers)
