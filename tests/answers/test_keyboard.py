"""The library by keys alone, and back to where one was."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, expect

from sidecar.web.listing import PAGE
from tests.answers.scene import Scene
from tests.answers.visiting import STATIC, Visit, steps


def test_the_keyboard_is_enough(visit: Visit, scene: Scene) -> None:
    page = visit.open("/")
    page.keyboard.press("/")
    page.keyboard.type("号")
    page.wait_for_url(re.compile("text="))
    visit.settle()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    chosen = page.locator(".take.here")
    expect(chosen).to_have_count(1)
    identity = chosen.get_attribute("data-record")
    assert page.evaluate("document.activeElement.closest('.take')?.dataset.record") == identity
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(f"/records/{identity}"))
    page.keyboard.press("5")
    expect(page.locator("#rating [data-said]")).to_contain_text("Saved")
    page.keyboard.press("u")
    page.wait_for_url(re.compile("text="))
    visit.settle()
    assert page.evaluate("document.activeElement.closest('.take')?.dataset.record") == identity, "the row it came from"
    for _ in range(60):
        page.keyboard.press("Shift+Tab")
        if page.evaluate("document.activeElement.matches('[data-play]')"):
            break
    else:
        pytest.fail("no play button is reached by Tab")
    page.keyboard.press("Space")
    page.wait_for_function("() => document.querySelector('#dock audio').currentTime > 0")


def test_j_works_on_load_and_goes_on_after_more_was_shown(visit: Visit) -> None:
    page = visit.open("/")
    for _ in range(3):
        page.keyboard.press("j")
    third = page.locator(".take").nth(2)
    expect(third).to_have_class(re.compile("here"))
    visit.further(100)
    page.keyboard.press("j")
    expect(page.locator(".take.here")).to_have_count(1)
    expect(page.locator(".take").nth(3)).to_have_class(re.compile("here"))


def test_space_plays_and_pauses(visit: Visit, scene: Scene) -> None:
    page = visit.open("/")
    page.keyboard.press("j")
    while page.locator(".take.here [data-play]").is_disabled():
        page.keyboard.press("j")
    for playing in (True, False, True):
        page.keyboard.press("Space")
        page.wait_for_function(f"() => document.querySelector('#dock audio').paused === {str(not playing).lower()}")
    page = visit.open(f"/records/{scene.audible[3]['id']}")
    for playing in (True, False):
        page.keyboard.press("Space")
        page.wait_for_function(f"() => document.querySelector('audio').paused === {str(not playing).lower()}")
    page.locator("#rating").get_by_label("Note").fill("")
    page.locator("#rating").get_by_label("Note").press("Space")
    assert page.locator("#rating").get_by_label("Note").input_value() == " "


def keys_in(script: str) -> set[str]:
    """The keys that a page's script listens to."""
    text = (STATIC / script).read_text(encoding="utf-8")
    listener = text[text.index("  key(event) {" if script == "controls.js" else 'addEventListener("keydown"') :]
    told = set(re.findall(r'event\.key === "(.+?)"', listener)) | set(re.findall(r'^ +"?(.)"?: ', listener, re.M))
    return told | ({"1"} if '"12345"' in listener else set())


@pytest.mark.parametrize(
    ("script", "path"),
    [
        ("library.js", "/"),
        ("record.js", "/records/{0}"),
        ("controls.js", "/"),
        ("controls.js", "/records/{0}"),
        ("compare.js", "/compare?a={0}&b={1}"),
    ],
)
def test_every_key_is_in_the_help(visit: Visit, scene: Scene, script: str, path: str) -> None:
    page = visit.open(path.format(*(each["id"] for each in scene.audible[3:5])))
    expect(page.locator("html[data-ready]")).to_be_attached() if "compare" in path else None
    page.keyboard.press("?")
    expect(page.locator("#keys dl")).to_be_visible()
    shown = set(page.locator("#keys dt kbd").all_text_contents())
    names = {" ": "Space", "Escape": "Esc", "ArrowDown": "↓", "J": "j", "K": "k"}
    assert len(keys_in(script)) > 4
    elsewhere = {"n", "b"} if path.startswith("/records/") else set()  # the next take of a list, where there is one
    assert {names.get(key, key) for key in keys_in(script)} - elsewhere <= shown


def height(row: Locator) -> float:
    """Pixels from the top of the screen."""
    box = row.bounding_box()
    assert box is not None
    return box["y"]


@pytest.mark.parametrize("way", ["back", "u", "link", "reload"])
def test_back_leads_to_the_same_rows_at_the_same_place(visit: Visit, way: str) -> None:
    page = visit.open("/?language=ZH")
    visit.further(150)
    row = page.locator(".take").nth(120)
    row.scroll_into_view_if_needed()
    identity, top = row.get_attribute("data-record"), height(row)
    if way == "reload":
        page.reload()
    else:
        row.locator("[data-open]").click()
        page.wait_for_url(re.compile("/records/"))
        if way == "back":
            page.go_back()
        elif way == "u":
            page.keyboard.press("u")
        else:
            page.get_by_role("link", name="Back to the library").click()
    page.wait_for_url(re.compile(r"/\?language=ZH$"))
    visit.settle()
    again = page.locator(f".take[data-record='{identity}']")
    for _ in steps(page, seconds=5):  # what comes above the rows moves them until the browser has scrolled as much
        if height(again) == pytest.approx(top, abs=2):
            break
    assert height(again) == pytest.approx(top, abs=2), page.evaluate("[scrollY, sessionStorage.getItem('places')]")
    if way != "reload":
        page.keyboard.press("j")
        expect(page.locator(".take").nth(121)).to_have_class(re.compile("here"))


def test_back_leads_far_down_too_where_the_first_rows_were_taken_away(visit: Visit) -> None:
    page = visit.open("/")
    for _ in steps(page):
        if page.evaluate("document.querySelector('#results tbody[aria-hidden]').offsetHeight") > 15_000:
            break
        page.evaluate("document.querySelector('.more').scrollIntoView()")
    visit.settle()
    row = page.locator(".take").nth(150)
    row.scroll_into_view_if_needed()
    identity, top = row.get_attribute("data-record"), height(row)
    row.locator("[data-open]").click()
    page.wait_for_url(re.compile("/records/"))
    page.go_back()
    visit.settle()
    again = page.locator(f".take[data-record='{identity}']")
    for _ in steps(page, seconds=5):
        if height(again) == pytest.approx(top, abs=2):
            break
    assert height(again) == pytest.approx(top, abs=2)


def test_what_was_selected_still_is_after_a_comparison(visit: Visit) -> None:
    page = visit.open("/")
    for key in "jxjxc":
        page.keyboard.press(key)
    page.wait_for_url(re.compile("/compare"))
    page.go_back()
    visit.settle()
    expect(page.locator(".take [data-pick]:checked")).to_have_count(2)
    expect(page.locator("#selection [data-count]")).to_contain_text("2")
    page.keyboard.press("Escape")
    page.reload()
    visit.settle()
    expect(page.locator("#selection")).to_be_hidden()


def test_a_list_that_is_opened_anew_begins_at_its_top(visit: Visit) -> None:
    page = visit.open("/")
    visit.further(100)
    page.get_by_role("link", name="Charts").click()
    page.get_by_role("link", name="Library", exact=True).click()
    visit.settle()
    expect(page.locator(".take")).to_have_count(PAGE)
    assert page.evaluate("scrollY") == 0
