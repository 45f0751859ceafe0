"""A day with the library, in a real Chromium: find, listen, rate, count, log in."""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from sidecar.web.listing import PAGE
from tests.answers import scene as scenes
from tests.answers.conftest import connect
from tests.answers.scene import Scene
from tests.answers.served import library, ship
from tests.answers.visiting import ATTACK, Visit

TOKEN = "a-token-of-some-length"


def search(visit: Visit, text: str) -> None:
    with visit.page.expect_response(lambda response: "/rows?" in response.url and "text=" in response.url):
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
    visit.facet("emotion", "sad").check()
    visit.page.wait_for_url(re.compile("emotion=sad"))
    visit.settle()
    assert set(visit.page.locator(".take [data-emotion]").all_text_contents()) == {"sad"}
    visit.facet("user", "客服").check()
    visit.page.wait_for_url(re.compile("user="))
    visit.settle()
    assert set(visit.page.locator(".take [data-user]").all_text_contents()) == {"客服"}
    visit.page.get_by_role("link", name="Clear filters").click()
    visit.settle()
    assert visit.page.locator(".take").count() == PAGE
    visit.further(100)


def test_a_clip_plays_to_its_end(visit: Visit, scene: Scene) -> None:
    clip = min(scene.audible[:30], key=lambda item: item["data"]["audio"]["duration"])
    page = visit.open(f"/?text=%22{clip['data']['text'][:40]}%22&user={clip['data']['caller']['user']}")
    page.locator(f".take[data-record='{clip['id']}'] [data-play]").click()
    page.wait_for_function("() => document.querySelector('#dock audio').currentTime > 0.2")
    length = page.locator(f".take[data-record='{clip['id']}'] [data-length]").text_content() or ""
    seconds = float(length.removesuffix(" s"))
    assert (page.locator("#dock [data-clock]").text_content() or "").endswith(f"/ 0:{seconds:04.1f}"), "rounded alike"
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
    slider = page.get_by_role("slider", name="Position")
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
    page.locator("#rating").get_by_label("Note").fill("尾音自然 <b>really</b>")
    page.get_by_label("Your name").fill("耳朵")
    page.get_by_role("button", name="Save rating").click()
    expect(page.locator("#rating [data-said]")).to_contain_text("Saved")
    ship(scene)
    page.reload()
    expect(page.locator("#rating").get_by_label("Note")).to_have_value("尾音自然 <b>really</b>")
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
    voice = page.locator("[data-section=voice] a").first.text_content() or ""
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
    expect(page.get_by_role("heading", name="By weekday and hour")).to_be_visible()
    expect(page.locator("body")).to_have_css("background-color", "rgb(246, 246, 249)")
    page.get_by_role("link", name="Theme: Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.locator("body")).to_have_css("background-color", "rgb(20, 21, 26)")
    visit.open("/")
    assert page.locator("html").get_attribute("data-theme") == "dark"


def test_a_finger_reads_a_chart_and_everybody_its_table(visit: Visit) -> None:
    page = visit.open("/charts?since=")
    for chart in page.locator("figure[data-chart]").all():
        expect(chart.locator("[data-read]")).to_be_hidden()
        chart.locator("svg").click()
        mark = chart.locator(".read title").text_content()
        expect(chart.locator("[data-read]")).to_have_text(mark or "nothing")
        table = chart.locator("xpath=..").locator("details.data")
        table.locator("summary").click()
        assert table.locator("tbody tr").count() > 0
    load = page.locator("section", has=page.get_by_role("heading", name="Takes per week"))
    told = sum(int(text.replace(",", "")) for text in load.locator("td").all_text_contents())
    assert told == int((page.locator(".numbers dd").first.text_content() or "").replace(",", ""))


def test_what_could_be_saved_leads_to_the_same_period(visit: Visit) -> None:
    page = visit.open("/charts?since=365d")
    told = page.locator(".numbers a").text_content() or "nothing"
    page.locator(".numbers a").click()
    assert page.url.endswith("/repeats?since=365d")
    expect(page.locator(".lead")).to_contain_text(told)


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
        assert page.evaluate("document.scripts.length") <= 3
        assert "49" not in (page.locator("h1.said").text_content() or "") if page.locator("h1.said").count() else True
    page = visit.open(f"/?text={ATTACK[:10]}")
    assert visit.texts()[0].startswith("<img")
    odd = "'\"><script>alert(1)</script>"
    for path in ("/?text=", "/?emotion=", "/?voice=", "/?request=", "/charts?user=", "/charts?model="):
        visit.open(path + odd)
        assert page.locator("script:not([src])").count() == 0


def test_the_owner_logs_in_and_out_from_another_machine(browser: Browser, scene: Scene, tmp_path: Path) -> None:
    with library(scene, tmp_path / "log", SIDECAR_WEB_TOKEN=TOKEN) as address:
        host = address.replace("127.0.0.1", "library.home.arpa")  # the name by which another machine knows it
        for site in (address, host):
            visit = Visit(browser, site)
            page = visit.page
            page.goto("/charts")
            assert page.url == f"{site}/login?next=%2Fcharts"
            page.goto("/?text=%E6%AC%A2%E8%BF%8E&emotion=happy")
            page.get_by_label("token").fill("a wrong one")
            page.keyboard.press("Enter")
            expect(page.get_by_role("alert")).to_be_visible()
            page.get_by_label("token").fill(TOKEN)
            page.keyboard.press("Enter")
            page.wait_for_url(f"{site}/?text=%E6%AC%A2%E8%BF%8E&emotion=happy")
            page.goto("/")
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
