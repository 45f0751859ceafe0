"""A day's work by keyboard alone, in both languages, with no mouse at all: found, sorted, narrowed down, heard,
compared, preferred, rated, tagged, selected, taken home, and found again by what was said of it.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.answers import scene as scenes
from tests.answers.served import flawless, ship
from tests.answers.visiting import Visit

_FAR = 80
"""Presses of Tab after which somebody gives up."""
PLAYING = """() => {
    const { paused, currentTime } = document.querySelector("#dock audio");
    return !paused && currentTime > 0;
}"""


def walk(page: Page, selector: str, key: str = "Tab") -> int:
    """Press it until the focus is there. Returns how often."""
    for count in range(1, _FAR):
        page.keyboard.press(key)
        if page.evaluate("wanted => document.activeElement.matches(wanted)", selector):
            return count
    raise AssertionError(f"{selector} is not reached by {key}")


@pytest.mark.parametrize("locale", ["zh-CN", "en-US"])
def test_a_days_work_by_keyboard_alone(browser: Browser, tmp_path: Path, locale: str) -> None:
    made = scenes.make(tmp_path, count=60, sounds=60)
    with flawless(made, tmp_path) as address:
        visit = Visit(browser, address, locale=locale, viewport={"width": 1440, "height": 900})
        page = visit.open("/")
        here = page.locator(".take.here")
        # sorted by length: from the first row back to the head of the column
        page.keyboard.press("j")
        walk(page, ".c-length [data-sort]", "Shift+Tab")
        page.keyboard.press("Enter")
        visit.settle()
        assert page.url.endswith("sort=-length")
        # narrowed down: from the search to the first kind of emotion
        emotion = "#facets [name=emotion]"
        page.keyboard.press("/")
        walk(page, emotion)
        page.keyboard.press("Space")
        page.wait_for_url(re.compile("emotion="))
        visit.settle()
        expect(page.locator(f"{emotion}:focus")).to_be_checked()
        chosen = page.locator(emotion).first.get_attribute("value")
        assert page.locator(".take").count() < 60
        # heard
        page.keyboard.press("j")
        while here.locator("[data-play]").is_disabled():
            page.keyboard.press("j")
        page.keyboard.press("Space")
        page.wait_for_function(PLAYING)
        page.keyboard.press("Space")
        # two compared, the second preferred, and back
        page.keyboard.press("x")
        page.keyboard.press("Shift+J")
        pair = page.locator(".take.picked").evaluate_all("all => all.map(row => row.dataset.record)")
        page.keyboard.press("c")
        page.wait_for_url(re.compile("/compare"))
        expect(page.locator("html[data-ready]")).to_be_attached()
        page.keyboard.press("Space")
        page.keyboard.press("x")
        page.keyboard.press("]")
        expect(page.locator("[data-panel] [data-said]")).not_to_be_empty()
        page.keyboard.press("u")
        page.wait_for_url(re.compile(f"emotion={chosen}"))
        visit.settle()
        assert page.locator(".take.picked").evaluate_all("all => all.map(row => row.dataset.record)") == pair
        page.keyboard.press("Escape")  # nothing selected
        # rated, tagged, a favourite
        page.keyboard.press("j")
        rated = here.get_attribute("data-record")
        page.keyboard.press("5")
        expect(here.locator("[data-stars]")).to_have_text("★★★★★")
        page.keyboard.press("t")
        page.keyboard.type("片头")
        page.keyboard.press("Enter")
        expect(here.locator("[data-tag]")).to_have_text("片头")
        expect(page.locator("#selection")).to_be_hidden()  # it was selected for the tag alone
        page.keyboard.press("f")
        expect(here.locator("[data-favourite]")).to_be_visible()
        # a range, taken home
        page.keyboard.press("x")
        page.keyboard.press("Shift+J")
        page.keyboard.press("Shift+J")
        expect(page.locator(".take.picked")).to_have_count(3)
        picked = page.locator(".take.picked").evaluate_all("all => all.map(row => row.dataset.record)")
        with page.expect_download() as begun:
            page.keyboard.press("z")
        with zipfile.ZipFile(io.BytesIO(begun.value.path().read_bytes())) as packed:
            told = list(csv.DictReader(io.TextIOWrapper(packed.open("records.csv"), encoding="utf-8-sig")))
            hashes = {row["event_id"]: hashlib.sha256(packed.read(row["file"])).hexdigest() for row in told}
        wanted = {take["id"]: take["data"]["audio"]["sha256"] for take in made.audible}
        assert hashes == {each: wanted[each] for each in picked}
        # found again by what was said, once the shipper has delivered it
        ship(made)
        page = visit.open("/?tag=%E7%89%87%E5%A4%B4&favourite=yes&rating=5")
        expect(page.locator(".take")).to_have_count(1)
        expect(page.locator(".take")).to_have_attribute("data-record", rated or "")
        page.goto(f"/records/{pair[1]}")
        assert page.locator("#rating").is_visible()
        assert visit.said == []
        visit.context.close()
