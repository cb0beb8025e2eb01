"""Links in the docs, and files named in docs and code, exist."""

import re
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, Page, pages

OUR_FOLDERS = "schema|service|local|stack|web|tests|bench|docs|decisions|monitoring|\\.github"
NAMING = {".py", ".js", ".mk", ".css", ".html", ".yaml"}


@pytest.mark.parametrize("page", pages(), ids=str)
def test_every_link_has_a_target(page: Page) -> None:
    for target in page.links():
        if re.match(r"https?://|mailto:", target):
            continue
        path, _, anchor = target.partition("#")
        there = (ROOT / page.path).parent / path if path else ROOT / page.path
        assert there.exists(), f"{page} points at {target}"
        if anchor:
            other = Page(str(there.resolve().relative_to(ROOT)))
            assert anchor in other.anchors(), f"{page} points at {target}"


def test_every_page_and_picture_can_be_found_from_the_readme() -> None:
    found, new = set(), {ROOT / "README.md"}
    while new:
        page = new.pop()
        found.add(page)
        if page.suffix == ".md":
            links = {target.partition("#")[0] for target in _page(page).links()}
            targets = {(page.parent / link).resolve() for link in links if ":" not in link}
            new |= {target for target in targets if target.is_file()} - found
        new -= found

    assert {*(ROOT / "docs").rglob("*.*"), ROOT / "CONTRIBUTING.md"} <= found


@pytest.mark.parametrize("page", pages(), ids=str)
def test_every_named_file_exists(page: Page) -> None:
    made = {line.strip("/") for line in (ROOT / ".gitignore").read_text().splitlines()}
    for path in re.findall(rf"(?<![\w/.-])((?:{OUR_FOLDERS})/[\w./-]*\w)", page.text):
        assert path in made or (ROOT / path).exists(), f"{page} names {path}"


def test_every_page_named_in_code_exists() -> None:
    for part in ("schema", "service", "local", "stack", "web", "tests", "bench", "monitoring"):
        for path in (ROOT / part).rglob("*.*"):
            if path.suffix in NAMING:
                named = re.findall(r"\b(?:docs|decisions)/[\w-]+\.md", path.read_text())
                assert all((ROOT / name).exists() for name in named), f"{path}: {named}"


def _page(path: Path) -> Page:
    return Page(str(path.relative_to(ROOT)))
