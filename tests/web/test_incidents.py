import re
from datetime import timedelta

import pytest
from playwright.sync_api import Locator, Page, expect

from schema.errors import ErrorWord
from schema.incidents import Incident, IncidentKind
from tests.web import past
from tests.web.answers import Answers
from tests.web.documents import NOW
from tests.web.past import DUE, LASTING, OVER, Outage, ago

MANY = [
    Outage("valkey", ago(0, hours=each), ago(58 - each, hours=each - 1), ErrorWord.TIMEOUT)
    for each in range(2, 22)
]


def parts(item: Locator) -> list[str]:
    script = "all => all.map(p => p.innerText.replaceAll('\\u00a0', ' ').trim())"
    found: list[str] = item.locator("p:not(.acts)").evaluate_all(script)
    return found


def test_incidents_are_listed_newest_first_with_distinct_details(
    page: Page, answers: Answers, address: str
) -> None:
    answers.outages = [*OVER, LASTING]
    page.goto(f"{address}?range=7d")
    items = page.locator("#incidents li")

    expect(items).to_have_count(3)
    assert parts(items.nth(0)) == [
        "Valkey: timeout newest",
        "since 02:56:00 UTC 4 min so far",
        "4 beats missed",
    ]
    assert parts(items.nth(1))[0] == "Valkey: unreachable"
    assert parts(items.nth(2)) == [
        "PostgreSQL: read only longest",
        "2026-11-21 00:48:00 UTC 12 min",
        "12 beats missed",
    ]
    expect(page.get_by_role("heading", name="3 incidents")).to_be_visible()
    expect(page.locator("#incidents-note")).to_be_hidden()


def test_an_open_incident_keeps_counting(page: Page, answers: Answers, address: str) -> None:
    answers.outages = [Outage("valkey", ago(1), None, ErrorWord.TIMEOUT)]
    page.goto(address)
    length = page.locator("#incidents .length")
    expect(length).to_have_text("72 s so far")

    page.clock.run_for(5_000)

    expect(length).to_have_text(re.compile(r"^7[78]\ss so far$"))


def test_the_workers_silence_is_an_incident_of_unknown_kind(
    page: Page, answers: Answers, address: str
) -> None:
    answers.outages = []
    answers.away = (ago(0, hours=3), ago(0, hours=2))
    page.goto(address)
    item = page.locator("#incidents li")

    expect(item).to_have_attribute("data-kind", "unknown")
    assert parts(item) == ["Worker: nothing was recorded", "00:00:00 UTC 1 h", "60 beats missed"]
    answers.away = (ago(9), DUE)
    page.get_by_role("button", name="Refresh").click()
    page.clock.run_for(1000)
    expect(item).to_have_attribute("data-lasting", "true")


def test_a_long_list_is_cut_and_can_be_shown_whole(
    page: Page, answers: Answers, address: str
) -> None:
    answers.outages = MANY
    page.goto(address)

    expect(page.get_by_role("heading", name="20 incidents, 11 shown")).to_be_visible()
    expect(page.locator("#incidents li").last.locator(".tags")).to_have_text("longest")
    page.get_by_role("button", name="Show all").click()
    expect(page.locator("#incidents li")).to_have_count(20)
    expect(page.get_by_role("heading", name="20 incidents")).to_be_visible()
    expect(page.get_by_role("button", name="Show all")).to_be_hidden()


def test_without_incidents_the_list_shows_none(page: Page, answers: Answers, address: str) -> None:
    answers.outages = []
    page.goto(address)

    expect(page.locator("#incidents-note")).to_have_text("None.")


def test_an_incidents_address_finds_it_further_down(
    page: Page, answers: Answers, address: str
) -> None:
    answers.outages = MANY
    page.goto(f"{address}#incident-valkey-{MANY[-1].began:%Y%m%dT%H%M%SZ}")

    sought = page.locator("#incidents li.wanted")
    expect(sought).to_have_count(1)
    expect(sought).to_be_in_viewport()


def test_an_incidents_address_finds_it_in_a_longer_range(
    page: Page, answers: Answers, address: str
) -> None:
    long_ago = Outage("postgres", ago(9, days=80), ago(0, days=80), ErrorWord.FULL)
    answers.outages = [*OVER, long_ago]
    page.goto(f"{address}#incident-postgres-{long_ago.began:%Y%m%dT%H%M%SZ}")

    expect(page.locator("#incidents li.wanted")).to_contain_text("PostgreSQL: full")
    expect(page).to_have_url(re.compile(r"range=1y"))


@pytest.mark.usefixtures("answers")
def test_the_address_of_an_unknown_incident_gives_a_note(page: Page, address: str) -> None:
    page.goto(f"{address}#incident-valkey-20200101T000000Z")

    expect(page.locator("#incidents-note")).to_have_text(
        "There is no such incident in the last year."
    )


def test_an_incident_is_copied_for_a_report(page: Page, answers: Answers, address: str) -> None:
    answers.outages = [OVER[0]]
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{address}?range=7d")
    button = page.get_by_role("button", name="Copy for a report: Valkey: unreachable")

    button.click()

    expect(button).to_have_text("Copied")
    began = OVER[0].began
    moments = [f"{each:%Y-%m-%d %H:%M:%S} UTC" for each in (began, began + timedelta(minutes=6))]
    assert page.evaluate("navigator.clipboard.readText()") == (
        "Valkey: unreachable\n"
        f"from {moments[0]} to {moments[1]} (6 min)\n"
        "6 beats missed\n"
        f"{address}?range=7d#incident-valkey-{began:%Y%m%dT%H%M%SZ}"
    )
    page.clock.run_for(3000)
    expect(button).to_have_text("Copy")


def test_an_incident_is_copied_without_the_clipboard_api(
    page: Page, answers: Answers, address: str
) -> None:
    """Without https there is no clipboard API: `execCommand` replaces it."""
    answers.outages = [OVER[0]]
    page.add_init_script("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    page.goto(address)
    page.evaluate(
        "document.addEventListener('copy', () => { window.copied = getSelection().toString() })"
    )

    page.get_by_role("button", name="Copy for a report").click()

    expect(page.get_by_role("button", name="Copy for a report")).to_have_text("Copied")
    assert page.evaluate("window.copied").startswith("Valkey: unreachable")


def test_a_promotion_is_a_moment_without_length_or_missed_beats(
    page: Page, answers: Answers, address: str
) -> None:
    at = NOW - timedelta(hours=2, seconds=12)
    promotion = Incident(
        id="postgres-20261124T010000Z",
        kind=IncidentKind.PROMOTED,
        source="postgres",
        title="PostgreSQL",
        start=at,
        end=at,
        error=None,
        beats_missed=0,
    )
    answers.outages = []
    listed = past.incidents(past.ago(0, days=1), []).model_copy(
        update={"total": 1, "incidents": [promotion]}
    )
    page.route("**/incidents?*", lambda route: route.fulfill(json=listed.model_dump(mode="json")))
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(address)

    item = page.locator("#incidents > li")
    expect(item).to_contain_text("PostgreSQL: another server took over")
    expect(item.locator(".length")).to_be_empty()
    expect(item.locator("[data-part=beats]")).to_be_empty()
    item.get_by_role("button").click()
    expect(item.get_by_role("button")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == (
        "PostgreSQL: another server took over\n"
        f"at {at:%Y-%m-%d %H:%M:%S} UTC\n"
        f"{address}#incident-postgres-20261124T010000Z"
    )
