"""What somebody runs into who was told nothing of the library and makes hundreds of takes a day in it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.answers import scene as scenes
from tests.answers.scene import Scene
from tests.answers.served import library
from tests.answers.visiting import Visit, steps

IN_VIEW = """each => {
    const { top, bottom } = each.getBoundingClientRect();
    return top >= 0 && bottom <= innerHeight;
}"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return scenes.make(tmp_path_factory.mktemp("triage"), count=400)


@pytest.fixture(scope="module")
def site(made: Scene, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with library(made, tmp_path_factory.mktemp("triage-web") / "web.log") as address:
        yield address


@pytest.fixture
def seat(browser: Browser, site: str) -> Iterator[Visit]:
    visit = Visit(browser, site, viewport={"width": 1440, "height": 900})
    yield visit
    visit.context.close()


def written(made: Scene) -> list[dict[str, Any]]:
    """What was said, as it lies in the folder."""
    return [json.loads(path.read_bytes()) for path in made.folder.glob("*.json")]


@pytest.mark.parametrize("width", [660, 768, 900, 1000, 1110])
def test_on_a_tablet_a_take_is_a_card_that_can_be_read(seat: Visit, width: int) -> None:
    seat.page.set_viewport_size({"width": width, "height": 1000})
    page = seat.open("/")
    assert max(page.locator(".take").evaluate_all("all => all.map(row => row.offsetHeight)")) < 200
    assert min(page.locator(".take .text").evaluate_all("all => all.map(text => text.offsetWidth)")) > 0.4 * width
    assert page.locator(".top .bar").evaluate("bar => bar.firstElementChild.getBoundingClientRect().top") > 0


def test_a_kind_beyond_the_seventh_can_be_chosen(seat: Visit) -> None:
    page = seat.open("/")
    voices = page.locator("[data-facet=voice]")
    voices.locator("summary").click()
    last = voices.locator("[name=voice]").last
    value = last.get_attribute("value")
    last.check()
    seat.settle()
    assert set(page.locator(".take [data-voice]").evaluate_all("all => all.map(cell => cell.title)")) == {value}


def test_the_filters_that_are_set_stand_above_the_list_each_with_its_way_out(seat: Visit) -> None:
    page = seat.open("/?emotion=sad&emotion=happy&-user=lab&until=2200-01-01&rating=3&favourite=no")
    given = page.locator("#given a")
    expect(given).to_have_text(
        ["Until2200-01-01×", "sad×", "happy×", "★★★+×", "Without Favourites×", "≠lab×"], use_inner_text=False
    )
    page.locator("#facets [name=emotion][value=calm]").check()
    seat.settle()
    expect(given.filter(has_text="calm")).to_have_count(1)
    given.filter(has_text="sad").click()
    page.wait_for_url(lambda address: "emotion=sad" not in address and "emotion=happy" in address)
    expect(page.locator("#facets [name=emotion][value=sad]")).not_to_be_checked()
    seat.open(
        "/?rating=abc&status=nothing&tag=-a&doubtful=yes&text=%22%3Cb%3E"
    )  # refused with a word, not with a fault
    expect(page.get_by_role("alert")).to_be_visible()


@pytest.mark.parametrize("path", ["/", "/records/{}", "/compare?a={}&b={}"])
def test_the_help_lies_over_the_page_and_moves_nothing(seat: Visit, made: Scene, path: str) -> None:
    page = seat.open(path.format(*(each["id"] for each in made.audible[:2])))
    page.keyboard.press("?")
    help_ = page.get_by_role("dialog", name="Keyboard")
    expect(help_).to_be_visible()
    assert help_.evaluate(IN_VIEW)
    assert page.evaluate("scrollY") == 0
    page.keyboard.press("x")  # not the page's while it is open
    expect(page.locator(".take.picked")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(help_).to_be_hidden()
    page.locator("[data-keys]").click()
    expect(help_).to_be_visible()


def test_the_keys_speak_of_the_take_that_is_heard(seat: Visit, made: Scene) -> None:
    page = seat.open("/")
    rows = page.locator(".take:has([data-play]:enabled)")
    page.keyboard.press("j")
    page.keyboard.press("Space")
    expect(rows.nth(0)).to_have_class(re.compile("playing"))
    page.keyboard.press("n")
    expect(rows.nth(1)).to_have_class(re.compile("here"))
    page.keyboard.press("4")
    expect(rows.nth(1).locator("[data-stars]")).to_have_text("★★★★")
    page.keyboard.press("f")
    expect(rows.nth(1).locator("[data-favourite]")).to_be_visible()
    expect(page.locator(".take.picked")).to_have_count(0)
    page.keyboard.press("f")
    expect(rows.nth(1).locator("[data-favourite]")).to_have_count(0)
    page.keyboard.press("Enter")
    identity = rows.nth(1).get_attribute("data-record")
    expect(page.locator("#inspector article")).to_have_attribute("data-record", identity or "")


def test_what_cannot_be_asked_is_told_above_the_list_and_the_filters_stay(seat: Visit) -> None:
    page = seat.open("/")
    page.locator("[name=since]").fill("3 days ago")
    problem = page.get_by_role("alert")
    expect(problem).to_contain_text("3 days ago")
    assert problem.evaluate(IN_VIEW)
    expect(page.locator(".take")).to_have_count(0)
    expect(page.locator("[data-facet=emotion]")).to_be_visible()
    page.locator("[name=since]").fill("300d")
    expect(problem).to_have_count(0)
    expect(page.locator(".take").first).to_be_visible()


def test_a_server_that_is_away_is_told_above_the_list(browser: Browser, made: Scene, tmp_path: Path) -> None:
    with library(made, tmp_path / "web.log") as address:
        visit = Visit(browser, address, viewport={"width": 1440, "height": 900})
        page = visit.open("/")
    visit.page.locator("#facets [name=emotion]").first.check()
    problem = page.get_by_role("alert")
    expect(problem).to_be_visible()
    assert problem.evaluate(IN_VIEW)
    page.locator("[name=text]").press("Escape")
    expect(page.locator(".take")).to_have_count(0)
    visit.context.close()


def test_back_takes_back_one_choice(seat: Visit) -> None:
    page = seat.open("/")
    for value in ("happy", "sad"):
        page.locator(f"#facets [name=emotion][value={value}]").check()
        seat.settle()
    assert page.url.endswith("/?emotion=happy&emotion=sad")
    page.go_back()
    page.wait_for_url("**/?emotion=happy")
    seat.settle()
    expect(page.locator("#facets [name=emotion]:checked")).to_have_count(1)
    assert set(page.locator(".take [data-emotion]").all_text_contents()) == {"happy"}
    page.go_back()
    page.wait_for_url(re.compile("/$"))
    seat.settle()
    expect(page.locator("#facets [name=emotion]:checked")).to_have_count(0)
    page.go_forward()
    page.wait_for_url("**/?emotion=happy")


@pytest.mark.parametrize("delay", [20, 300], ids=["fast", "slowly"])
def test_a_word_that_is_typed_is_one_step(seat: Visit, delay: int) -> None:
    page = seat.open("/")
    page.locator("[name=text]").press_sequentially("欢迎", delay=delay)
    seat.settle()
    page.wait_for_url(re.compile("text=%E6%AC%A2%E8%BF%8E$"))
    page.go_back()
    page.wait_for_url(re.compile("/$"))


def test_what_is_done_with_many_is_seen_in_their_rows(seat: Visit, made: Scene) -> None:
    page = seat.open("/")
    rows = page.locator(".take:has([data-play]:enabled)")
    for number in (2, 3, 4):
        rows.nth(number).locator("[data-pick]").click()
    picked = page.locator(".take.picked")
    expect(picked).to_have_count(3)
    bar = page.locator("#selection")
    bar.locator("[data-rate]").select_option("3")
    expect(picked.locator("[data-stars]")).to_have_text(["★★★"] * 3)
    bar.locator("[data-favourite]").click()
    expect(picked.locator("[data-favourite]")).to_have_count(3)
    bar.locator("[name=tag]").fill("片头, chapter one")
    bar.locator("[name=tag]").press("Enter")
    expect(picked.locator("[data-tag]")).to_have_text(["片头", "chapter one"] * 3)
    bar.locator("[name=tag]").fill("-片头")
    bar.locator("[name=tag]").press("Enter")
    expect(picked.locator("[data-tag]")).to_have_text(["chapter one"] * 3)
    bar.locator("[name=tag]").fill("+-")
    bar.locator("[name=tag]").press("Enter")
    expect(page.locator("#told.bad")).to_contain_text("Not saved")
    first = rows.nth(2).get_attribute("data-record")
    rows.nth(3).locator("[data-pick]").click()
    rows.nth(4).locator("[data-pick]").click()
    bar.locator("[data-delete]").click()
    expect(page.get_by_role("dialog")).to_contain_text("of this take?")
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    row = page.locator(f".take[data-record='{first}']")
    expect(row.locator("[data-gone]")).to_have_text("deleted")
    expect(row.locator("[data-play]")).to_be_disabled()


def test_a_take_is_rated_tagged_and_played_beside_the_list(seat: Visit) -> None:
    page = seat.open("/")
    row = page.locator(".take:has([data-play]:enabled)").nth(8)
    row.locator("[data-open]").click()
    inspector = page.locator("#inspector")
    inspector.get_by_role("button", name="Play").click()
    expect(row).to_have_class(re.compile("playing"))
    inspector.locator("label[for=rate2]").click()
    inspector.get_by_role("button", name="Save rating").click()
    expect(row.locator("[data-stars]")).to_have_text("★★")
    inspector.get_by_label("Favourite").check()
    inspector.get_by_label("Tags", exact=True).fill("片头")
    inspector.get_by_role("button", name="Save tags").click()
    expect(row.locator("[data-tag]")).to_have_text("片头")
    expect(row.locator("[data-favourite]")).to_be_visible()
    page.keyboard.press("5")
    expect(inspector.locator("#rate5")).to_be_checked()
    assert seat.said == []


def test_a_rating_by_mistake_is_taken_back_at_once(seat: Visit, made: Scene) -> None:
    page = seat.open("/")
    row = page.locator(".take:has([data-play]:enabled)").nth(12)
    identity = row.get_attribute("data-record")
    row.locator("[data-open]").click()
    inspector = page.locator("#inspector")
    inspector.locator("label[for=rate2]").click()
    inspector.get_by_role("button", name="Remove rating").click()
    expect(row.locator("[data-stars]")).to_have_text("")
    expect(inspector.get_by_role("button", name="Remove rating")).to_be_hidden()
    rated = [each for each in written(made) if each["type"] == "indextts.audio.rated" and each["subject"] == identity]
    assert [each["data"]["rating"] for each in sorted(rated, key=lambda each: str(each["id"]))] == [2, None]
    assert seat.said == []


def test_what_is_said_beside_the_list_is_kept_when_one_goes_on_to_another_take(seat: Visit, made: Scene) -> None:
    page = seat.open("/")
    rows = page.locator(".take:has([data-play]:enabled)")
    first = rows.nth(0).get_attribute("data-record")
    rows.nth(0).locator("[data-open]").click()
    inspector = page.locator("#inspector")
    inspector.locator("label[for=rate4]").click()
    inspector.get_by_label("Note", exact=True).fill("breathe before the name")
    rows.nth(1).locator("[data-open]").click()
    expect(inspector.get_by_label("Note", exact=True)).to_have_value("")
    expect(rows.nth(0).locator("[data-stars]")).to_have_text("★★★★")
    expect(rows.nth(1).locator("[data-stars]")).not_to_have_text("★★★★")
    for _ in steps(page, seconds=5):
        if told := [each["subject"] for each in written(made) if each["data"].get("note") == "breathe before the name"]:
            break
    assert told == [first]
    assert seat.said == []


def test_the_bar_of_the_selection_and_the_player_cover_neither_each_other_nor_the_inspector(seat: Visit) -> None:
    for width in (768, 1440):
        seat.page.set_viewport_size({"width": width, "height": 900})
        page = seat.open("/")
        row = page.locator(".take:has([data-play]:enabled)").first
        row.locator("[data-play]").click()
        row.locator("[data-pick]").click()
        if width > 1400:
            row.locator("[data-open]").click()
        assert overlaps(page, "#selection", "#dock") == 0
        assert overlaps(page, "#selection", "#inspector") == 0 or width < 1400


def overlaps(page: Page, one: str, other: str) -> float:
    """How many pixels high."""
    boxes = [page.locator(selector).bounding_box() for selector in (one, other)]
    if None in boxes:
        return 0
    first, second = (box for box in boxes if box is not None)
    return max(0.0, min(first["y"] + first["height"], second["y"] + second["height"]) - max(first["y"], second["y"]))
