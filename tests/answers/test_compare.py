"""Two takes side by side: what differs, a switch at the very moment, loudness matched, by keys and without scripts."""

from __future__ import annotations

import json
import math
import wave
from array import array
from collections.abc import Iterator
from pathlib import Path
from statistics import fmean as mean
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.answers import scene as scenes
from tests.answers.scene import Scene
from tests.answers.served import library, ship
from tests.answers.visiting import Visit
from tests.events import scored, succeeded, uuid7

TEXT = "昨天夜里，门外有脚步声？请注意，小镇上的人都睡了，请稍候。"
LONG, SHORT = 6.0, 4.0  # seconds
QUIET = 0.5  # of the other's amplitude
LANES = "[...document.querySelectorAll('.lane audio')]"


def take(text: str, duration: float, emotion: str, **effective: Any) -> dict[str, Any]:
    audio = {"path": f"outputs/spk_{uuid7()}.wav", "sha256": "2c" * 32, "bytes": 1, "duration": duration}
    params = {"requested": {}, "effective": {"top_k": 30, "temperature": 0.8, "num_beams": 3, **effective}}
    return succeeded(text, emotion=emotion, data={"audio": audio, "params": params})


@pytest.fixture(scope="module")
def takes() -> list[dict[str, Any]]:
    """The first two of one text; the others of others and without a score."""
    return [
        take(TEXT, LONG, "sad", seed=1177),
        take(TEXT, SHORT, "sad", seed=9021, temperature=1.0),
        take("Another text.", LONG, "happy"),
        take("And one more.", SHORT, "happy"),
    ]


@pytest.fixture(scope="module")
def place(
    browser: Browser, takes: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Scene]]:
    root = tmp_path_factory.mktemp("compare")
    heard = [scored(each["id"], loudness=level) for each, level in zip(takes[:2], (-19.2, -21.7), strict=True)]
    made = scenes.make(root, count=0, sounds=4, more=[*takes, *heard])
    soften(sound_of(made.folder, takes[3]))
    with library(made, root / "web.log") as address:
        yield address, made


def sound_of(place: Path, of: dict[str, Any]) -> Path:
    return place / str(of["data"]["audio"]["path"]).rpartition("/")[2]


def samples_of(path: Path) -> array[int]:
    with wave.open(str(path), "rb") as file:
        return array("h", file.readframes(file.getnframes()))


def soften(path: Path) -> None:
    samples = samples_of(path)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, scenes.RATE, 0, "NONE", ""))
        file.writeframes(array("h", (int(each * QUIET) for each in samples)).tobytes())


@pytest.fixture
def visit(browser: Browser, place: tuple[str, Scene]) -> Iterator[Visit]:
    made = Visit(browser, place[0])
    yield made
    made.context.close()
    assert made.said == []


def opened(visit: Visit, *takes: dict[str, Any], more: str = "") -> Page:
    page = visit.open("/compare?" + "&".join(f"id={each['id']}" for each in takes) + more)
    expect(page.locator("html[data-ready]")).to_be_attached()
    return page


def until(page: Page, condition: str) -> None:
    """Wait for what is said of both sounds, a and b."""
    page.wait_for_function(f"() => {{ const [a, b] = {LANES}; return {condition}; }}")


def differing(page: Page) -> dict[str, list[str]]:
    rows = page.locator("[data-differences] tbody tr")
    return {
        str(row.locator("th").text_content()): row.locator("td").all_text_contents() for row in rows.all()
    }  # fmt: skip


def test_only_what_differs_is_shown_and_a_link_shows_all(visit: Visit, takes: list[dict[str, Any]]) -> None:
    page = opened(visit, *takes[:2])
    expect(page.get_by_role("heading", name="What differs: 2 of 13")).to_be_visible()
    assert differing(page) == {"seed": ["1177", "9021"], "temperature": ["0.8", "1.0"]}
    expect(page.locator(".said")).to_have_text(TEXT)
    page.get_by_role("link", name="Show all 13").click()
    expect(page.get_by_role("link", name="Show only what differs")).to_be_focused()
    everything = differing(page)
    assert len(everything) == 13
    assert everything["num_beams"] == ["3", "3"]
    assert everything["Voice: File"] == ["examples/voice_01.wav"] * 2
    assert page.url.endswith("all=yes")
    page.get_by_role("link", name="Show only what differs").click()
    expect(page.get_by_role("link", name="Show all 13")).to_be_focused()
    assert len(differing(page)) == 2
    page.get_by_role("link", name="Swap A and B").click()
    assert differing(page)["seed"] == ["9021", "1177"]


def test_different_texts_are_both_there(visit: Visit, takes: list[dict[str, Any]]) -> None:
    page = opened(visit, takes[0], takes[2])
    assert page.locator(".lane .text").all_text_contents() == [TEXT, "Another text."]
    assert differing(page)["Emotion"] == ["sad", "happy"]


def test_a_side_that_says_nothing_of_it_has_no_value(visit: Visit, takes: list[dict[str, Any]]) -> None:
    page = opened(visit, takes[0], takes[2])
    assert differing(page)["seed"] == ["1177", "–"]


def test_the_waves_lie_one_above_the_other_on_one_scale(visit: Visit, takes: list[dict[str, Any]]) -> None:
    page = opened(visit, *takes[:2])
    long, short = (box.bounding_box() for box in page.locator(".lane .wave").all())
    assert long is not None
    assert short is not None
    assert long["x"] == short["x"]
    assert short["y"] > long["y"] + long["height"]
    assert short["width"] / long["width"] == pytest.approx(SHORT / LONG, abs=0.01)


def test_one_key_switches_at_the_same_moment(visit: Visit, takes: list[dict[str, Any]]) -> None:
    page = opened(visit, *takes[:2])
    page.keyboard.press("Space")
    until(page, "!a.paused && !a.muted && b.muted && a.currentTime > 0.5")
    for heard, silent in (("b", "a"), ("a", "b"), ("b", "a")):
        page.keyboard.press("x")
        until(page, f"!{heard}.paused && !{heard}.muted && {silent}.muted")
        apart = page.evaluate(f"(([a, b]) => Math.abs(a.currentTime - b.currentTime))({LANES})")
        assert apart < 0.15
    expect(page.locator(".lane.active")).to_have_attribute("data-side", "B")
    page.keyboard.press("Space")
    until(page, "a.paused && b.paused")
    before = page.evaluate(f"{LANES}[1].currentTime")
    page.keyboard.press("x")
    expect(page.locator(".lane.active")).to_have_attribute("data-side", "A")
    until(page, "a.paused && b.paused && !a.muted")
    assert page.evaluate(f"{LANES}[0].currentTime") == pytest.approx(before, abs=0.1)


def test_both_are_at_one_moment_however_far_apart_they_ran(visit: Visit, takes: list[dict[str, Any]]) -> None:
    page = opened(visit, *takes[:2])
    page.keyboard.press("Space")
    until(page, "a.currentTime > 0.3 && b.currentTime > 0")
    page.evaluate(f"(([a, b]) => {{ b.currentTime = 3.5; }})({LANES})")
    page.keyboard.press("Space")
    until(page, "a.paused && b.paused && Math.abs(a.currentTime - b.currentTime) < 0.01")
    page.evaluate(f"(([a, b]) => {{ b.currentTime = 3.5; }})({LANES})")
    page.keyboard.press("x")
    until(page, "!b.muted && Math.abs(a.currentTime - b.currentTime) < 0.01")


def test_beyond_the_shorter_one_s_end_there_is_silence_and_then_the_beginning(
    visit: Visit, takes: list[dict[str, Any]]
) -> None:
    page = opened(visit, *takes[:2])
    page.keyboard.press("Space")
    until(page, "a.currentTime > 0.1")
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    until(page, f"a.currentTime > {SHORT} && !a.paused")
    page.keyboard.press("x")
    until(page, "a.paused && b.paused && !b.muted")
    assert page.evaluate(f"{LANES}[1].currentTime") == pytest.approx(SHORT, abs=0.05)
    page.keyboard.press("Space")
    until(page, "!b.paused && b.currentTime < 2 && a.muted")


def test_the_sound_stops_at_the_end_of_the_one_that_is_heard(visit: Visit, takes: list[dict[str, Any]]) -> None:
    page = opened(visit, takes[1], takes[0])
    page.keyboard.press("Space")
    until(page, "!a.paused")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    until(page, "a.ended && b.paused")
    expect(page.get_by_role("button", name="Play")).to_be_visible()


def test_the_louder_one_is_turned_down_by_what_its_score_says(visit: Visit, takes: list[dict[str, Any]]) -> None:
    page = opened(visit, *takes[:2])
    assert page.evaluate(f"{LANES}.map(each => each.volume)") == [1, 1]
    page.keyboard.press("e")
    louder, quieter = page.evaluate(f"{LANES}.map(each => each.volume)")
    assert quieter == 1
    assert 20 * math.log10(louder) == pytest.approx(-21.7 + 19.2, abs=0.01)
    expect(page.locator("[data-matched]")).to_have_text("Loudness matched: A is turned down by 2.5 LU.")
    page.keyboard.press("e")
    assert page.evaluate(f"{LANES}.map(each => each.volume)") == [1, 1]


def test_without_scores_the_mean_level_matches(
    visit: Visit, takes: list[dict[str, Any]], place: tuple[str, Scene]
) -> None:
    page = opened(visit, takes[2], takes[3])
    page.get_by_role("button", name="Match loudness").click()
    louder, quieter = page.evaluate(f"{LANES}.map(each => each.volume)")
    assert quieter == 1
    squares = [mean(each * each for each in samples_of(sound_of(place[1].folder, takes[index]))) for index in (2, 3)]
    assert 20 * math.log10(louder) == pytest.approx(10 * math.log10(squares[1] / squares[0]), abs=0.02)
    expect(page.locator("[data-matched]")).to_contain_text("for there is no score: A is turned down by")


def test_a_click_on_a_wave_is_heard_from_there(visit: Visit, takes: list[dict[str, Any]]) -> None:
    page = opened(visit, *takes[:2])
    box = page.locator(".lane .wave").nth(1).bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 20)
    expect(page.locator(".lane.active")).to_have_attribute("data-side", "B")
    until(page, f"Math.abs(a.currentTime - {SHORT / 2}) < 0.2 && Math.abs(b.currentTime - {SHORT / 2}) < 0.2")


def preferences(folder: Path) -> list[tuple[str, list[str], str | None]]:
    """As they were written into the folder, the earliest first."""
    events = [json.loads(path.read_bytes()) for path in folder.glob("*.json")]
    said = [each for each in events if each["type"] == "indextts.audio.preferred"]
    return [
        (each["subject"], each["data"]["over"], each["data"]["caller"]["user"])
        for each in sorted(said, key=lambda each: str(each["time"]))
    ]


@pytest.fixture
def fresh(browser: Browser, tmp_path: Path, takes: list[dict[str, Any]]) -> Iterator[tuple[str, Scene]]:
    """A place of a test's own, in which something is written."""
    made = scenes.make(tmp_path, count=0, sounds=4, more=takes)
    with library(made, tmp_path / "web.log") as address:
        yield address, made
    assert "Traceback" not in (tmp_path / "web.log").read_text()


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_two_takes_are_compared_and_one_is_preferred_by_keys_alone(
    browser: Browser, fresh: tuple[str, Scene], takes: list[dict[str, Any]], locale: str
) -> None:
    address, made = fresh
    visit = Visit(browser, address, locale=locale)
    page = opened(visit, *takes[:2])
    page.keyboard.press("Space")
    until(page, "!a.paused")
    page.keyboard.press("x")
    until(page, "!b.muted && a.muted")
    page.keyboard.press("]")
    expect(page.locator(".lane.preferred")).to_have_attribute("data-side", "B")
    expect(page.locator("[data-said]")).to_contain_text("B")
    assert preferences(made.folder) == [(takes[1]["id"], [takes[0]["id"]], None)]
    page.keyboard.press("[")
    expect(page.locator(".lane.preferred")).to_have_attribute("data-side", "A")
    ship(made)
    chosen, other = (httpx.get(f"{address}/api/records/{each['id']}").json() for each in takes[:2])
    assert (chosen["wins"], chosen["losses"]) == (1, 0), "the later word counts, for both"
    assert (other["wins"], other["losses"]) == (0, 1)
    page.reload()
    expect(page.locator(".lane").first.locator("[data-won]")).to_be_visible()
    assert visit.said == []
    visit.context.close()


def test_of_several_the_preferred_one_meets_the_next(
    browser: Browser, fresh: tuple[str, Scene], takes: list[dict[str, Any]]
) -> None:
    """By touch, on a phone."""
    address, made = fresh
    visit = Visit(browser, address, viewport={"width": 390, "height": 800}, has_touch=True, is_mobile=True)
    page = opened(visit, *takes[:3])
    a, b, c = (each["id"] for each in takes[:3])
    expect(page.locator("[data-left]")).to_have_text("1 more to go: the one that you prefer meets the next.")
    page.get_by_label("Your name").fill("耳朵")
    page.get_by_role("button", name="Play").tap()
    until(page, "!a.paused && a.currentTime > 0")
    page.get_by_role("button", name="Hear the other").tap()
    until(page, "!b.muted && a.muted")
    page.get_by_role("button", name="Prefer B").tap()
    page.wait_for_url(f"**/compare?id={c}&id={b}")
    expect(page.locator("[data-left]")).to_have_count(0)
    expect(page.locator("html[data-ready]")).to_be_attached()
    page.get_by_role("button", name="Prefer A").tap()
    expect(page.locator("[data-said]")).to_contain_text("A is preferred")
    assert preferences(made.folder) == [(b, [a], "耳朵"), (c, [b], "耳朵")]
    assert visit.said == []
    visit.context.close()


def test_what_cannot_be_saved_says_so(browser: Browser, fresh: tuple[str, Scene], takes: list[dict[str, Any]]) -> None:
    address, made = fresh
    visit = Visit(browser, address)
    page = opened(visit, *takes[:2])
    kept = made.folder.rename(made.folder.with_name("elsewhere"))
    page.keyboard.press("[")
    expect(page.locator("[data-said].bad")).to_contain_text("Not saved")
    expect(page.locator(".lane.preferred")).to_have_count(0)
    kept.rename(made.folder)
    visit.context.close()


def test_without_scripts_both_are_there_with_what_differs(
    browser: Browser, place: tuple[str, Scene], takes: list[dict[str, Any]]
) -> None:
    visit = Visit(browser, place[0], java_script_enabled=False)
    page = visit.open(f"/compare?a={takes[0]['id']}&b={takes[1]['id']}")
    assert page.locator(".lane noscript audio[controls]").count() == 2
    expect(page.get_by_role("heading", name="What differs: 2 of 13")).to_be_visible()
    expect(page.locator("[data-panel]")).to_be_hidden()
    page.get_by_role("link", name="Show all 13").click()
    assert page.locator("[data-differences] tbody tr").count() == 13
    visit.context.close()


@pytest.mark.parametrize(
    ("asked", "status"),
    [("", 400), ("id={0}", 400), ("a={0}&b={0}", 400), ("a={0}&b=unknown", 404), ("a={0}&b=未知", 400)],
)
def test_what_cannot_be_compared_says_what_to_do(
    browser: Browser, place: tuple[str, Scene], takes: list[dict[str, Any]], asked: str, status: int
) -> None:
    visit = Visit(browser, place[0])
    answer = visit.page.goto("/compare?" + asked.format(takes[0]["id"]))
    assert answer is not None
    assert answer.status == status
    expect(visit.page.locator("[data-empty]")).to_contain_text("Choose two takes")
    visit.context.close()


def test_a_take_whose_file_is_gone_is_told_and_the_other_is_heard(
    visit: Visit, takes: list[dict[str, Any]], place: tuple[str, Scene]
) -> None:
    path = sound_of(place[1].folder, takes[3])
    kept = path.read_bytes()
    path.unlink()
    try:
        page = opened(visit, takes[3], takes[2])
        expect(page.locator(".lane .gone")).to_have_text("The file is no longer there.")
        page.keyboard.press("Space")
        page.wait_for_function("() => document.querySelector('.lane audio').currentTime > 0")
        page.keyboard.press("x")
        expect(page.locator(".lane.active")).to_have_attribute("data-side", "B")
    finally:
        path.write_bytes(kept)
