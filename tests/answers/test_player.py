"""The player: from take to take, in a loop, slower and faster; the waveform under the pages' strict policy."""

from __future__ import annotations

import itertools
import json
import re

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from sidecar.web.listing import PAGE
from tests.answers.scene import Scene
from tests.answers.visiting import Visit

AUDIO = "document.querySelector('[data-player] audio')"
PAINTED = """wave => {
    const counted = canvas => {
        const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
        return pixels.filter((value, index) => index % 4 === 3 && value > 0).length;
    };
    return [...wave.querySelector("div").shadowRoot.querySelectorAll("canvas")].map(counted);
}"""


def audio(page: Page, expression: str) -> object:
    return page.evaluate(f"{AUDIO}.{expression}")


def until(page: Page, condition: str) -> None:
    """Wait for what is said of the audio."""
    page.wait_for_function(f"() => {{ const audio = {AUDIO}; return {condition}; }}")


def playing(page: Page, index: int) -> Locator:
    """Start one of the list's takes that can be played; its row."""
    row = page.locator(".take:has([data-play]:enabled)").nth(index)
    row.locator("[data-play]").click()
    until(page, "audio.currentTime > 0")
    expect(page.locator("#dock [data-drawn]")).to_be_attached()
    return row


def source(row: Locator) -> re.Pattern[str]:
    return re.compile(str(row.get_attribute("data-record")))


def test_next_and_previous_lead_from_take_to_take(visit: Visit) -> None:
    page = visit.open("/")
    rows = page.locator(".take:has([data-play]:enabled)")
    playing(page, 1)
    sound = page.locator("#dock audio")
    page.get_by_role("button", name="Next take").click()
    expect(sound).to_have_attribute("src", source(rows.nth(2)))
    until(page, "!audio.paused")
    expect(page.locator("#dock [data-title]")).to_have_text(rows.nth(2).locator("[data-open]").text_content() or "")
    for key, index in (("n", 3), ("b", 2), ("b", 1), ("b", 0), ("b", 0)):
        page.keyboard.press(key)
        expect(sound).to_have_attribute("src", source(rows.nth(index)))


def test_a_take_that_cannot_be_heard_is_passed_over(visit: Visit) -> None:
    page = visit.open("/")
    rows = page.locator(".take:has([data-play]:enabled)")
    first, third = source(rows.nth(0)), source(rows.nth(2))
    playing(page, 0)
    rows.nth(1).locator("[data-play]").evaluate("button => { button.disabled = true; }")
    page.keyboard.press("n")
    expect(page.locator("#dock audio")).to_have_attribute("src", third)
    page.keyboard.press("b")
    expect(page.locator("#dock audio")).to_have_attribute("src", first)


def test_the_next_one_plays_by_itself_where_that_is_wished(visit: Visit) -> None:
    page = visit.open("/")
    rows = page.locator(".take:has([data-play]:enabled)")
    sound = page.locator("#dock audio")
    playing(page, 0)
    audio(page, "currentTime = 1e6")
    until(page, "audio.ended")
    expect(sound).to_have_attribute("src", source(rows.nth(0)))
    page.get_by_role("button", name="Autoplay").click()
    page.keyboard.press("p")
    until(page, "!audio.paused")
    audio(page, "currentTime = 1e6")
    expect(sound).to_have_attribute("src", source(rows.nth(1)))
    until(page, "!audio.paused && audio.currentTime > 0")


def test_a_loop_is_set_by_keys_and_goes_round(visit: Visit, scene: Scene) -> None:
    page = visit.open(f"/records/{scene.audible[3]['id']}")
    loop = page.locator("[data-loop]")
    page.keyboard.press("Space")
    until(page, "audio.currentTime > 0.2")
    page.keyboard.press("l")
    expect(loop).to_have_text(re.compile(r"^Loop from 0:0\d\.\d$"))
    until(page, "audio.currentTime > 0.8")
    page.keyboard.press("l")
    expect(loop).to_have_text(re.compile(r"^Loop 0:0\d\.\d–0:0\d\.\d$"))
    start, end = (float(each) for each in re.findall(r"0:(\d+\.\d)", loop.text_content() or ""))
    seen = page.evaluate(
        f"""async () => {{
            const times = [];
            for (let count = 0; count < 40; count++) {{
                await new Promise(done => setTimeout(done, 50));
                times.push({AUDIO}.currentTime);
            }}
            return times;
        }}"""
    )
    assert min(seen) >= start - 0.1
    assert max(seen) <= end + 0.3, "it never runs on"
    assert any(later < earlier for earlier, later in itertools.pairwise(seen)), "it went round"
    page.keyboard.press("l")
    expect(loop).to_have_text("Loop")
    until(page, f"audio.currentTime > {end} + 0.3")


def test_a_mouse_marks_a_loop_on_the_wave_and_a_click_beside_it_ends_it(visit: Visit, scene: Scene) -> None:
    page = visit.open(f"/records/{scene.audible[3]['id']}")
    expect(page.locator("[data-drawn]")).to_be_attached()
    box = page.locator(".wave").bounding_box()
    assert box is not None

    def at(share: float) -> tuple[float, float]:
        return box["x"] + share * box["width"], box["y"] + box["height"] / 2

    page.mouse.move(*at(0.25))
    page.mouse.down()
    page.mouse.move(*at(0.4), steps=5)
    page.mouse.move(*at(0.5), steps=5)
    page.mouse.up()
    length = scene.audible[3]["data"]["audio"]["duration"]
    loop = page.locator("[data-loop]")
    expect(loop).to_have_text(re.compile("–"))
    start, end = (float(each) for each in re.findall(r"0:(\d+\.\d)", loop.text_content() or ""))
    assert start == pytest.approx(0.25 * length, abs=0.03 * length)
    assert end == pytest.approx(0.5 * length, abs=0.03 * length)
    page.keyboard.press("Space")
    until(page, f"audio.currentTime > {start}")
    page.mouse.click(*at(0.9))
    expect(loop).to_have_text("Loop")


def test_playing_on_goes_past_the_rows_that_are_shown(visit: Visit) -> None:
    page = visit.open("/?sort=-length")  # the newest alone can be heard: by length they lie pages apart
    last = page.locator(".take:has([data-play]:enabled)").last
    identity = last.get_attribute("data-record")
    last.locator("[data-play]").evaluate("button => button.click()")  # without scrolling there: no further rows come
    until(page, "audio.currentTime > 0")
    expect(page.locator(".take")).to_have_count(PAGE)
    page.keyboard.press("n")
    expect(page.locator("#dock audio")).not_to_have_attribute("src", re.compile(str(identity)))
    until(page, "!audio.paused && audio.currentTime > 0")
    expect(page.locator(".take")).to_have_count(2 * PAGE)


def test_speed_volume_and_what_comes_next_are_remembered(visit: Visit, scene: Scene) -> None:
    page = visit.open("/")
    playing(page, 0)
    page.keyboard.press(">")
    page.keyboard.press(">")
    page.get_by_label("Volume").fill("0.4")
    page.get_by_role("button", name="Autoplay").click()
    page.keyboard.press("m")
    page.keyboard.press("n")
    until(page, "audio.playbackRate === 1.5 && audio.preservesPitch && audio.volume === 0.4 && audio.muted")
    page = visit.open(f"/records/{scene.audible[3]['id']}")
    assert audio(page, "playbackRate") == 1.5
    expect(page.get_by_label("Speed")).to_have_value("1.5")
    expect(page.get_by_role("button", name="Mute")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Mute").click()
    assert audio(page, "muted") is False
    for _ in range(9):
        page.keyboard.press("<")
    assert audio(page, "playbackRate") == 0.5
    page = visit.open("/")
    expect(page.locator("[data-autoplay]")).to_have_attribute("aria-pressed", "true")


def test_a_place_chosen_before_it_plays_is_where_it_begins(visit: Visit, scene: Scene) -> None:
    page = visit.open(f"/records/{scene.audible[3]['id']}")
    expect(page.locator("[data-drawn]")).to_be_attached()
    box = page.locator(".wave").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] * 0.6, box["y"] + 5)
    page.keyboard.press("Space")
    length = scene.audible[3]["data"]["audio"]["duration"]
    until(page, f"!audio.paused && audio.currentTime > {0.55 * length}")


def test_the_wave_is_drawn_from_the_server_s_outline_under_the_strict_policy(visit: Visit, scene: Scene) -> None:
    page = visit.open(f"/records/{scene.audible[3]['id']}")
    expect(page.locator("[data-drawn]")).to_be_attached()
    # wavesurfer draws anew, on other canvases, a moment after it drew first: all is asked for at once, until it holds
    page.wait_for_function(f"""() => {{
        const wave = document.querySelector("[data-wave]");
        const amounts = ({PAINTED})(wave);
        const canvas = wave.querySelector("div").shadowRoot.querySelector("canvas");
        return amounts.length === 2  // what was played, and all of it
            && Math.min(...amounts) > 500
            && canvas.clientHeight === document.querySelector(".wave").clientHeight
            // What wavesurfer's own style sheet says, which the policy allows by its hash
            && getComputedStyle(canvas).imageRendering === "pixelated";
    }}""")
    assert not any(url.endswith("/audio") for _, url in visit.fetched), "nothing is heard, nothing is fetched"
    policy = page.evaluate("fetch('/').then(answer => answer.headers.get('content-security-policy'))")
    assert "unsafe" not in policy


def test_a_finger_moves_the_position_and_marks_nothing(browser: Browser, address: str, scene: Scene) -> None:
    visit = Visit(browser, address, viewport={"width": 390, "height": 800}, has_touch=True, is_mobile=True)
    page = visit.open(f"/records/{scene.audible[3]['id']}")
    expect(page.locator("[data-drawn]")).to_be_attached()
    page.get_by_role("button", name="Play").tap()
    until(page, "audio.currentTime > 0")
    page.get_by_role("button", name="Pause").tap()
    box = page.locator(".wave").bounding_box()
    assert box is not None
    page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert page.evaluate(f"{AUDIO}.currentTime / {AUDIO}.duration") == pytest.approx(0.5, abs=0.03)
    page.get_by_role("button", name="Loop").tap()
    expect(page.locator("[data-loop]")).to_have_text(re.compile("^Loop from"))
    assert visit.said == []
    visit.context.close()


def test_what_a_browser_kept_wrongly_does_no_harm(visit: Visit, scene: Scene) -> None:
    page = visit.open(f"/records/{scene.audible[3]['id']}")
    for kept in ("{", json.dumps({"speed": 1}), "null"):
        page.evaluate("kept => localStorage.setItem('player', kept)", kept)
        page.reload()
        expect(page.get_by_label("Speed")).to_have_value("1")


DRAGGED = """handle => {
    const carried = new DataTransfer();
    handle.dispatchEvent(new DragEvent("dragstart", { bubbles: true, dataTransfer: carried }));
    return Object.fromEntries(["DownloadURL", "text/uri-list"].map(kind => [kind, carried.getData(kind)]));
}"""


def test_a_take_can_be_dragged_into_another_program(visit: Visit, address: str, scene: Scene) -> None:
    take = scene.audible[3]
    sound = f"{address}/api/records/{take['id']}/audio"
    page = visit.open(f"/records/{take['id']}")
    expect(page.locator("[data-drawn]")).to_be_attached()
    handle = page.get_by_role("link", name="Download")
    assert handle.get_attribute("draggable") == "true"
    name = str(handle.get_attribute("download"))
    assert name.startswith(take["time"][:10]), "as a person would call it"
    assert handle.evaluate(DRAGGED) == {"DownloadURL": f"audio/wav:{name}:{sound}", "text/uri-list": sound}
    page = visit.open(f"/compare?a={take['id']}&b={scene.audible[4]['id']}")
    expect(page.locator("html[data-ready]")).to_be_attached()
    assert page.locator(".lane .head a").first.evaluate(DRAGGED)["DownloadURL"] == f"audio/wav:{name}:{sound}"
    page = visit.open("/")
    row = playing(page, 0)
    identity = str(row.get_attribute("data-record"))
    assert identity in page.locator("#dock [data-title]").evaluate(DRAGGED)["DownloadURL"]
