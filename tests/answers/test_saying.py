"""What people say of takes through the library: tags, favourites, notes, preferences; by API and on a take's page."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, expect

from tests.answers import scene as scenes
from tests.answers.scene import Scene
from tests.answers.served import flawless, library, ship
from tests.answers.visiting import Visit

UNKNOWN = "019a8f3e-0000-7000-8000-000000000000"


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return scenes.make(tmp_path, count=20, sounds=3)


@pytest.fixture
def address(scene: Scene, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with flawless(scene, tmp_path_factory.mktemp("log")) as found:
        yield found


def said(scene: Scene) -> list[dict[str, Any]]:
    """What was written into the folder, in order."""
    events = [json.loads(path.read_bytes()) for path in scene.folder.glob("*.json")]
    return sorted(
        (each for each in events if each["type"] in ("indextts.audio.tagged", "indextts.audio.preferred")),
        key=lambda each: str(each["time"]),
    )


def ids(client: httpx.Client, **filters: Any) -> list[str]:
    answer = client.get("/api/records", params=filters)
    assert answer.status_code == 200, answer.text
    return [each["event_id"] for each in answer.json()["records"]]


def test_tags_favourites_notes_and_preferences_go_by_the_shipper_into_every_answer(
    scene: Scene, client: httpx.Client
) -> None:
    first, second, third = (each["id"] for each in scene.audible)
    posts: list[tuple[str, dict[str, Any]]] = [
        (f"/api/records/{first}/tags", {"add": ["  片头\n one ", "b"], "remove": ["c"], "by": "ear"}),
        (f"/api/records/{second}/tags", {"add": ["b"]}),
        (f"/api/records/{first}/favourite", {"favourite": True}),
        (f"/api/records/{first}/note", {"note": "尾音自然", "by": "ear"}),
        ("/api/preferences", {"preferred": first, "over": [second, third], "by": "ear"}),
    ]
    for url, body in posts:
        answer = client.post(url, json=body)
        assert answer.status_code == 202, answer.text
        assert answer.json()["event_id"] in {each["id"] for each in said(scene)}
    ship(scene)
    told = client.get(f"/api/records/{first}").json()
    assert (told["tags"], told["favourite"], told["wins"], told["losses"]) == (["b", "片头 one"], True, 2, 0)
    assert (told["take_note"], told["noted_by"]) == ("尾音自然", "ear")
    assert {client.get(f"/api/records/{each}").json()["losses"] for each in (second, third)} == {1}
    assert ids(client, tag="b") == [first, second]
    assert (
        ids(client, tag=["b", "片头 one"]) == ids(client, tag="b,片头 one") == ids(client, favourite="yes") == [first]
    )
    assert ids(client, tag="b,-片头 one") == [second]
    assert first not in ids(client, favourite="no")
    assert client.get("/api/records", params={"favourite": "perhaps"}).status_code == 400
    client.post(f"/api/records/{first}/favourite", json={"favourite": False})
    client.post(f"/api/records/{first}/note", json={"note": None})
    client.post("/api/preferences", json={"preferred": second, "over": [first], "by": "ear"})
    ship(scene)
    told = client.get(f"/api/records/{first}").json()
    assert (told["favourite"], told["take_note"], told["wins"], told["losses"]) == (False, None, 1, 1)
    page = client.get("/", params={"tag": ["b", "片头 one"]}).text
    assert first in page
    assert second not in page


@pytest.mark.parametrize(
    ("path", "bodies"),
    [
        ("tags", [{}, {"by": "x"}, {"add": []}, {"add": "a"}, {"add": [1]}, {"add": ["a,b"]}, {"add": ["-a"]}, [],
                  {"add": ["x" * 65]}, {"add": [""]}, {"add": ["a"] * 101}, {"add": ["a"], "more": 1}, {"add": None}]),
        ("favourite", [{}, {"favourite": 1}, {"favourite": None}, {"favourite": True, "by": 7}]),
        ("note", [{}, {"note": 1}, {"note": "x" * 10_001}, {"note": "a", "by": "x" * 256}]),
        ("rating", [{}, {"rating": 6}, {"rating": True}, {"rating": 3, "note": 1}]),
    ],
)  # fmt: skip
def test_a_wrong_body_is_refused(scene: Scene, client: httpx.Client, path: str, bodies: list[object]) -> None:
    event_id = scene.audible[0]["id"]
    for body in bodies:
        answer = client.post(f"/api/records/{event_id}/{path}", json=body)
        assert answer.status_code == 422, body
        assert answer.json()["error"]["hint"]
    assert client.post(f"/api/records/{UNKNOWN}/{path}", json={"rating": 3}).status_code in (404, 422)
    assert said(scene) == []


def test_a_preference_is_of_two_takes_that_are_there(scene: Scene, client: httpx.Client) -> None:
    first, second, _ = (each["id"] for each in scene.audible)
    for status, body in [
        (404, {"preferred": UNKNOWN, "over": [second]}),
        (404, {"preferred": first, "over": [second, UNKNOWN]}),
        (404, {"preferred": first, "over": ["ä"]}),
        (422, {"preferred": first, "over": []}),
        (422, {"preferred": first, "over": [first]}),
        (422, {"preferred": first}),
        (422, {"preferred": None, "over": [second]}),
    ]:
        assert client.post("/api/preferences", json=body).status_code == status, body
    assert said(scene) == []


def test_no_other_site_s_page_and_nobody_without_the_token_says_anything(
    scene: Scene, client: httpx.Client, tmp_path: Path
) -> None:
    first, second, _ = (each["id"] for each in scene.audible)
    posts: list[tuple[str, dict[str, Any]]] = [
        (f"/api/records/{first}/tags", {"add": ["a"]}),
        (f"/api/records/{first}/favourite", {"favourite": True}),
        (f"/api/records/{first}/note", {"note": "a"}),
        ("/api/preferences", {"preferred": first, "over": [second]}),
    ]
    for url, body in posts:
        assert client.post(url, json=body, headers={"Origin": "https://evil.example"}).status_code == 403
        assert client.post(url, data={"add": "a"}).status_code == 415
    with (
        library(scene, tmp_path / "token.log", SIDECAR_WEB_TOKEN="a-token-of-some-length") as guarded,
        httpx.Client(base_url=guarded, trust_env=False) as stranger,
    ):
        for url, body in posts:
            assert stranger.post(url, json=body).status_code == 401
    assert said(scene) == []


def test_tags_are_counted_among_the_takes_that_match(scene: Scene, client: httpx.Client) -> None:
    chosen = ids(client, limit=3)
    for event_id in chosen:
        client.post(f"/api/records/{event_id}/tags", json={"add": ["approved"]})
    ship(scene)

    def counts(query: str) -> dict[str, str]:
        page = client.get(f"/summary?{query}").text
        return dict(
            re.findall(
                r'name="(?:tag|emotion)" value="([^"]+)"[^>]*><span class="name">[^<]*</span>'
                r'<span class="count">([^<]*)<',
                page,
            )
        )

    assert counts("")["approved"] == "3"
    first = client.get(f"/api/records/{chosen[0]}").json()
    own = counts(f"request={first['request_hash']}")
    assert int(own["approved"]) >= 1
    others = [takes for emotion, takes in own.items() if emotion not in ("approved", first["emotion"])]
    assert set(others) == {"0"}, "that there is none is said, where all were counted"


def test_a_take_s_page_says_and_tells_them(scene: Scene, visit: Visit) -> None:
    event_id = scene.audible[0]["id"]
    page = visit.open(f"/records/{event_id}")
    form = page.locator("#said")
    form.get_by_label("Favourite").check()
    form.get_by_label("Tags").fill("片头， trailer 2,")
    form.get_by_label("Note").fill("for the trailer")
    form.get_by_role("button").click()
    expect(form.locator("[data-said]")).to_contain_text("Saved")
    form.get_by_label("Tags").fill("trailer 2, -no")
    form.get_by_role("button").click()
    expect(form.locator("[data-said]")).to_contain_text("does not begin with + or -")
    form.get_by_label("Tags").fill("trailer 2")
    form.get_by_role("button").click()
    expect(form.locator("[data-said]")).to_contain_text("Saved")
    told = [{name: each["data"].get(name) for name in ("add", "remove", "note")} for each in said(scene)]
    assert told == [
        {"add": ["favourite"], "remove": None, "note": None},
        {"add": ["片头", "trailer 2"], "remove": None, "note": None},
        {"add": None, "remove": None, "note": "for the trailer"},
        {"add": None, "remove": ["片头"], "note": None},
    ]
    ship(scene)
    page = visit.open(f"/records/{event_id}")
    expect(page.get_by_label("Favourite")).to_be_checked()
    expect(page.get_by_label("Tags")).to_have_value("trailer 2")
    expect(page.locator("#said").get_by_label("Note")).to_have_value("for the trailer")
    expect(page.locator(".timeline")).to_contain_text("Tagged or noted")
    assert [each for each in visit.said if "status of 422" not in each] == []
    visit.said.clear()


def test_the_form_fits_a_phone_and_speaks_chinese(scene: Scene, browser: Browser, address: str) -> None:
    phone = {"viewport": {"width": 390, "height": 800}, "has_touch": True, "is_mobile": True, "locale": "zh-CN"}
    visit = Visit(browser, address, **phone)
    page = visit.open(f"/records/{scene.audible[0]['id']}")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_label("标签").fill("片头")
    page.get_by_role("button", name="保存标签与备注").tap()
    expect(page.locator("#said [data-said]")).to_contain_text("已保存")
    assert [each["data"]["add"] for each in said(scene)] == [["片头"]]
    visit.context.close()
    assert visit.said == []
