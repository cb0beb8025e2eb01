import re
from datetime import timedelta

from playwright.sync_api import Page, expect

from schema.errors import ErrorWord
from schema.status import DiagnosisCode, Overall, WorkerStatus
from tests.web.answers import Answers
from tests.web.browser import let_pass, open_page
from tests.web.documents import HEALTHY, NOW, finding, off, status, unreachable

CHECK = "Check whether it is overloaded."
SINCE = NOW - timedelta(seconds=252)


def failing() -> WorkerStatus:
    """Return a status with two failing stores and a certificate that ends."""
    return status(
        ("postgres", unreachable("postgres")),
        ("valkey", unreachable("valkey")),
        findings=[
            finding("PostgreSQL cannot be read (timeout)", CHECK, since=SINCE),
            finding("Valkey cannot be read (timeout)", CHECK, since=NOW),
            finding("The certificate ends", "Run `pulumi up`.", runbook="certificate"),
        ],
    )


VERDICTS = [  # with the title and the icon's colour
    (Overall.ERROR, "✕ credentials · Heartbeat", "cf2b24"),
    (Overall.DEGRADED, "△ credentials · Heartbeat", "d08700"),
    (Overall.OK, "✓ Heartbeat", "178a57"),
]


def test_tone_title_and_icon_show_the_verdict(page: Page, answers: Answers, address: str) -> None:
    page.goto(address)
    expect(page.locator("body")).to_have_attribute("data-link", "live")

    for overall, title, colour in VERDICTS:
        answers.push(status(overall=overall, code=DiagnosisCode.CREDENTIALS))

        expect(page.locator("body")).to_have_attribute("data-tone", overall)
        expect(page).to_have_title(title)
        expect(page.locator("h1")).to_have_text(HEALTHY)
        icon = page.locator("link[rel=icon]")
        expect(icon).to_have_attribute("href", re.compile(f"^data:image/svg\\+xml,.*{colour}"))


def test_the_worst_finding_is_the_headline_and_the_others_are_listed(
    page: Page, answers: Answers, address: str
) -> None:
    answers.status = failing()

    page.goto(address)

    expect(page.locator("h1")).to_have_text("PostgreSQL cannot be read (timeout)")
    expect(page.locator("#remedy")).to_have_text(CHECK)
    expect(page.locator("#since")).to_have_text("Since 02:56:00 UTC, 4 min ago")
    others = page.get_by_role("list", name="What else is wrong").get_by_role("listitem")
    expect(others).to_have_text(  # each remedy once
        [
            re.compile(r"^\s*Valkey cannot be read \(timeout\) since 03:00:12\sUTC\s+Runbook\s*$"),
            re.compile(r"^\s*The certificate ends\s+Run `pulumi up`\.\s+Runbook\s*$"),
        ]
    )


def test_a_finding_leads_to_its_part_of_the_runbook(
    page: Page, answers: Answers, address: str
) -> None:
    answers.status = failing()
    page.goto(address)
    links = page.get_by_role("link", name="Runbook")
    expect(links).to_have_count(3)

    links.first.click()

    expect(page).to_have_url(f"{address}docs/runbook#source_unreachable")
    expect(page.locator(":target")).to_have_text("source_unreachable")
    expect(page.locator(":target")).to_be_in_viewport()


def test_without_a_finding_there_is_nothing_to_do_and_no_since(
    page: Page, answers: Answers, address: str
) -> None:
    answers.status = failing()
    page.goto(address)
    expect(page.locator("#others li")).to_have_count(2)

    answers.push(status())

    expect(page.locator("h1")).to_have_text(HEALTHY)
    for part in ("#remedy", "#notes", "#since", "#others"):
        expect(page.locator(part)).to_be_empty()
    expect(page.get_by_role("link", name="Runbook")).to_have_count(0)


def test_a_change_of_verdict_is_announced_and_a_tick_is_not(
    page: Page, answers: Answers, address: str
) -> None:
    open_page(page, address)
    region = page.get_by_role("status")
    expect(region).to_have_text(HEALTHY)
    page.evaluate(
        "() => { window.announced = []; new MutationObserver(() => window.announced.push("
        "document.querySelector('[role=status]').textContent))"
        ".observe(document.querySelector('[role=status]'), "
        "{childList: true, characterData: true, subtree: true}) }"
    )

    let_pass(page, 20)
    answers.push(failing())
    expect(region).to_have_text("PostgreSQL cannot be read (timeout)")
    let_pass(page, 20)

    assert page.evaluate("window.announced") == ["PostgreSQL cannot be read (timeout)"]


def test_aging_for_a_moment_does_not_change_the_verdict(
    page: Page, answers: Answers, address: str
) -> None:
    answers.status = status(age_s=59.0)
    open_page(page, address)

    page.clock.run_for(3000)

    expect(page.locator("[data-source=postgres]")).to_have_attribute("data-freshness", "aging")
    expect(page.locator("body")).to_have_attribute("data-tone", "ok")
    expect(page).to_have_title("✓ Heartbeat")


def test_a_silent_server_does_not_turn_rows_red(page: Page, answers: Answers, address: str) -> None:
    answers.status = status(("valkey", off("valkey")), age_s=85.0)
    open_page(page, address)

    let_pass(page, 11)  # a live server would have sent the stale row long before

    expect(page.locator("body")).to_have_attribute("data-tone", "lost")
    expect(page.locator("h1")).to_have_text(re.compile(r"^No data from Heartbeat for 1[01]\ss$"))
    expect(page.locator("#notes")).to_have_text(f"As of 03:00:12 UTC: {HEALTHY}")
    grey_and_red = page.locator("[data-source=postgres]").evaluate(
        "row => ['--tone', '--off', '--bad'].map(n => getComputedStyle(row).getPropertyValue(n))"
    )
    assert grey_and_red[0] == grey_and_red[1] != grey_and_red[2]
    expect(page.locator("[data-source=postgres] .word")).to_have_text("was aging")


def test_a_live_server_that_falls_silent_is_lost_after_thirty_seconds(
    page: Page, answers: Answers, address: str
) -> None:
    answers.status = status(age_s=1.0)
    open_page(page, address)
    expect(page.locator("body")).to_have_attribute("data-link", "live")

    let_pass(page, 29)
    expect(page.locator("body")).to_have_attribute("data-tone", "ok")
    page.clock.run_for(2000)

    expect(page.locator("body")).to_have_attribute("data-tone", "lost")
    expect(page).to_have_title("? no answer · Heartbeat")


def test_offline_and_a_green_headline_never_appear_together(
    page: Page, answers: Answers, address: str
) -> None:
    page.goto(address)
    expect(page.locator("body")).to_have_attribute("data-tone", "ok")
    answers.status = None

    answers.cut()

    expect(page.locator("#link")).to_have_text("Offline")
    expect(page.locator("body")).to_have_attribute("data-tone", "lost")
    expect(page.locator("h1")).to_have_text("Heartbeat does not answer")
    expect(page.locator("#notes")).to_contain_text(f"As of 03:00:12 UTC: {HEALTHY}")
    for word in page.locator(".word").all_text_contents():
        assert word == "was fresh"


def test_a_device_that_goes_offline_is_noticed_at_once(
    page: Page, answers: Answers, address: str
) -> None:
    page.goto(address)
    expect(page.locator("body")).to_have_attribute("data-link", "live")
    answers.status = None

    page.evaluate("dispatchEvent(new Event('offline'))")

    expect(page.locator("body")).to_have_attribute("data-tone", "lost")


def test_an_error_answer_is_not_shown_as_silence(
    page: Page, answers: Answers, address: str
) -> None:
    answers.live = False
    problem = {"error": "unauthorized", "message": "the password is required"}
    page.route("**/worker/status", lambda route: route.fulfill(status=401, json=problem))

    page.goto(address)

    expect(page.locator("h1")).to_have_text("Heartbeat answers with an error")
    expect(page.locator("#notes")).to_have_text("The server answers 401: the password is required.")


def test_failures_are_shown_by_shape_and_not_by_colour_alone(
    page: Page, answers: Answers, address: str
) -> None:
    answers.status = status(("postgres", unreachable("postgres", ErrorWord.TLS)))
    page.goto(address)

    shapes = page.locator("[data-source] use").evaluate_all("all => all.map(u => u.href.baseVal)")
    assert shapes == ["#shape-unreachable", "#shape-fresh", "#shape-fresh", "#shape-fresh"]
