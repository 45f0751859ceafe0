"""One clock: list, page, charts, report and commands tell a moment in SIDECAR_TIMEZONE, wherever the reader sits."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.answers import scene as scenes
from tests.answers.scene import Scene
from tests.answers.served import library, sidecar
from tests.answers.visiting import Visit
from tests.events import succeeded

ZONE = "Asia/Shanghai"
# In the evening of the 20th in UTC, which is the 21st in Shanghai, and the afternoon of the 20th in New York.
LATE, LOCAL = "2026-11-20T17:59:30.900000Z", "2026-11-21 01:59:30"


@dataclass(frozen=True, kw_only=True)
class Told:
    """What says when the take was made, and how long it is."""

    row: str
    row_title: str
    page: str
    length: str
    page_length: str
    player: str
    days: list[str]
    command: str
    timeline: str
    report: str


@pytest.fixture(scope="module")
def told(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Told:
    root: Path = tmp_path_factory.mktemp("clock")
    take = succeeded("near midnight", time=LATE)
    take["data"]["audio"]["duration"] = 4.25
    made: Scene = scenes.make(root, count=0, sounds=1, more=[take])
    with library(made, root / "web.log", SIDECAR_TIMEZONE=ZONE) as address:
        visit = Visit(browser, address, timezone_id="America/New_York")
        page = visit.open("/")
        when = page.locator(".take [data-when]")
        row, title = when.text_content() or "", when.get_attribute("title") or ""
        length = page.locator(".take td[data-length]").text_content() or ""
        expect(page.locator("#tally")).to_contain_text(ZONE)
        page.goto(f"/records/{take['id']}")
        moment = page.locator("header .badges time").text_content() or ""
        page_length = page.locator("[data-section=audio]").get_by_text(re.compile("4[.]")).text_content() or ""
        player = page.locator("[data-clock]").text_content() or ""
        assert visit.said == []
        page.goto("/charts?since=")
        days = page.locator("details.data th[scope=row]").all_text_contents()
        visit.context.close()
    more = {"SIDECAR_TIMEZONE": ZONE}
    return Told(
        row=row,
        row_title=title,
        page=moment,
        length=length,
        page_length=page_length,
        player=player,
        days=days,
        command=sidecar(made, "find", **more),
        timeline=sidecar(made, "timeline", take["id"], **more),
        report=report(made, root / "report.html", **more),
    )


def report(scene: Scene, output: Path, **more: str) -> str:
    sidecar(scene, "report", "--since", "2026-11-21", "--output", str(output), **more)
    return output.read_text(encoding="utf-8")


def test_a_moment_is_the_same_everywhere(told: Told) -> None:
    assert told.row == LOCAL[:16]
    assert told.row_title == told.page == f"{LOCAL} +08:00"
    assert f"{LOCAL[:10]} 01:00" in told.days
    assert LOCAL in told.command
    assert LOCAL in told.timeline


def test_every_time_says_its_zone(told: Told) -> None:
    for text in (told.command, told.timeline):
        assert ZONE in text
    assert f"times in {ZONE}" in told.report
    assert "Since: 2026-11-21 00:00" in told.report


def test_a_day_begins_where_the_zone_says(told: Told) -> None:
    """The take is of the 21st, so that a report since then has it."""
    assert re.search(r"<dt>records</dt><dd>1</dd>", told.report)


def test_a_length_is_rounded_alike(told: Told) -> None:
    assert told.length == told.page_length == "4.3 s"
    assert told.player == "0:00.0 / 0:04.3"
    assert "4.3 s" in told.report
