import re

import pytest
from playwright.sync_api import Locator, Page, expect

from schema.errors import ErrorWord
from schema.freshness import Freshness
from schema.heartbeat import Refusal
from tests.web.answers import Answers
from tests.web.browser import let_pass, open_page
from tests.web.documents import iam, off, row, status, unreachable

AGES = {
    "just_fresh": (59.9, "fresh"),
    "due": (60.0, "aging"),
    "still_aging": (90.0, "aging"),
    "just_stale": (90.1, "stale"),
    "never": (None, "missing"),
}


def the_row(page: Page, name: str) -> Locator:
    return page.locator(f"[data-source={name}]")


def colour(page: Page, name: str, of: str = "--tone") -> str:
    read = "(row, of) => getComputedStyle(row).getPropertyValue(of)"
    return str(the_row(page, name).evaluate(read, of))


def test_each_limit_of_freshness_is_that_of_the_api(
    page: Page, answers: Answers, address: str
) -> None:
    rows = {name: row(name, age_s) for name, (age_s, _) in AGES.items()}
    answers.status = status(*rows.items(), ("postgres", unreachable("postgres")))

    page.goto(address)

    expected = {name: word for name, (_, word) in AGES.items()} | {"postgres": "unreachable"}
    for name, word in expected.items():
        expect(the_row(page, name)).to_have_attribute("data-freshness", word)
        expect(the_row(page, name).locator(".word")).to_contain_text(word)
        expect(the_row(page, name).locator("use")).to_have_attribute("href", f"#shape-{word}")


def test_a_row_ages_by_the_pages_own_clock(page: Page, answers: Answers, address: str) -> None:
    answers.status = status(age_s=58.0)
    open_page(page, address)
    row = the_row(page, "valkey")
    seen = []

    for seconds in (0, 1, 1, 29, 1, 2):
        let_pass(page, seconds)
        if seconds == 29:
            expect(row.locator(".age")).to_have_text("89 s ago")
            answers.push(status(age_s=58.0))
            expect(row.locator(".age")).to_have_text("58 s ago")
        seen.append((row.locator(".age").inner_text(), row.get_attribute("data-freshness")))

    assert [(age.replace("\xa0", " "), word) for age, word in seen] == [
        ("58 s ago", "fresh"),
        ("59 s ago", "fresh"),
        ("60 s ago", "aging"),
        ("58 s ago", "fresh"),  # a new document
        ("59 s ago", "fresh"),
        ("61 s ago", "aging"),
    ]


def test_the_wait_for_the_next_second_is_in_whole_milliseconds(page: Page, address: str) -> None:
    page.goto(address)

    waits = page.evaluate(
        """async () => {
          const { start } = await import('/clock.js');
          const waits = [];
          const real = window.setTimeout;
          window.setTimeout = (_, ms) => waits.push(ms);
          for (const age of [0, 250.5, 999.9999999999, 1000]) start(() => {}, () => {}, () => age);
          window.setTimeout = real;
          return waits;
        }"""
    )

    assert waits == [1000, 750, 1, 1000]


def test_a_row_goes_stale_without_any_event(page: Page, answers: Answers, address: str) -> None:
    answers.status = status(age_s=89.0)
    open_page(page, address)
    row = the_row(page, "postgres")
    expect(row).to_have_attribute("data-freshness", "aging")

    page.clock.run_for(2000)

    expect(row).to_have_attribute("data-freshness", "stale")
    expect(row.locator(".age")).to_have_text("91 s ago")


@pytest.mark.usefixtures("answers")
def test_a_wrong_clock_on_the_viewers_machine_changes_nothing(page: Page, address: str) -> None:
    page.clock.set_system_time("2026-11-25T03:00:12Z")
    page.goto(address)

    expect(the_row(page, "postgres").locator(".age")).to_have_text("12 s ago")
    expect(the_row(page, "postgres").locator("[data-part=utc]")).to_have_text("03:00:00 UTC")
    page.clock.set_system_time("2026-11-23T03:00:12Z")
    page.clock.run_for(1000)
    expect(the_row(page, "postgres")).to_have_attribute("data-freshness", "fresh")


@pytest.mark.usefixtures("answers")
def test_a_stamp_is_shown_in_utc_in_the_viewers_time_and_as_an_age(
    page: Page, address: str
) -> None:
    page.goto(address)

    row = the_row(page, "postgres")
    expect(row.locator("[data-part=utc]")).to_have_text("03:00:00 UTC")
    expect(row.locator("[data-part=local]")).to_have_text("04:00:00 CET")
    expect(row.locator("time").first).to_have_attribute("datetime", "2026-11-24T03:00:00.345678Z")
    expect(row.locator(".endpoint")).to_have_text("heartbeat-pg.b.db.ondigitalocean.com")


def test_a_fourth_source_appears_and_disappears_without_a_reload(
    page: Page, answers: Answers, address: str
) -> None:
    page.goto(address)
    expect(page.locator("[data-source]")).to_have_count(4)

    answers.push(status(("kafka", row("kafka"))))
    expect(the_row(page, "kafka").locator("[data-part=title]")).to_have_text("kafka")
    answers.push(status())
    expect(the_row(page, "kafka")).to_have_count(0)


def test_a_source_that_is_switched_off_is_not_red(
    page: Page, answers: Answers, address: str
) -> None:
    answers.status = status(("valkey", off("valkey")))
    page.goto(address)

    row = the_row(page, "valkey")
    expect(row.locator(".word")).to_have_text("switched off")
    expect(row.locator("use")).to_have_attribute("href", "#shape-off")
    red = the_row(page, "postgres").evaluate(
        "row => getComputedStyle(row).getPropertyValue('--bad')"
    )
    assert row.evaluate("row => getComputedStyle(row).getPropertyValue('--tone')") != red


def test_a_store_that_has_not_answered_yet_is_grey_and_never_missing(
    page: Page, answers: Answers, address: str
) -> None:
    unread = row("valkey", None, observed_at=None, latency_ms=None, last_result=None)
    answers.status = status(("valkey", unread), identity=iam(None, observed_at=None))
    page.goto(address)

    for name in ("valkey", "iam"):
        expect(the_row(page, name).locator(".word")).to_have_text("not answered yet")
        expect(the_row(page, name).locator("use")).to_have_attribute("href", "#shape-waiting")
        expect(the_row(page, name).locator(".age")).to_be_empty()
        assert colour(page, name) == colour(page, name, "--off")


TROUBLED = {
    "an error": (row(error=ErrorWord.READ_ONLY), "answers with an error: read only", "unreachable"),
    "a part that is not written": (row(warning=ErrorWord.QUOTA), "partly written", "stale"),
}
REFUSED = {
    "now": (iam(error=ErrorWord.AUTH, refusal=Refusal.NOT_ALLOWED), "not proved: auth"),
    "at the next renewal": (iam(refusal=Refusal.NOT_ALLOWED), "not renewed"),
}


def test_a_failing_store_is_not_green_although_its_stamp_is_recent(
    page: Page, answers: Answers, address: str
) -> None:
    page.goto(address)
    expect(page.locator("body")).to_have_attribute("data-link", "live")
    row = the_row(page, "postgres")

    for troubled, word, shape in TROUBLED.values():
        answers.push(status(("postgres", troubled)))

        expect(row.locator(".word")).to_have_text(word)
        expect(row.locator("use")).to_have_attribute("href", f"#shape-{shape}")
        assert colour(page, "postgres") != colour(page, "postgres", "--fresh")


def test_the_identity_is_not_green_while_aws_refuses_it(
    page: Page, answers: Answers, address: str
) -> None:
    page.goto(address)
    expect(page.locator("body")).to_have_attribute("data-link", "live")
    row = the_row(page, "iam")

    for refused, word in REFUSED.values():
        answers.push(status(identity=refused))

        expect(row.locator(".word")).to_have_text(word)
        expect(row.locator(".age")).to_have_text("24 s ago")
        assert colour(page, "iam") != colour(page, "iam", "--fresh")


def test_the_identitys_row_shows_when_credentials_and_certificate_expire(
    page: Page, answers: Answers, address: str
) -> None:
    page.goto(address)
    facts = the_row(page, "iam").locator(".facts")

    expect(facts).to_contain_text("credentials made 18 min ago")
    expect(facts).to_contain_text("expire in 42 min")
    expect(facts).to_contain_text("certificate ends in 301 d")
    refused = iam(None, error=ErrorWord.AUTH, refusal=Refusal.CERTIFICATE_EXPIRED)
    answers.push(status(identity=refused))
    expect(facts).to_contain_text("refused: certificate expired")


def test_a_failing_store_shows_the_workers_last_result(
    page: Page, answers: Answers, address: str
) -> None:
    answers.status = status(("postgres", unreachable("postgres", ErrorWord.READ_ONLY)))
    page.goto(address)

    row = the_row(page, "postgres")
    expect(row.locator(".word")).to_have_text("unreachable: read only")
    expect(row.locator(".facts")).to_have_text(
        "last seen 02:56:02 UTC · last write: read only · 4 failures in a row · breaker open"
    )


def test_the_last_known_stamp_of_an_unreadable_store_stays(
    page: Page, answers: Answers, address: str
) -> None:
    never = unreachable("valkey").model_copy(update={"last_known_update": None, "last_seen": None})
    answers.status = status(("postgres", unreachable("postgres")), ("valkey", never))
    page.goto(address)

    known = the_row(page, "postgres")
    expect(known.locator(".age")).to_have_text("4 min ago")
    expect(known.locator("[data-part=utc]")).to_have_text("02:55:36 UTC")
    expect(the_row(page, "valkey").locator(".age")).to_have_text("unknown")
    expect(the_row(page, "valkey").locator("[data-part=utc]")).to_be_empty()


def test_a_stamp_in_the_future_has_no_age(page: Page, answers: Answers, address: str) -> None:
    ahead = row("valkey", 0.0, freshness=Freshness.MISSING, error=ErrorWord.CLOCK)
    answers.status = status(("valkey", ahead))
    open_page(page, address)

    page.clock.run_for(5000)

    expect(the_row(page, "valkey")).to_have_attribute("data-freshness", "missing")
    expect(the_row(page, "valkey").locator(".word")).to_have_text("missing: clock")
    expect(the_row(page, "valkey").locator(".age")).to_have_text("in the future")


SPANS = {
    0: "0 s",
    119.9: "119 s",
    120: "2 min",
    3599: "59 min",
    3600: "1 h",
    7380: "2 h 3 min",
    86_400: "1 d",
    100_800: "1 d 4 h",
    26_000_000: "300 d",
}


def test_a_span_has_at_most_two_units(page: Page, address: str) -> None:
    page.goto(f"{address}words.js")

    format_all = (
        "async spans => { const { span } = await import('/words.js'); return spans.map(span); }"
    )
    spans = page.evaluate(format_all, list(SPANS))
    assert [span.replace("\xa0", " ") for span in spans] == list(SPANS.values())
    # A number and its unit never part at a line's end.
    assert all(re.fullmatch(r"\d+\xa0\w+( \d+\xa0\w+)?", span) for span in spans)
