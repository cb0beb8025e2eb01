"""The docs as pages of the app, readable during an outage."""

import re
from collections.abc import Mapping
from functools import cached_property
from html import escape
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import anyio.to_thread
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

from service.api.page import KINDS, NOT_FOUND, File

if TYPE_CHECKING:
    from markdown_it.token import Token

DOCS = Path(__file__).parents[2] / "docs"
DOCUMENT = """\
<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>{title} · Heartbeat</title>
    <link rel="icon" href="data:,">
    <link rel="stylesheet" href="../manual.css">
  </head>
  <body>
    <nav><a href="../">Heartbeat</a></nav>
    <main>
{body}    </main>
  </body>
</html>
"""
PAGE = re.compile(r"([\w-]+)\.md(#.*)?")
ELSEWHERE = re.compile(r"#|https?://")


class Manual:
    """Serve each page of `docs/` under its name without `.md`; ASGI, for a route with a `page`.

    Pages link to each other as on disk. Pictures, and links to other files of the repository,
    become plain text, because the app does not contain them.

    Args:
        folder: Where the Markdown files are.
    """

    def __init__(self, folder: Path = DOCS) -> None:
        self._folder = folder
        self._files: dict[str, File] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a page.

        Raises:
            HTTPException: There is no page with this name.
        """
        name = scope["path_params"]["page"]
        if name not in self.texts:
            raise HTTPException(NOT_FOUND)
        if name not in self._files:
            document = await anyio.to_thread.run_sync(rendered, self.texts[name])
            self._files[name] = File(document.encode(), KINDS[".html"])
        await self._files[name].answer(Headers(scope=scope))(scope, receive, send)

    @cached_property
    def texts(self) -> Mapping[str, str]:
        """All pages in Markdown, read on first use."""
        return {path.stem: path.read_text("utf-8") for path in sorted(self._folder.glob("*.md"))}


def rendered(markdown: str) -> str:
    """Render one page as an HTML document; HTML inside the Markdown is shown as text."""
    from markdown_it import MarkdownIt  # noqa: PLC0415  0.1 s of a start that has no use for it

    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = parser.parse(markdown)
    title = "Heartbeat"
    for token, inside in pairwise(tokens):
        if token.type == "heading_open":
            token.attrSet("id", slug(inside.content))
            title = inside.content if token.tag == "h1" else title
    for token in tokens:
        token.children = _linked(token.children) if token.children else token.children
    body = parser.renderer.render(tokens, parser.options, {})
    # A wide table scrolls by itself on a phone, so the keyboard must reach it.
    body = body.replace("<table>", '<div class="table" role="region" tabindex="0"><table>')
    return DOCUMENT.format(title=escape(title), body=body.replace("</table>", "</table></div>"))


def _linked(children: "list[Token]") -> "list[Token]":
    """Keep the links of a line that lead to the app or the web, and no others."""
    kept, target = [], None
    for child in children:
        if child.type == "link_open":
            target = _target(str(child.attrs["href"]))
            child.attrSet("href", target or "")
        if child.type != "image" and (target or child.type not in {"link_open", "link_close"}):
            kept.append(child)
    return kept


def _target(href: str) -> str | None:
    """Return the address that a link in the manual leads to, None if the app does not have it."""
    if page := PAGE.fullmatch(href):
        return f"{page[1]}{page[2] or ''}"
    return href if ELSEWHERE.match(href) else None


def slug(heading: str) -> str:
    """Return the anchor of a heading, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
