import pytest
from playwright.sync_api import Page, expect

from tests.web import axe
from tests.web.answers import Answers
from tests.web.screenshots import SCENES

FOCUSED = "(it => it.getAttribute('aria-label') ?? it.innerText)(document.activeElement)"


@pytest.mark.parametrize("name", SCENES)
def test_axe_finds_nothing_in_light_or_dark(
    page: Page, answers: Answers, address: str, name: str
) -> None:
    scene = SCENES[name]
    page.emulate_media(reduced_motion="reduce")
    scene.stage(answers)
    page.goto(f"{address}{scene.query}")
    expect(page.locator("body")).not_to_have_attribute("data-link", "connecting")
    scene.turn(answers, page)
    page.clock.run_for(scene.wait_s * 1000)
    page.clock.resume()  # axe itself waits by it

    axe.find_nothing(page)


@pytest.mark.usefixtures("answers")
def test_the_keyboard_alone_reaches_everything_that_can_be_used(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.locator(".strip")).to_have_count(3)
    reached = []
    for _ in range(9):
        page.keyboard.press("Tab")
        reached.append(page.evaluate(FOCUSED))

    titles = ("PostgreSQL", "Valkey", "AWS Secrets Manager")
    strips = [f"{each}: Last 24 hours" for each in titles]
    assert reached == ["Refresh", "24 h", "7 d", "30 d", "90 d", "1 y", *strips]


@pytest.mark.usefixtures("answers")
def test_the_table_keeps_its_roles_on_a_phone(page: Page, address: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(address)

    expect(page.get_by_role("row")).to_have_count(5)
    expect(page.get_by_role("rowheader", name="Valkey")).to_be_visible()
    expect(page.get_by_role("row", name="PostgreSQL").get_by_role("cell")).to_have_count(3)
