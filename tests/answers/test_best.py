"""The best of several takes of one request: in each database, and wherever people and programs see it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, expect

from sidecar.answers.best import Best, best
from sidecar.storage.dsn import parse_dsn
from tests.answers import scene as scenes
from tests.answers.conftest import connect
from tests.answers.load import load
from tests.answers.scene import Scene
from tests.answers.served import library, sidecar
from tests.answers.visiting import Visit
from tests.better import EXAMPLES, Example, said, subjects
from tests.events import envelope, succeeded


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def made(example: Example) -> tuple[list[str], list[dict[str, Any]]]:
    ids = subjects(example)
    hashes = [digest(f"{example.name} {0 if number in example.copies else number}") for number in range(example.takes)]
    events = [
        succeeded(
            data={"request_hash": digest(example.name), "audio": {"path": f"outputs/{each}.wav", "sha256": content}},
            id=each,
            type="indextts.synthesis." + ("reused" if number in example.copies else "succeeded"),
        )
        for number, (each, content) in enumerate(zip(ids, hashes, strict=True))
    ]
    return ids, [*events, *said(example, ids, hashes)]


def test_the_tables_say_what_reuse_hands_out(database_url: str) -> None:
    """The examples of tests/better.py; the order behind the best is seen by rejecting one after the other."""
    examples = {example.name: made(example) for example in EXAMPLES}
    dsn = parse_dsn(database_url)
    load(dsn, [event for _, events in examples.values() for event in events], folder="/outputs")
    requests = [digest(name) for name in examples]
    order: dict[str, list[str]] = {name: [] for name in examples}
    with closing(connect(database_url)) as database:
        while True:
            found = best(database, requests)
            left = {name: found[digest(name)].event_id for name in examples}
            rejected = [(name, each) for name, each in left.items() if each is not None]
            if not rejected:
                break
            for name, each in rejected:
                order[name].append(each)
            verdicts = [envelope("audio.reviewed", {"verdict": "reject"}, subject=each) for _, each in rejected]
            load(dsn, verdicts, folder="/outputs")
    wrong = {
        example.name: (order[example.name], example.best)
        for example in EXAMPLES
        if [examples[example.name][0].index(each) for each in order[example.name]] != list(example.best)
    }
    assert not wrong


def test_deleted_and_replaced_takes_are_not_the_best_and_a_single_one_is_none(database_url: str) -> None:
    request, dsn = digest("request"), parse_dsn(database_url)
    takes = [succeeded(data={"request_hash": request, "audio": {"path": f"outputs/{n}.wav"}}) for n in range(3)]
    takes[2]["data"]["audio"]["replaces"] = takes[1]["id"]
    alone = succeeded(data={"request_hash": digest("other")})
    load(dsn, [*takes, alone], folder="/outputs")
    with closing(connect(database_url)) as database:
        assert best(database, [request, digest("other"), None]) == {
            request: Best(event_id=takes[2]["id"], takes=3),
        }
        load(dsn, [envelope("audio.deleted", {"reason": "prune"}, subject=takes[2]["id"])], folder="/outputs")
        assert best(database, [request])[request].event_id == takes[0]["id"]


@pytest.fixture(scope="module")
def takes() -> list[dict[str, Any]]:
    """Three of one request, the oldest of them kept."""
    return [succeeded("三次", data={"request_hash": digest("three")}) for _ in range(3)]


@pytest.fixture(scope="module")
def place(takes: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Scene]]:
    root = tmp_path_factory.mktemp("best")
    kept = envelope("audio.reviewed", {"verdict": "keep"}, subject=takes[0]["id"])
    scene = scenes.make(root, count=0, sounds=3, more=[*takes, kept])
    with library(scene, root / "web.log") as address:
        yield address, scene


def test_api_and_command_mark_it(place: tuple[str, Scene], takes: list[dict[str, Any]]) -> None:
    address, scene = place
    marks = {takes[0]["id"]: True, takes[1]["id"]: False, takes[2]["id"]: False}
    with httpx.Client(base_url=address) as client:
        listed = client.get("/api/records", params={"request": digest("three")}).json()["records"]
        assert {each["event_id"]: each["best"] for each in listed} == marks
        assert client.get(f"/api/records/{takes[0]['id']}").json()["best"] is True
        assert client.get("/api/stats/duplicates").json()[0]["best_event_id"] == takes[0]["id"]
    found = [json.loads(line) for line in sidecar(scene, "find", "--json").splitlines()]
    assert {each["event_id"]: each["best"] for each in found} == marks
    shown = sidecar(scene, "find").splitlines()
    assert [" of 3 " in line for line in shown if "三次" in line] == [False, False, True]


def test_pages_mark_it_and_lead_to_it(place: tuple[str, Scene], takes: list[dict[str, Any]], browser: Browser) -> None:
    visit = Visit(browser, place[0])
    page = visit.open(f"/records/{takes[2]['id']}")
    expect(page.locator(".others .badge")).to_have_count(1)
    page.locator(".actions [data-best]").click()
    expect(page).to_have_url(f"{place[0]}/records/{takes[0]['id']}")
    expect(page.locator(".badges [data-best]")).to_have_text("best of 3 takes")
    page = visit.open("/repeats")
    expect(page.locator("[data-best]")).to_have_attribute("href", f"/records/{takes[0]['id']}")
    visit.context.close()
    assert visit.said == []
