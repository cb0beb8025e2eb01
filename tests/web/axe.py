"""axe-core's checks of a page, in both colour schemes."""

from typing import Any, Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

HOLD_STILL = """() => {
  const sheet = new CSSStyleSheet();
  const still = 'transition: none !important; animation: none !important';
  sheet.replaceSync(`*, ::before, ::after { ${still} }`);
  document.adoptedStyleSheets = [sheet];
}"""
Scheme = Literal["light", "dark"]
ALL = {"resultTypes": ["violations"]}
# The rules that axe enables by default and tags `cat.color`.
COLOURS = {**ALL, "runOnly": ["color-contrast", "link-in-text-block"]}
LOADED = "null"  # instead of the script, which the page has


def find_nothing(page: Page) -> None:
    """Fail on what axe finds in light, and in dark, which changes nothing but colours."""
    page.evaluate(HOLD_STILL)  # a colour between two others is nobody's
    _find_nothing(page, "light", Axe(), ALL)
    _find_nothing(page, "dark", Axe(LOADED), COLOURS)


def _find_nothing(
    page: Page,
    scheme: Scheme,
    axe: Axe,
    options: dict[str, Any],  # Any: JSON
) -> None:
    page.emulate_media(color_scheme=scheme)
    found = axe.run(page, options=options)

    assert found.response["violations"] == [], found.generate_report()
    assert "color-contrast" in [rule["id"] for rule in found.response["passes"]]
