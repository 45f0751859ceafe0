"""The queue of takes to hear: its page by keys and by touch, its list for programs, and what is decided there."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Route, expect

from sidecar.storage.dsn import parse_dsn
from tests.answers import scene as scenes
from tests.answers.load import load
from tests.answers.scene import Scene
from tests.answers.served import flawless, library, ship
from tests.answers.test_fits import BOXES, violations
from tests.answers.visiting import Visit
from tests.events import scored
from tests.unit.answers.test_doubts import USUAL, past

MEASURES = {name: value for name, value in USUAL.items() if name not in ("voice", "language", "truncated")}
DOUBTFUL, SCORED = 4, 40


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    """Takes with sound, of which the newest are in doubt: the newer, the less."""
    made = scenes.make(tmp_path, count=80, sounds=DOUBTFUL)
    others = [each for each in made.documents if each["type"].endswith("succeeded") and each not in made.audible]
    heard = []
    for each, measures in zip([*made.audible, *others], past(SCORED), strict=False):
        heard.append(scored(each["id"], **{name: measures[name] for name in MEASURES}))
    for place in range(DOUBTFUL):
        heard[place]["data"]["measures"]["longest_silence"] = 4.0 + place
    load(parse_dsn(made.url), heard, folder=str(made.folder))
    return made


@pytest.fixture
def address(scene: Scene, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with flawless(scene, tmp_path_factory.mktemp("log")) as found:
        yield found


def expected(scene: Scene) -> list[str]:
    """The most doubtful first."""
    return [each["id"] for each in reversed(scene.audible[:DOUBTFUL])]


def verdicts(scene: Scene) -> list[tuple[str, str | None, list[str], str | None]]:
    """As they were written into the folder."""
    events = [json.loads(path.read_bytes()) for path in sorted(scene.folder.glob("*.json"))]
    said = [each for each in events if each["type"] == "indextts.audio.reviewed"]
    return [
        (each["subject"], each["data"]["verdict"], each["data"]["doubts"], each["data"]["caller"]["user"])
        for each in sorted(said, key=lambda each: str(each["time"]))
    ]


def test_the_queue_is_worked_off_by_keys_alone(scene: Scene, visit: Visit) -> None:
    page = visit.open("/review")
    first, second, third, fourth = expected(scene)
    rows = page.locator("#queue .take")
    assert [rows.nth(place).get_attribute("data-record") for place in range(DOUBTFUL)] == [first, second, third, fourth]
    expect(rows.first.locator(".doubt").first).to_contain_text("Silent for 7.0 s")
    page.locator("#by").fill("耳朵")
    page.keyboard.press("Escape")
    page.keyboard.press("Space")
    page.wait_for_function("() => document.querySelector('#dock audio').currentTime > 0")
    page.keyboard.press("x")
    expect(page.locator(f"[data-record='{first}'] [data-decided]")).to_have_text("rejected")
    expect(page.locator(".take.here")).to_have_attribute("data-record", second)
    page.keyboard.press("k")
    expect(page.locator(".take.here")).to_have_attribute("data-record", third)
    page.keyboard.press("n")
    expect(page.locator(".take.here")).to_have_attribute("data-record", fourth)
    page.keyboard.press("k")
    expect(page.locator(".take.here")).to_have_attribute("data-record", third)
    page.keyboard.press("x")
    expect(page.locator("[data-empty]")).to_contain_text("Nothing left to hear")
    assert [each[:2] for each in verdicts(scene)] == [
        (first, "reject"), (second, "keep"), (fourth, "keep"), (third, "reject"),
    ]  # fmt: skip
    assert {each[3] for each in verdicts(scene)} == {"耳朵"}
    assert all("silence" in each[2] for each in verdicts(scene))


def test_what_was_decided_is_taken_back_here_and_after_all_is_decided(scene: Scene, visit: Visit) -> None:
    page = visit.open("/review")
    first, second, third, fourth = expected(scene)
    expect(page.locator("[data-undo]")).to_be_hidden()
    page.keyboard.press("u")
    page.keyboard.press("k")
    expect(page.locator(".take.here")).to_have_attribute("data-record", second)
    page.keyboard.press("u")
    expect(page.locator(".take.here")).to_have_attribute("data-record", first)
    expect(page.locator("[data-said]")).to_have_text("Taken back.")
    expect(page.locator(f"[data-record='{first}'] [data-decided]")).to_have_text("")
    for record in (first, second, third, fourth):
        expect(page.locator(".take.here")).to_have_attribute("data-record", record)
        page.keyboard.press("x")
    expect(page.locator("[data-empty]")).to_contain_text("Nothing left to hear")
    page.get_by_role("button", name="Take the last decision back").click()
    expect(page.locator(".take.here")).to_have_attribute("data-record", fourth)
    assert [each[:2] for each in verdicts(scene)] == [
        (first, "keep"), (first, None), *((record, "reject") for record in (first, second, third, fourth)),
        (fourth, None),
    ]  # fmt: skip


def test_who_decides_on_two_takes_at_once_has_decided_on_both(scene: Scene, visit: Visit) -> None:
    page = visit.open("/review")
    first, second = expected(scene)[:2]
    held: list[Route] = []
    page.route(f"**/api/records/{first}/verdict", lambda route: held.append(route))  # on its way for long
    page.locator(f"[data-record='{first}'] [data-decide=keep]").click()
    page.locator(f"[data-record='{second}'] [data-decide=reject]").click()
    expect(page.locator(f"[data-record='{second}'] [data-decided]")).to_have_text("rejected")
    held[0].continue_()
    expect(page.locator(f"[data-record='{first}'] [data-decided]")).to_have_text("kept")
    assert [each[:2] for each in verdicts(scene)] == [(second, "reject"), (first, "keep")]


def test_a_finger_is_enough_and_chinese_is_spoken(scene: Scene, browser: Browser, address: str) -> None:
    phone = {"viewport": {"width": 375, "height": 700}, "has_touch": True, "is_mobile": True, "locale": "zh-CN"}
    visit = Visit(browser, address, **phone)
    page = visit.open("/review")
    expect(page.locator("h1")).to_have_text("待听的录音")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for _ in range(DOUBTFUL - 1):
        button = page.locator(".take.here [data-decide=keep]")
        record = page.locator(".take.here").get_attribute("data-record")
        assert (button.bounding_box() or {"height": 0})["height"] >= 44
        button.tap()
        expect(page.locator(f"[data-record='{record}'] [data-decided]")).to_have_text("已保留")
    page.locator(".take.here [data-decide=reject]").tap()
    expect(page.locator("[data-empty]")).to_contain_text("没有要听的了")
    visit.context.close()
    assert visit.said == []
    assert [each[1] for each in verdicts(scene)] == ["keep", "keep", "keep", "reject"]


def test_a_verdict_goes_by_the_shipper_into_the_tables_and_is_told_everywhere(
    scene: Scene, address: str, visit: Visit
) -> None:
    first = expected(scene)[0]
    with httpx.Client(base_url=address, trust_env=False) as client:
        queue = client.get("/api/review").json()
        assert [each["event_id"] for each in queue["records"]] == expected(scene)
        assert (queue["waiting"], queue["scored"], queue["doubts"]) == (DOUBTFUL, SCORED, {"silence": DOUBTFUL})
        assert client.post(f"/api/records/{first}/verdict", json={"verdict": "reject", "by": "ear"}).status_code == 202
        assert client.get("/api/review").json()["waiting"] == DOUBTFUL - 1, "it is on its way"
        ship(scene)
        record: dict[str, Any] = client.get(f"/api/records/{first}").json()
        assert (record["verdict"], record["reviewed_by"]) == ("reject", "ear")
        doubtful = client.get("/api/records?doubtful=yes").json()["records"]
        assert {each["event_id"] for each in doubtful} == set(expected(scene))
        assert all(each["doubts"] for each in doubtful)
    page = visit.open("/?doubtful=yes")
    assert page.locator("#results .take").count() == DOUBTFUL
    expect(page.locator(f"[data-record='{first}'] [data-doubt]")).to_contain_text("Silent for 7.0 s")
    expect(page.locator(f"[data-record='{first}'] [data-badges]")).to_contain_text("rejected")
    page = visit.open(f"/records/{first}")
    expect(page.locator("[data-doubts] li").first).to_contain_text("Silent for 7.0 s")
    expect(page.locator("[data-doubts] [data-verdict]")).to_contain_text("ear")


def keep_pauses(scene: Scene) -> None:
    """Twelve takes with a pause that is just too long, all kept."""
    heard, others = [], [each for each in scene.documents if each["type"].endswith("succeeded")][SCORED : SCORED + 12]
    for each in others:
        heard.append(scored(each["id"], **{**MEASURES, "longest_silence": 1.25}))
        said = {"verdict": "keep", "doubts": ["silence"], "caller": {"user": "ear"}}
        heard.append({**scored(each["id"]), "type": "indextts.audio.reviewed", "data": said})
    load(parse_dsn(scene.url), heard, folder=str(scene.folder))


@pytest.mark.parametrize("locale", ["en", "zh-CN"])
def test_the_page_says_which_limit_people_moved_and_how_often_doubts_are_right(
    scene: Scene, browser: Browser, tmp_path_factory: pytest.TempPathFactory, locale: str
) -> None:
    keep_pauses(scene)
    with library(scene, tmp_path_factory.mktemp("log") / "web.log") as address:
        told = httpx.get(f"{address}/api/review", trust_env=False).json()["verdicts"]
        assert told["reasons"] == [{"kind": "silence", "rejected": 0, "kept": 12, "precision": 0.0, "limit_times": 1.1}]
        phone = {"viewport": {"width": 390, "height": 800}, "locale": locale}
        visit = Visit(browser, address, **phone)
        page = visit.open("/review")
        card = page.locator("[data-agreement]")
        expect(card).to_contain_text("1.2 s")
        expect(card).to_contain_text("1.32 s")
        expect(card.locator("svg rect.fill")).to_have_count(2)
        card.locator("summary").click()
        expect(card.locator("tbody tr").first).to_contain_text("1.2 s → 1.32 s")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        if folder := os.environ.get("SCREENSHOTS"):
            page.screenshot(path=f"{folder}/review-{locale}.png", full_page=True)
        visit.context.close()
        assert visit.said == []


def test_a_wrong_verdict_is_refused(scene: Scene, address: str) -> None:
    url = f"/api/records/{expected(scene)[0]}/verdict"
    wrong: list[object] = [{"verdict": "maybe"}, {}, [], None, {"verdict": 1}, {"verdict": "keep", "more": 1}]
    with httpx.Client(base_url=address, trust_env=False) as client:
        for body in [*wrong, {"verdict": "keep", "by": 7}]:
            answer = client.post(url, content=json.dumps(body), headers={"Content-Type": "application/json"})
            assert answer.status_code == 422, body
            assert "keep" in answer.json()["error"]["hint"]
    assert verdicts(scene) == []


def test_a_verdict_from_another_sites_page_or_without_the_token_is_refused(
    scene: Scene, address: str, tmp_path: Path
) -> None:
    url, body = f"/api/records/{expected(scene)[0]}/verdict", {"verdict": "reject"}
    with httpx.Client(base_url=address, trust_env=False) as client:
        assert client.post(url, json=body, headers={"Origin": "https://evil.example"}).status_code == 403
        assert client.post(url, json=body, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
        assert client.post(url, data=body).status_code == 415
        html = client.get("/review").text
        assert "<style" not in html
        assert " style=" not in html
        assert all(part.startswith(' type="module" src="/static/') for part in html.split("<script")[1:])
    token = "a-token-of-some-length"
    with (
        library(scene, tmp_path / "token.log", SIDECAR_WEB_TOKEN=token) as guarded,
        httpx.Client(base_url=guarded, trust_env=False) as client,
    ):
        assert client.post(url, json=body).status_code == 401
        assert client.get("/review").status_code == 303
    assert verdicts(scene) == []


def test_without_a_score_the_page_says_how_to_have_one(browser: Browser, tmp_path: Path) -> None:
    bare = scenes.make(tmp_path, count=20, sounds=2)
    with library(bare, tmp_path / "web.log") as address:
        visit = Visit(browser, address)
        expect(visit.open("/review").locator("[data-empty]")).to_contain_text("sidecar score")
        visit.context.close()
    assert visit.said == []


@pytest.mark.parametrize(("scheme", "locale", "width"), [("light", "en-US", 1440), ("dark", "zh-CN", 390)])
def test_the_queue_is_accessible_with_takes_in_it_and_fits(
    browser: Browser, address: str, scheme: str, locale: str, width: int
) -> None:
    visit = Visit(browser, address, color_scheme=scheme, locale=locale, viewport={"width": width, "height": 800})
    page = visit.open("/review")
    expect(page.locator("[data-record]")).to_have_count(DOUBTFUL)
    assert violations(page) == []
    assert page.evaluate(BOXES) == []
    page.keyboard.press("x")  # and what is said of one that was decided
    expect(page.locator("[data-record]").first).to_be_visible()
    assert violations(page) == []
    visit.context.close()
    assert visit.said == []
