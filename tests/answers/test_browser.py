"""The library as a person meets it, in a real Chromium. SCREENSHOTS=folder keeps a picture of every page."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.answers import scene as scenes
from tests.answers.browser import chromium, lacking_for_chromium
from tests.answers.conftest import connect
from tests.answers.generate import decoded
from tests.answers.scene import Scene
from tests.answers.served import library, ship
from tests.events import envelope, succeeded
from tests.running import missing

AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text(encoding="utf-8")
TOKEN = "a-token-of-some-length"
ATTACK = "<img src=x onerror=\"document.title='pwned'\"><script>document.title='pwned'</script>' \" {{7*7}} ${7*7}"


# Each theme meets each language and each width; SCREENSHOTS asks for all of their combinations.
LOOKS = [("light", "en-US", 1280), ("dark", "zh-CN", 1280), ("light", "zh-CN", 360), ("dark", "en-US", 360)]
if os.environ.get("SCREENSHOTS"):
    LOOKS = [
        (scheme, locale, width)
        for scheme in ("light", "dark")
        for locale in ("en-US", "zh-CN")
        for width in (1280, 360)
    ]


def attacks() -> list[dict[str, Any]]:
    """Events whose every free text is an attack."""
    bad = succeeded(ATTACK, emotion=ATTACK[:64])
    bad["data"]["voice"]["path"] = f"voices/{ATTACK}"
    bad["data"]["caller"] = {"user": ATTACK, "session": ATTACK}
    bad["data"]["params"] = {"effective": {ATTACK: ATTACK}}
    failed = envelope(
        "synthesis.failed",
        {**bad["data"], "audio": None, "error": {"type": ATTACK, "message": ATTACK, "traceback": ATTACK}},
    )
    rated = envelope("audio.rated", {"rating": 3, "note": ATTACK, "caller": {"user": ATTACK}}, subject=bad["id"])
    for item in (bad, failed, rated):
        decoded(item)
    return [bad, failed, rated]


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return scenes.make(tmp_path_factory.mktemp("browser"), count=1200, sounds=40, more=attacks())


@pytest.fixture(scope="module")
def address(scene: Scene, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with library(scene, tmp_path_factory.mktemp("log") / "web.log") as found:
        yield found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if lacking := lacking_for_chromium():
        missing(lacking)
    with sync_playwright() as playwright:
        opened = chromium(playwright)
        yield opened
        opened.close()


class Visit:
    """A page that keeps what the console said and what was fetched."""

    def __init__(self, browser: Browser, address: str, **settings: Any) -> None:
        settings = {"viewport": {"width": 1280, "height": 860}, "locale": "en-US", "timezone_id": "UTC"} | settings
        self.context = browser.new_context(base_url=address, **settings)
        self.page: Page = self.context.new_page()
        self.said: list[str] = []
        self.fetched: list[tuple[int, str]] = []
        self.page.on("console", lambda message: self.said.append(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self.said.append(f"error: {error}"))
        self.page.on("response", lambda response: self.fetched.append((response.status, response.url)))

    def open(self, path: str) -> Page:
        self.page.goto(path)
        if path.partition("?")[0] == "/":
            self.settle()
        return self.page

    def settle(self) -> None:
        """Until the last search has been answered."""
        expect(self.page.locator("#results")).not_to_have_class(re.compile("stale"))
        expect(self.page.locator("#tally")).not_to_have_text(re.compile("…"))

    def texts(self) -> list[str]:
        return self.page.locator(".take [data-open]").all_text_contents()


@pytest.fixture
def visit(browser: Browser, address: str) -> Iterator[Visit]:
    made = Visit(browser, address)
    yield made
    made.context.close()
    assert made.said == []


def search(visit: Visit, text: str) -> None:
    with visit.page.expect_response(lambda response: "/api/records?" in response.url and "text=" in response.url):
        visit.page.get_by_role("searchbox").press_sequentially(text, delay=20)
        visit.page.wait_for_timeout(250)
    visit.settle()


def test_a_chinese_word_is_found_as_one_types_and_the_address_tells_it(visit: Visit) -> None:
    visit.open("/")
    search(visit, "青铜器")
    assert visit.texts()
    assert all("青铜器" in text for text in visit.texts())
    assert visit.page.locator(".take mark").first.text_content() == "青铜器"
    assert "text=%E9%9D%92" in visit.page.url
    found = visit.texts()
    visit.page.reload()
    visit.settle()
    assert visit.texts() == found


def test_a_row_of_another_program_leads_nowhere(browser: Browser, tmp_path: Path) -> None:
    """It has no event_id, so that there is no page of it and nothing to play."""
    made = scenes.make(tmp_path, count=3, sounds=0)
    with closing(connect(made.url)) as database:
        database.execute("INSERT INTO tts_records (text_input, audio_path) VALUES ('of another program', 'x.wav')")
    with library(made, tmp_path / "web.log") as address:
        visit = Visit(browser, address)
        page = visit.open("/?text=another")
        link = page.locator(".take [data-open]")
        expect(link).to_have_text("of another program")
        assert link.get_attribute("href") is None
        expect(page.locator(".take [data-play]")).to_be_disabled()
        visit.context.close()


def test_filters_narrow_down_and_go_into_the_address(visit: Visit) -> None:
    visit.open("/")
    visit.page.get_by_label("Emotion").select_option("sad")
    visit.page.wait_for_url(re.compile("emotion=sad"))
    visit.settle()
    assert set(visit.page.locator(".take [data-emotion]").all_text_contents()) == {"sad"}
    visit.page.get_by_label("User").select_option("客服")
    visit.page.wait_for_url(re.compile("user="))
    visit.settle()
    assert set(visit.page.locator(".take [data-user]").all_text_contents()) == {"客服"}
    visit.page.get_by_role("link", name="Clear filters").click()
    visit.settle()
    assert visit.page.locator(".take").count() == 50
    visit.page.get_by_role("button", name="Show more").click()
    expect(visit.page.locator(".take")).to_have_count(100)


def test_a_clip_plays_to_its_end(visit: Visit, scene: Scene) -> None:
    clip = min(scene.audible[:30], key=lambda item: item["data"]["audio"]["duration"])
    page = visit.open(f"/?text=%22{clip['data']['text'][:40]}%22&user={clip['data']['caller']['user']}")
    page.locator(f".take[data-record='{clip['id']}'] [data-play]").click()
    page.wait_for_function("() => document.querySelector('#dock audio').currentTime > 0.2")
    length = page.locator(f".take[data-record='{clip['id']}'] [data-length]").text_content()
    assert (page.locator("#dock [data-clock]").text_content() or "").endswith(f"/ {length}")
    first = page.evaluate("document.querySelector('#dock audio').currentTime")
    page.wait_for_function(f"() => document.querySelector('#dock audio').currentTime > {first} + 0.2")
    page.wait_for_function("() => document.querySelector('#dock audio').ended", timeout=60_000)
    length = page.evaluate("document.querySelector('#dock audio').duration")
    assert length == pytest.approx(clip["data"]["audio"]["duration"], abs=0.01)
    assert any(status == 206 and url.endswith("/audio") for status, url in visit.fetched)
    assert any(status == 200 and url.endswith("/waveform") for status, url in visit.fetched)


def test_the_waveform_is_a_slider(visit: Visit, scene: Scene) -> None:
    page = visit.open(f"/records/{scene.audible[2]['id']}")
    page.get_by_role("button", name="Play").click()
    page.wait_for_function("() => document.querySelector('audio').currentTime > 0")
    page.get_by_role("button", name="Pause").click()
    slider = page.get_by_role("slider")
    box = slider.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    share = page.evaluate("(a => a.currentTime / a.duration)(document.querySelector('audio'))")
    assert share == pytest.approx(0.5, abs=0.03)
    slider.press("ArrowRight")
    assert "/" in (slider.get_attribute("aria-valuetext") or "")


def test_a_rating_comes_back(visit: Visit, scene: Scene) -> None:
    identity = scene.audible[4]["id"]
    page = visit.open(f"/records/{identity}")
    page.get_by_title("4 of 5").click()
    page.get_by_label("Note").fill("尾音自然 <b>really</b>")
    page.get_by_label("Your name").fill("耳朵")
    page.get_by_role("button", name="Save rating").click()
    expect(page.locator("[data-said]")).to_contain_text("Saved")
    ship(scene)
    page.reload()
    expect(page.get_by_label("Note")).to_have_value("尾音自然 <b>really</b>")
    assert page.locator("[name=rating]:checked").get_attribute("value") == "4"
    expect(page.locator(".timeline li").last).to_contain_text("耳朵")
    visit.open("/?rating=4")
    assert identity in page.locator(".take").evaluate_all("all => all.map(item => item.dataset.record)")


def test_same_request_and_same_voice_lead_to_their_likes(visit: Visit, scene: Scene) -> None:
    page = visit.open("/repeats")
    page.locator(".take .text").first.click()
    visit.settle()
    many = len(set(visit.texts()))
    assert many == 1
    assert page.locator(".take").count() > 1
    page.locator(".take [data-open]").first.click()
    page.get_by_role("link", name="Same request").click()
    visit.settle()
    assert page.locator(".take").count() > 1
    page.locator(".take [data-open]").first.click()
    voice = page.locator("dd[title^='voices/']").get_attribute("title") or ""
    page.get_by_role("link", name="Same voice").click()
    visit.settle()
    assert set(page.locator(".take [data-voice]").all_text_contents()) == {voice.rpartition("/")[2]}


def test_the_language_and_the_theme_change_and_stay(visit: Visit) -> None:
    page = visit.open("/?emotion=happy")
    page.get_by_role("link", name="中文").click()
    visit.settle()
    assert page.url.endswith("/?emotion=happy")
    assert page.locator("html").get_attribute("lang") == "zh-CN"
    assert set(page.locator(".take [data-emotion]").all_text_contents()) == {"高兴"}
    expect(page.get_by_role("link", name="统计")).to_be_visible()
    visit.open("/charts")
    expect(page.get_by_role("heading", name="一周分布")).to_be_visible()
    page.get_by_role("link", name="English").click()
    expect(page.get_by_role("heading", name="When in the week")).to_be_visible()
    expect(page.locator("body")).to_have_css("background-color", "rgb(246, 246, 249)")
    page.get_by_role("link", name="Theme: Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.locator("body")).to_have_css("background-color", "rgb(20, 21, 26)")
    visit.open("/")
    assert page.locator("html").get_attribute("data-theme") == "dark"


def test_the_keyboard_is_enough(visit: Visit, scene: Scene) -> None:
    page = visit.open("/")
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    page.keyboard.type("号")
    page.wait_for_url(re.compile("text="))
    visit.settle()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    chosen = page.locator(".take.here")
    expect(chosen).to_have_count(1)
    identity = chosen.get_attribute("data-record")
    assert page.evaluate("document.activeElement.closest('.take')?.dataset.record") == identity
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(f"/records/{identity}"))
    page.keyboard.press("5")
    expect(page.locator("[data-said]")).to_contain_text("Saved")
    page.keyboard.press("u")
    page.wait_for_url(re.compile("text="))
    visit.settle()
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('[data-play]')"):
            break
    else:
        pytest.fail("no play button is reached by Tab")
    page.keyboard.press("Space")
    page.wait_for_function("() => document.querySelector('#dock audio').currentTime > 0")


def test_what_is_gone_says_so(visit: Visit, scene: Scene) -> None:
    absent = next(
        item
        for item in scene.documents
        if item["type"].endswith("succeeded") and item not in scene.audible and item["data"]["audio"]["path"]
    )
    page = visit.open(f"/records/{absent['id']}")
    assert page.locator("audio").count() == 0
    expect(page.locator(".quiet")).to_contain_text(re.compile("not there any more|overwritten|deleted"))
    page = visit.open(f"/?text=%22{absent['data']['text'][:60]}%22&user={absent['data']['caller']['user']}")
    button = page.locator(f".take[data-record='{absent['id']}'] [data-play]")
    if button.is_enabled():
        button.click()
        expect(page.locator("[data-missing]")).to_have_text("The file is not there any more.")
        assert all("404" in line for line in visit.said)  # the browser itself reports the answer
        visit.said.clear()


def test_attacks_in_texts_names_and_notes_do_nothing(visit: Visit, scene: Scene) -> None:
    attacked = [item["id"] for item in scene.documents if ATTACK in str(item["data"].get("text"))]
    assert len(attacked) == 2
    for path in (
        f"/?text={ATTACK[:20]}",
        *(f"/records/{identity}" for identity in attacked),
        "/charts?since=",
        "/repeats?since=",
    ):
        page = visit.open(path)
        page.wait_for_timeout(200)
        assert "pwned" not in page.title() or page.title().startswith("<img")
        assert page.locator("img").count() == 0
        assert page.evaluate("document.scripts.length") <= 2
        assert "49" not in (page.locator("h1.said").text_content() or "") if page.locator("h1.said").count() else True
    page = visit.open(f"/?text={ATTACK[:10]}")
    assert visit.texts()[0].startswith("<img")
    odd = "'\"><script>alert(1)</script>"
    for path in ("/?text=", "/?emotion=", "/?voice=", "/?request=", "/charts?user=", "/charts?model="):
        visit.open(path + odd)
        assert page.locator("script:not([src])").count() == 0


@pytest.mark.parametrize(("scheme", "locale", "width"), LOOKS)
def test_every_page_is_accessible_and_fits(
    browser: Browser, address: str, scene: Scene, scheme: str, locale: str, width: int
) -> None:
    visit = Visit(browser, address, color_scheme=scheme, locale=locale, viewport={"width": width, "height": 800})
    failed = next(
        item for item in reversed(scene.documents) if item["type"].endswith("failed") and ATTACK not in str(item)
    )
    pages = {
        "library": "/?text=欢迎",
        "problems": "/?status=problems",
        "nothing": "/?text=" + "无" * 40,
        "record": f"/records/{scene.audible[3]['id']}",
        "failed": f"/records/{failed['id']}",
        "repeats": "/repeats",
        "charts": "/charts?since=",
        "missing": "/nothing-here",
    }
    kept = os.environ.get("SCREENSHOTS")
    try:
        for name, path in pages.items():
            page = visit.open(path)
            page.wait_for_timeout(150)
            if kept:
                picture = Path(kept) / f"{name}-{locale[:2]}-{scheme}-{width}.png"
                page.screenshot(path=picture, full_page=name in ("record", "charts", "failed"))
            page.evaluate(AXE)
            report = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
            found = [
                f"{item['id']} ({item['impact']}): {item['help']}: {[node['target'] for node in item['nodes'][:3]]}"
                for item in report["violations"]
            ]
            assert found == [], (name, found)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (
                f"{name} is wider than the screen"
            )
        assert [line for line in visit.said if "404" not in line] == []
    finally:
        visit.context.close()


def test_the_owner_logs_in_and_out_from_another_machine(browser: Browser, scene: Scene, tmp_path: Path) -> None:
    with library(scene, tmp_path / "log", SIDECAR_WEB_TOKEN=TOKEN) as address:
        host = address.replace("127.0.0.1", "library.home.arpa")  # the name by which another machine knows it
        for site in (address, host):
            visit = Visit(browser, site)
            page = visit.page
            page.goto("/charts")
            assert page.url == f"{site}/login"
            page.get_by_label("token").fill("a wrong one")
            page.keyboard.press("Enter")
            expect(page.get_by_role("alert")).to_be_visible()
            page.get_by_label("token").fill(TOKEN)
            page.keyboard.press("Enter")
            page.wait_for_url(f"{site}/")
            visit.settle()
            assert visit.texts()
            [kept] = visit.context.cookies()
            page.get_by_role("button", name="Log out").click()
            page.wait_for_url(f"{site}/login")
            visit.context.add_cookies([{"name": kept["name"], "value": kept["value"], "url": site}])  # by somebody
            page.goto("/")
            assert page.url == f"{site}/login"
            visit.context.close()
            # Chromium tells of the wrong token, and of a focus that was quicker than its own.
            assert [line for line in visit.said if "403" not in line and not line.startswith("info: Autofocus")] == []
