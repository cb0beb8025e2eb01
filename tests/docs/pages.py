"""Parse the docs: headings, links, code, tables."""

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parents[2]
LANGUAGES = {"html", "sh", "sql", "yaml", "json", "mermaid", "text"}


@dataclass(frozen=True)
class Code:
    """A block of code.

    Attributes:
        page: The path of the page.
        line: Its first line in the page.
        language: Its language; indented code counts as shell.
        text: Its content.
    """

    page: "Page"
    line: int
    language: str
    text: str


@dataclass(frozen=True)
class Page:
    """One Markdown file, by its path from the root."""

    path: str

    def __str__(self) -> str:
        return self.path

    @property
    def text(self) -> str:
        """The whole text."""
        return (ROOT / self.path).read_text()

    @property
    def tokens(self) -> list[Token]:
        """The parser's tokens."""
        return _tokens(self)

    def code(self, *languages: str) -> Iterator[Code]:
        """Yield the blocks of code in these languages; without arguments, all blocks."""
        for token in self.tokens:
            if token.type in {"fence", "code_block"}:
                language = token.info.strip() if token.type == "fence" else "sh"
                if not languages or language in languages:
                    yield Code(self, (token.map or [0])[0] + 1, language, token.content)

    def spans(self) -> Iterator[str]:
        """Yield the inline code."""
        for token in self.tokens:
            yield from (each.content for each in token.children or () if each.type == "code_inline")

    def links(self) -> Iterator[str]:
        """Yield the targets of links and pictures."""
        for token in self.tokens:
            for each in token.children or ():
                target = each.attrs.get("href") or each.attrs.get("src")
                if target:
                    yield str(target)

    def anchors(self) -> set[str]:
        """Return the anchors that GitHub creates for the headings."""
        return {_slug(heading) for _, heading in self._headings()}

    def rows(self, heading: str) -> list[list[str]]:
        """Return the rows of the tables under a heading, as raw Markdown."""
        rows: list[list[str]] = []
        for token in self._under(heading):
            if token.type == "tr_open":
                rows.append([])
            elif token.type == "inline" and token.level > 3:  # in a cell
                rows[-1].append(token.content)
        return rows

    def sections(self, heading: str) -> list[str]:
        """Return the headings below a heading, up to the next one of its level."""
        levels = {text: self.tokens[index].tag for index, text in self._headings()}
        texts = list(levels)
        later = texts[texts.index(heading) + 1 :]
        return list(takewhile(lambda text: levels[text] > levels[heading], later))

    def named(self, heading: str, column: int = 0) -> set[str]:
        """Return the inline code of one column of the tables under a heading."""
        return {code for row in self.rows(heading) for code in _codes(row[column])}

    def _headings(self) -> Iterator[tuple[int, str]]:
        for index, token in enumerate(self.tokens):
            if token.type == "heading_open":
                yield index, self.tokens[index + 1].content

    def _under(self, heading: str) -> list[Token]:
        starts = [index for index, text in self._headings() if text == heading]
        assert len(starts) == 1, f"{self} has {len(starts)} headings {heading!r}"
        later = [index for index, _ in self._headings() if index > starts[0]]
        return self.tokens[starts[0] : later[0] if later else None]


@functools.cache  # links to a page are many
def _tokens(page: Page) -> list[Token]:
    return MarkdownIt("commonmark").enable("table").parse(page.text)


@functools.cache
def pages() -> list[Page]:
    """Return every page of the docs."""
    patterns = ("*.md", "docs/*.md", "decisions/*.md", "bench/*.md", "monitoring/*.md")
    found = {path for pattern in patterns for path in ROOT.glob(pattern)}
    return [Page(str(path.relative_to(ROOT))) for path in sorted(found)]


def _codes(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def _slug(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
