"""A take's page: all that was recorded of it, and nothing that leads nowhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.answers import scene as scenes
from tests.answers.scene import Scene
from tests.answers.served import library
from tests.answers.visiting import Visit
from tests.events import scored, succeeded

EXAMPLES = Path(__file__).parents[2] / "schema" / "event" / "examples" / "valid"


def example(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((EXAMPLES / f"{name}.json").read_text(encoding="utf-8"))
    return document


@pytest.fixture(scope="module")
def takes() -> dict[str, dict[str, Any]]:
    once = succeeded("made once", data={"request_hash": "1a" * 32})
    several = [succeeded("made twice", data={"request_hash": "2b" * 32}) for _ in range(2)]
    return {
        "reference": example("interrupted"),
        "failed": example("failed"),
        "once": once,
        "twice": several[0],
        "again": several[1],
        "heard": (heard := succeeded("欢迎使用语音合成，请说！", data={"request_hash": "3c" * 32})),
        "unheard": (unheard := succeeded("没听到", data={"request_hash": "4d" * 32})),
        "transcript": transcript(
            heard["id"],
            text="欢迎使用雨衣合成请说<b>吧",
            cer=1 / 6,
            differences=[{"start": 4, "end": 6, "heard": "雨衣"}, {"start": 11, "end": 12, "heard": "<b>吧"}],
        ),
        "no transcript": transcript(unheard["id"], problem="127.0.0.1:8000 answered 503: busy"),
    }


def transcript(take: str, **members: Any) -> dict[str, Any]:
    """A score with what a recogniser heard."""
    event = scored(take)
    event["data"]["transcript"] = {"recogniser": "ear", **members}
    return event


@pytest.fixture(scope="module")
def place(
    browser: Browser, takes: dict[str, dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Scene]]:
    root = tmp_path_factory.mktemp("takes")
    made = scenes.make(root, count=0, sounds=3, more=takes.values())
    with library(made, root / "web.log") as address:
        yield address, made


@pytest.fixture
def visit(browser: Browser, place: tuple[str, Scene]) -> Iterator[Visit]:
    made = Visit(browser, place[0])
    yield made
    made.context.close()
    assert made.said == []


def test_the_emotion_s_reference_and_strength_are_there(visit: Visit, takes: dict[str, dict[str, Any]]) -> None:
    page = visit.open(f"/records/{takes['reference']['subject']}")
    emotion = takes["reference"]["data"]["emotion"]
    section = page.locator("[data-section=emotion]")
    expect(section).to_contain_text(emotion["audio"]["path"])
    expect(section).to_contain_text(emotion["audio"]["sha256"])
    expect(section).to_contain_text("Strength asked for" + "0.8", use_inner_text=False)
    expect(section).to_contain_text("Reference audio")


def test_the_traceback_is_there_to_the_last_line(visit: Visit, takes: dict[str, dict[str, Any]]) -> None:
    page = visit.open(f"/records/{takes['failed']['subject']}")
    expect(page.locator("[data-traceback]")).to_be_visible()
    assert page.locator("[data-traceback]").text_content() == takes["failed"]["data"]["error"]["traceback"]


def test_every_parameter_is_there(visit: Visit, takes: dict[str, dict[str, Any]]) -> None:
    page = visit.open(f"/records/{takes['failed']['subject']}")
    section = page.locator("[data-section=params]")
    told = dict(zip(section.locator("dt").all_text_contents(), section.locator("dd").all_text_contents(), strict=True))
    assert told == {"num_beams": "3", "do_sample": "true"}


def test_same_request_is_offered_only_where_there_is_one(visit: Visit, takes: dict[str, dict[str, Any]]) -> None:
    page = visit.open(f"/records/{takes['twice']['id']}")
    page.get_by_role("link", name="Same request").click()
    expect(page.locator(".take")).to_have_count(2)
    page = visit.open(f"/records/{takes['once']['id']}")
    expect(page.get_by_role("link", name="Same voice")).to_have_count(1)
    expect(page.get_by_role("link", name="Same request")).to_have_count(0)
    expect(page.get_by_role("heading", name="Other takes of this request")).to_have_count(0)


def test_what_a_recogniser_heard_otherwise_is_marked_in_the_text(
    visit: Visit, takes: dict[str, dict[str, Any]]
) -> None:
    marked = visit.open(f"/records/{takes['heard']['subject']}").locator("[data-heard]")
    expect(marked).to_contain_text("ear heard 16.7% of the characters otherwise")
    expect(marked.locator("del")).to_have_text(["语音", "！"])
    expect(marked.locator("ins")).to_have_text(["雨衣", "<b>吧"])
    expect(marked.locator(".compared")).to_have_text("欢迎使用语音雨衣合成，请说！<b>吧")
    without = visit.open(f"/records/{takes['unheard']['subject']}").locator("[data-heard]")
    expect(without).to_contain_text("No transcript: 127.0.0.1:8000 answered 503")
    expect(visit.open(f"/records/{takes['once']['subject']}").locator("[data-heard]")).to_have_count(0)
