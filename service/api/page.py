"""The page's files, served from memory and compressed."""

import hashlib
import html
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from service.api.bundle import bundle
from service.api.encoding import SMALLEST_BYTES, THOROUGH, Encoding, chosen, compressed

WEB = Path(__file__).parents[2] / "web"
KINDS = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
}
ENTRY = "main"
WOVEN = "page.js"
"""The bundle that the page loads instead of its modules."""
NOT_FOUND, NOT_MODIFIED = 404, 304


@dataclass(slots=True)
class File:
    """One file, compressed on first use.

    Attributes:
        body: Its uncompressed bytes.
        kind: Its media type.
    """

    body: bytes
    kind: str
    _packed: dict[Encoding, bytes] = field(default_factory=dict)
    _digest: str = ""

    def __post_init__(self) -> None:
        self._digest = hashlib.sha256(self.body).hexdigest()[:32]

    def answer(self, request: Headers) -> Response:
        """Return the whole file, or 304 if the client's copy is current.

        Ranges are not supported: the files are small.
        """
        encoding = chosen(request.get("accept-encoding", ""))
        if len(self.body) < SMALLEST_BYTES:
            encoding = None
        tag = f'"{self._digest}-{encoding}"' if encoding else f'"{self._digest}"'
        headers = {"ETag": tag, "Vary": "Accept-Encoding"}
        if _is_known(tag, request.get("if-none-match", "")):
            return Response(status_code=NOT_MODIFIED, headers=headers)
        if encoding is None:
            return Response(self.body, headers=headers, media_type=self.kind)
        headers["Content-Encoding"] = encoding
        return Response(self._pack(encoding), headers=headers, media_type=self.kind)

    def _pack(self, encoding: Encoding) -> bytes:
        if encoding not in self._packed:
            self._packed[encoding] = compressed(self.body, encoding, THOROUGH)
        return self._packed[encoding]


class Page:
    """Serve the files of `web/`, and its modules bundled into one; ASGI.

    Args:
        title: The deployment's name; None if it has none.
        folder: Where the files are.
    """

    def __init__(self, title: str | None = None, folder: Path = WEB) -> None:
        self._title = title
        self._folder = folder

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a file.

        Raises:
            HTTPException: There is no file at this path.
        """
        name = scope["path"].removeprefix("/") or "index.html"
        file = self.files.get(name)
        if file is None:
            raise HTTPException(NOT_FOUND)
        await file.answer(Headers(scope=scope))(scope, receive, send)

    @cached_property
    def files(self) -> Mapping[str, File]:
        """All files by name, read on first use."""
        texts = {
            path.name: path.read_text("utf-8")
            for path in sorted(self._folder.iterdir())
            if path.suffix in KINDS
        }
        modules = {
            name.removesuffix(".js"): text for name, text in texts.items() if name.endswith(".js")
        }
        texts[WOVEN] = bundle(modules, ENTRY)
        texts["index.html"] = _named(texts["index.html"], self._title).replace(
            f'src="{ENTRY}.js"', f'src="{WOVEN}"'
        )
        return {name: File(text.encode(), KINDS[Path(name).suffix]) for name, text in texts.items()}


def _named(document: str, title: str | None) -> str:
    """Insert the deployment's name into a document."""
    if title is None:
        return document
    name = html.escape(title)
    return (
        document.replace("<title>Heartbeat</title>", f"<title>{name} · Heartbeat</title>")
        .replace('data-deployment=""', f'data-deployment="{name}"')
        .replace('<b id="deployment"></b>', f'<b id="deployment">{name}</b>')
    )


def _is_known(tag: str, accepted: str) -> bool:
    """Tell whether a client with these tags has the current file: RFC 9110, section 13.1.2."""
    tags = {each.strip().removeprefix("W/") for each in accepted.split(",")}
    return tag in tags or "*" in tags
