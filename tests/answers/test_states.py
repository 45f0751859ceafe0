"""The library when something is missing: records, a file, scripts, the server."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Browser, expect

from sidecar.web.listing import PAGE
from tests.answers import scene as scenes
from tests.answers.scene import Scene
from tests.answers.served import library, shipper
from tests.answers.visiting import Visit
from tests.events import publish, succeeded
from tests.servers.instance import free_port


def test_without_javascript_the_list_is_there(browser: Browser, address: str, scene: Scene) -> None:
    visit = Visit(browser, address, java_script_enabled=False)
    page = visit.page
    page.goto("/")
    expect(page.locator(".take")).to_have_count(PAGE)
    page.get_by_role("button", name="Show more").click()
    page.wait_for_url(re.compile("cursor="))
    expect(page.locator(".take")).to_have_count(PAGE)
    page.get_by_role("searchbox").fill("青铜器")
    page.get_by_role("button", name="Apply").click()
    page.wait_for_url(re.compile("text="))
    assert all("青铜器" in text for text in visit.texts())
    assert visit.texts()
    page.goto(f"/records/{scene.audible[3]['id']}")
    expect(page.locator("audio[controls]")).to_be_visible()
    expect(page.locator("#rating")).to_be_hidden()
    visit.context.close()


def test_an_empty_library_tells_the_first_steps_and_fills_by_itself(browser: Browser, tmp_path: Path) -> None:
    made = scenes.make(tmp_path, count=0, sounds=0)
    port = free_port()
    with library(made, tmp_path / "web.log", SIDECAR_LISTEN=f"127.0.0.1:{port}") as address:
        visit = Visit(browser, address)
        page = visit.open("/")
        expect(page.locator("[data-empty]")).to_contain_text("Nothing is recorded yet")
        expect(page.locator("[data-empty]")).to_contain_text(f"No shipper answers at 127.0.0.1:{port}")
        expect(page.locator("[data-empty]")).to_contain_text(str(made.folder))
        expect(page.locator("[data-empty]")).to_contain_text("event files: 0")
        assert "Nothing found" not in (page.locator("main").text_content() or "")
        publish(made.folder, succeeded("the very first"))
        with shipper(made, tmp_path / "run.log", port):
            expect(page.locator(".take [data-open]")).to_have_text("the very first", timeout=30_000)
        expect(page.locator("[data-empty]")).to_have_count(0)
        page.goto("/?text=another")
        expect(page.locator("main")).to_contain_text("Nothing found")
        assert visit.said == []
        visit.context.close()


def test_an_empty_library_tells_of_a_shipper_that_runs(browser: Browser, tmp_path: Path) -> None:
    made = scenes.make(tmp_path, count=0, sounds=0)
    port = free_port()
    with (
        shipper(made, tmp_path / "run.log", port),
        library(made, tmp_path / "web.log", SIDECAR_LISTEN=f"127.0.0.1:{port}") as address,
    ):
        visit = Visit(browser, address, locale="zh-CN")
        expect(visit.open("/").locator("[data-empty]")).to_contain_text("传送程序正在运行，一切就绪。")
        visit.context.close()


def test_what_fails_can_be_tried_again(browser: Browser, tmp_path: Path) -> None:
    made = scenes.make(tmp_path, count=120, sounds=0)
    with library(made, tmp_path / "web.log") as address:
        visit = Visit(browser, address)
        page = visit.open("/")
        page.route("**/rows?*", lambda route: route.abort())
        page.evaluate("scrollTo(0, document.body.scrollHeight)")
        expect(page.get_by_role("alert")).to_contain_text("Unavailable")
        expect(page.locator(".take")).to_have_count(PAGE)
        page.unroute("**/rows?*")
        page.get_by_role("button", name="Try again").or_(page.get_by_role("link", name="Try again")).click()
        expect(page.locator(".take")).to_have_count(2 * PAGE)
        expect(page.get_by_role("alert")).to_have_count(0)
        page.goto("/?until=the+day+before")
        expect(page.get_by_role("alert")).to_contain_text("the day before")
        page.get_by_label("Until").fill("2200-01-01")
        expect(page.locator(".take").first).to_be_visible()
        visit.context.close()


def test_what_is_gone_says_so(visit: Visit, scene: Scene) -> None:
    absent = next(
        item
        for item in scene.documents
        if item["type"].endswith("succeeded") and item not in scene.audible and item["data"]["audio"]["path"]
    )
    page = visit.open(f"/records/{absent['id']}")
    assert page.locator("audio").count() == 0
    expect(page.locator(".quiet")).to_contain_text(re.compile("no longer there|overwritten|deleted"))
    page = visit.open(f"/?text=%22{absent['data']['text'][:60]}%22&user={absent['data']['caller']['user']}")
    row = page.locator(f".take[data-record='{absent['id']}']")
    expect(row.locator("[data-play]")).to_be_disabled()
    expect(row.locator("[data-gone]")).to_have_text(re.compile("missing|overwritten|deleted"))


def test_a_format_that_no_browser_plays_says_so(browser: Browser, tmp_path: Path) -> None:
    """Raw samples, which `sidecar proxy` keeps where a caller asks for them. One after another goes on past them."""
    take = succeeded("raw samples", data={"audio": {"path": "outputs/said.pcm", "duration": 1.0}})
    made = scenes.make(tmp_path, count=3, sounds=3, more=[take])
    (made.folder / "said.pcm").write_bytes(bytes(take["data"]["audio"]["bytes"]))
    with library(made, tmp_path / "web.log") as address:
        visit = Visit(browser, address)
        page = visit.open("/")
        page.locator(f".take[data-record='{take['id']}'] [data-play]").click()
        expect(page.locator("#dock [data-missing]")).to_have_text("The browser cannot play this format; download it.")
        expect(page.locator("#dock [data-retry]")).to_be_hidden()
        page.locator("[data-autoplay]").click()
        page.reload()
        visit.settle()
        page.locator(f".take[data-record='{take['id']}'] [data-play]").click()
        page.wait_for_function("""() => {
            const audio = document.querySelector("#dock audio");
            return !audio.paused && !audio.error && audio.currentTime > 0;
        }""")
        assert take["id"] not in page.locator("#dock audio").evaluate("audio => audio.src")
        visit.context.close()


def test_a_file_that_goes_while_the_page_is_open_says_so_too(browser: Browser, tmp_path: Path) -> None:
    made = scenes.make(tmp_path, count=3, sounds=3)
    with library(made, tmp_path / "web.log") as address:
        visit = Visit(browser, address)
        page = visit.open("/")
        for path in made.folder.glob("*.wav"):
            path.unlink()
        page.locator(".take [data-play]:enabled").first.click()
        expect(page.locator("#dock [data-missing]")).to_have_text("The file is no longer there.")
        assert all("404" in line for line in visit.said)  # the browser itself reports the answer
        visit.context.close()
