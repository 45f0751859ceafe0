"""The library while it is being used: what opens beside, below and over the list is as accessible as the page, in both
themes; and on a phone a finger does what a mouse does elsewhere.
"""

from __future__ import annotations

import io
import zipfile

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.answers.scene import Scene
from tests.answers.test_fits import BOXES, violations
from tests.answers.visiting import Visit

PHONE = {"width": 390, "height": 844}


def played(page: Page) -> None:
    row = page.locator(".take:has([data-play]:enabled)").first
    row.locator("[data-play]").click()
    expect(page.locator("#dock [data-drawn]")).to_be_attached()


def inspected(page: Page) -> None:
    page.locator(".take [data-open]").nth(2).click()
    expect(page.locator("#inspector article")).to_be_visible()


def selected(page: Page) -> None:
    page.locator(".take [data-pick]").nth(1).click()
    page.locator(".take [data-pick]").nth(4).click(modifiers=["Shift"])
    expect(page.locator("#selection")).to_contain_text("4")


def kept_as_view(page: Page) -> None:
    page.locator("#save-view [name=name]").fill("片头")
    page.locator("#save-view button").click()
    expect(page.locator("#views [data-own]")).to_be_visible()


def columns_open(page: Page) -> None:
    page.locator(".menu summary").click()
    expect(page.locator(".menu form")).to_be_visible()


def help_open(page: Page) -> None:
    page.keyboard.press("?")
    expect(page.locator("#keys dl")).to_be_visible()


def asked_to_delete(page: Page) -> None:
    page.keyboard.press("Escape")
    page.locator("#selection [data-delete]").click()
    expect(page.get_by_role("dialog")).to_be_visible()


WIDE = (played, inspected, selected, kept_as_view, columns_open, help_open, asked_to_delete)
"""One after the other: each finds open what came before it."""


@pytest.mark.parametrize(("scheme", "locale"), [("light", "zh-CN"), ("dark", "en-US")])
def test_what_opens_is_accessible_and_fits(browser: Browser, address: str, scheme: str, locale: str) -> None:
    visit = Visit(browser, address, color_scheme=scheme, locale=locale, viewport={"width": 1440, "height": 900})
    page = visit.open("/")
    found = {}
    for opening in WIDE:
        opening(page)
        page.evaluate(
            "Promise.allSettled(document.getAnimations().map(each => each.finished))"
        )  # half faded in is pale
        if wrong := violations(page) + page.evaluate(BOXES):
            found[opening.__name__] = wrong
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert found == {}
    assert visit.said == []
    visit.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_comparison_under_way_is_accessible_and_fits(
    browser: Browser, address: str, scene: Scene, scheme: str
) -> None:
    first, second = (take["id"] for take in scene.audible[3:5])
    visit = Visit(browser, address, color_scheme=scheme, viewport={"width": 1440, "height": 900})
    page = visit.open(f"/compare?a={first}&b={second}&all=yes")
    expect(page.locator("[data-drawn]")).to_have_count(2)
    page.locator("[data-toggle]").click()
    page.locator("[data-match]").click()
    page.locator("[data-switch]").click()
    page.keyboard.press("?")
    assert violations(page) + page.evaluate(BOXES) == []
    assert visit.said == []
    visit.context.close()


def test_a_finger_opens_plays_rates_selects_and_takes_home(browser: Browser, address: str, scene: Scene) -> None:
    visit = Visit(browser, address, viewport=PHONE, has_touch=True, is_mobile=True, locale="zh-CN")
    page = visit.open("/")
    row = page.locator(f".take[data-record='{scene.audible[0]['id']}']")
    row.scroll_into_view_if_needed()
    for name in ("[data-play]", "[data-pick]"):
        box = row.locator(name).bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 24, f"{name} is too small for a finger"
    row.locator("[data-play]").tap()
    page.wait_for_function("() => document.querySelector('#dock audio').currentTime > 0")
    page.locator("#dock [data-toggle]").tap()
    page.wait_for_function("() => document.querySelector('#dock audio').paused")
    page.locator("#dock [data-close]").tap()
    picks = page.locator(".take:has([data-play]:enabled) [data-pick]")
    picks.nth(0).tap()
    picks.nth(1).tap()
    bar = page.locator("#selection")
    expect(bar).to_contain_text("2")
    assert violations(page) + page.evaluate(BOXES) == []
    bar.locator("[data-rate]").select_option("4")
    expect(page.locator("#told")).to_contain_text("2")
    expect(page.locator(".take.picked [data-stars]").first).to_have_text("★★★★")
    with page.expect_download() as begun:
        bar.locator("[formaction$=zip]").tap()
    with zipfile.ZipFile(io.BytesIO(begun.value.path().read_bytes())) as packed:
        assert len(packed.namelist()) == 3, "two takes and their table"
    bar.locator("[data-clear]").tap()
    expect(bar).to_be_hidden()
    row.locator("[data-open]").tap()
    page.wait_for_url(f"**/records/{scene.audible[0]['id']}")
    page.locator("label[for=rate5]").tap()
    expect(page.locator("#rate5")).to_be_checked()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert visit.said == []
    visit.context.close()
