import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from tests.web.answers import Answers
from tests.web.browser import let_pass
from tests.web.documents import status

HIDE = """hidden => {
  Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden });
  document.dispatchEvent(new Event('visibilitychange'));
}"""


def link(page: Page, word: str) -> None:
    expect(page.locator("body")).to_have_attribute("data-link", word)


def reconnect(page: Page, answers: Answers) -> None:
    """Accept sockets, and let time pass until the page has opened one.

    The pause before that is random. Another half a minute, and a silent socket would count as dead.
    """
    answers.live = True
    while not answers.sockets:
        let_pass(page, 1)
    link(page, "live")


def test_it_is_live_while_the_server_sends_documents(
    page: Page, answers: Answers, address: str
) -> None:
    page.goto(address)
    link(page, "live")

    answers.push(status(age_s=3.0))

    expect(page.locator("[data-source=postgres] .age")).to_have_text("3 s ago")
    assert len(answers.status_requests) == 1  # the first, beside the socket


def test_a_cut_socket_means_polling_with_a_countdown_and_then_live_again(
    page: Page, answers: Answers, address: str
) -> None:
    page.goto(address)
    link(page, "live")

    answers.cut()
    link(page, "polling")
    expect(page.locator("#countdown")).to_have_text("next update in 30 s")
    let_pass(page, 13)
    expect(page.locator("#countdown")).to_have_text("next update in 17 s")
    before = len(answers.status_requests)
    let_pass(page, 17)
    expect(page.locator("#countdown")).to_have_text("next update in 30 s")
    assert len(answers.status_requests) == before + 1

    reconnect(page, answers)
    expect(page.locator("#countdown")).to_be_empty()


def test_polling_requests_when_the_next_stamp_is_due(
    page: Page, answers: Answers, address: str
) -> None:
    answers.live = False
    answers.status = status(age_s=50.0)

    page.goto(address)

    expect(page.locator("#countdown")).to_have_text("next update in 11 s")


def test_while_the_api_is_down_the_last_rows_stay_and_age(
    page: Page, answers: Answers, address: str
) -> None:
    page.goto(address)
    link(page, "live")
    healthy, answers.status = answers.status, None
    answers.cut()
    link(page, "offline")
    expect(page.locator("#notes")).to_contain_text("The server cannot be reached.")
    expect(page.locator("#since")).to_contain_text("The last good answer came 03:00:12 UTC")

    let_pass(page, 80)

    expect(page.locator("h1")).to_have_text("Heartbeat does not answer")
    expect(page.locator("#since")).to_have_text("The last good answer came 03:00:12 UTC, 80 s ago")
    expect(page).to_have_title("? no answer · Heartbeat")
    row = page.locator("[data-source=postgres]")
    expect(row).to_have_attribute("data-freshness", "stale")
    expect(row.locator(".age")).to_have_text("92 s ago")

    answers.status = healthy
    reconnect(page, answers)
    answers.push(status())
    expect(row).to_have_attribute("data-freshness", "fresh")
    expect(page.locator("#notes")).to_be_empty()


@pytest.mark.usefixtures("answers")
def test_a_server_with_too_many_viewers_is_polled_without_reconnecting(
    page: Page, address: str
) -> None:
    tried: list[str] = []

    def refuse(socket: WebSocketRoute) -> None:
        tried.append(socket.url)
        socket.close(code=1013)

    page.route_web_socket("**/ws", refuse)
    page.goto(address)
    link(page, "polling")
    expect(page.locator("#countdown")).to_have_text("next update in 30 s")

    let_pass(page, 29)
    assert len(tried) == 1

    page.clock.run_for(1000)
    expect(page.locator("#countdown")).to_have_text("next update in 30 s")
    let_pass(page, 30)
    expect(page.locator("#countdown")).to_have_text("next update in 30 s")
    link(page, "polling")
    assert len(tried) == 2


def test_without_any_answer_the_page_reports_it_and_stops_waiting(
    page: Page, answers: Answers, address: str
) -> None:
    answers.status = None

    page.goto(address)

    expect(page.locator("h1")).to_have_text("Heartbeat does not answer")
    expect(page.locator("table")).to_be_hidden()


def test_the_button_sends_a_request_at_once_and_shows_spinners(
    page: Page, answers: Answers, address: str
) -> None:
    page.goto(address)
    link(page, "live")
    page.clock.run_for(1000)
    button = page.get_by_role("button", name="Refresh")
    expect(button).to_have_attribute("aria-busy", "false")

    button.click()

    expect(button).to_have_attribute("aria-busy", "true")
    expect(page.locator("[data-source=postgres] .spinner")).to_have_css("opacity", "1")
    page.clock.run_for(1000)
    expect(button).to_have_attribute("aria-busy", "false")
    assert [each.get("heartbeat-refresh") for each in answers.status_requests] == ["poll", "manual"]


def test_failed_refreshes_are_reported_with_the_next_good_one(
    page: Page, answers: Answers, address: str
) -> None:
    page.goto(address)
    link(page, "live")
    answers.cut()
    link(page, "polling")
    healthy, answers.status = answers.status, None
    for _ in range(2):
        let_pass(page, 30)
        link(page, "offline")
        expect(page.locator("#countdown")).to_have_text("next update in 30 s")
    answers.status = healthy
    for _ in range(2):
        let_pass(page, 30)
        link(page, "polling")
        expect(page.locator("#countdown")).to_have_text("next update in 30 s")

    counts = [each.get("heartbeat-refresh-failures") for each in answers.status_requests]
    assert counts == [None, None, None, "1", "2", None]


def test_a_hidden_tab_sends_no_requests_until_it_is_shown(
    page: Page, answers: Answers, address: str
) -> None:
    page.goto(address)
    link(page, "live")
    page.evaluate(HIDE, True)
    answers.cut()
    link(page, "paused")
    before = len(answers.status_requests)

    page.clock.run_for(600_000)

    assert len(answers.status_requests) == before
    expect(page).to_have_title("? paused · Heartbeat")
    answers.live = True
    with page.expect_response("**/worker/status"):
        page.evaluate(HIDE, False)
    link(page, "live")
    assert len(answers.status_requests) == before + 1
    expect(page).to_have_title("✓ Heartbeat")


def test_a_hidden_tab_keeps_listening_so_that_its_title_stays_true(
    page: Page, answers: Answers, address: str
) -> None:
    page.goto(address)
    link(page, "live")
    page.evaluate(HIDE, True)

    answers.push(status(age_s=200.0))

    expect(page.locator("[data-source=postgres]")).to_have_attribute("data-freshness", "stale")
    assert len(answers.status_requests) == 1


def test_a_silent_socket_counts_as_dead_and_the_page_sends_a_request(
    page: Page, answers: Answers, address: str
) -> None:
    page.goto(address)
    link(page, "live")

    with page.expect_response("**/worker/status"):
        let_pass(page, 33)

    assert len(answers.status_requests) == 2


def test_after_a_machine_wakes_the_page_requests_at_once(
    page: Page, answers: Answers, address: str
) -> None:
    page.goto(address)
    link(page, "live")

    page.clock.set_system_time("2026-11-24T07:00:00Z")
    with page.expect_response("**/worker/status"):
        page.clock.run_for(1000)

    assert [each.get("heartbeat-refresh") for each in answers.status_requests] == ["poll", "poll"]


def test_an_answer_that_cannot_be_read_is_a_failure_with_a_reason(
    page: Page, answers: Answers, address: str
) -> None:
    answers.live = False
    page.goto(address)
    link(page, "polling")
    page.route("**/worker/status", lambda route: route.fulfill(body="<html>"))
    page.get_by_role("button", name="Refresh").click()
    expect(page.locator("#notice")).to_contain_text("The answer cannot be read.")

    problem = {"error": "too_many", "message": "too many requests"}
    page.route("**/worker/status", lambda route: route.fulfill(status=429, json=problem))
    page.get_by_role("button", name="Refresh").click()
    expect(page.locator("#notice")).to_contain_text("The server answers 429: too many requests.")


def test_a_missing_answer_fails_at_its_deadline(page: Page, answers: Answers, address: str) -> None:
    page.goto(address)
    link(page, "live")
    answers.cut()
    link(page, "polling")
    page.route("**/worker/status", lambda _: None)  # never answered

    with page.expect_request("**/worker/status"):
        page.get_by_role("button", name="Refresh").click()
    page.clock.run_for(10_000)

    expect(page.locator("#notice")).to_contain_text("No answer within 10 s.")
    link(page, "offline")
