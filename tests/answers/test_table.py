"""The library's table: sorted, counted, narrowed down by several and refused values, scrolled far, kept in views."""

from __future__ import annotations

import contextlib
import json
import re
import urllib.parse
import urllib.request
from collections import Counter
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, Route, expect

from sidecar.answers.filters import parse
from sidecar.answers.search import find
from sidecar.answers.window import MOST, ORDERS, window
from sidecar.storage.database import Database
from sidecar.web.listing import PAGE
from sidecar.web.waveform import outline
from tests.answers import scene as scenes
from tests.answers.scene import Scene
from tests.answers.served import library, ship
from tests.answers.test_search import Documents, syntheses
from tests.answers.visiting import Visit, steps
from tests.events import publish, succeeded

WIDE = {"width": 1440, "height": 900}


def fact(item: dict[str, Any], name: str) -> Any:
    data = item["data"]
    return {"emotion": data["emotion"]["label"], "user": data["caller"]["user"]}[name]


def test_several_values_mean_any_and_a_minus_means_none(studio: Database, documents: Documents) -> None:
    takes = syntheses(documents)
    users = Counter(fact(item, "user") for item in takes)
    first, second, *_ = users
    cases: list[tuple[dict[str, Any], Any]] = [
        ({"emotion": ["sad", "angry"]}, lambda item: fact(item, "emotion") in ("sad", "angry")),
        ({"-user": [first]}, lambda item: fact(item, "user") != first),
        (
            {"emotion": "sad", "-user": [first, second]},
            lambda item: fact(item, "emotion") == "sad" and fact(item, "user") not in (first, second),
        ),
        ({"-status": "problems", "user": [first]}, None),
    ]
    for values, picks in cases:
        found = window(studio, parse(values), most=len(takes)).lines
        ids = {each["event_id"] for each in find_all(studio, values)}
        assert len(found) == len(ids) > 0
        if picks is not None:
            assert ids == {item["id"] for item in takes if picks(item)}


def find_all(database: Database, values: dict[str, Any]) -> list[dict[str, Any]]:
    found, cursor = [], None
    while True:
        page = find(database, parse(values), limit=500, cursor=cursor)
        found += page.records
        if (cursor := page.cursor) is None:
            return found


def test_a_value_that_is_not_there_is_refused_by_all_that_lack_it(studio: Database, documents: Documents) -> None:
    assert len(window(studio, parse({"-user": "nobody has this name"}), most=MOST).lines) == len(syntheses(documents))


@pytest.mark.parametrize("order", [*ORDERS, *(f"-{name}" for name in ORDERS)])
def test_an_order_is_that_of_its_column_and_lacks_nothing(studio: Database, order: str) -> None:
    found = window(studio, parse({}), scored=True)
    by_id = {line.id: getattr(line, ORDERS[order.removeprefix("-")]) for line in found.lines}
    ids = found.ordered(order)
    assert sorted(ids) == sorted(by_id)
    values = [by_id[each] for each in ids]
    known = [value for value in values if value is not None]
    assert values == known + [None] * (len(values) - len(known)), "what lacks the value comes last"
    assert known == sorted(known, reverse=order.startswith("-"))


def test_who_cannot_wait_gets_a_part_and_a_way_on(studio: Database) -> None:
    """With no time at all each page looks at one part of the records; their cursors lead to all that patience finds."""
    values = {"language": "EN", "-emotion": "neutral", "voice": "whisper_07"}
    found, cursor, pages = [], None, 0
    while True:
        page = find(studio, parse(values), limit=50, cursor=cursor, patience=0.0)
        found += [record["event_id"] for record in page.records]
        pages += 1
        if (cursor := page.cursor) is None:
            break
    assert pages > 1
    assert found == [record["event_id"] for record in find_all(studio, values)]


def test_a_window_says_how_far_back_it_reaches(studio: Database, documents: Documents) -> None:
    times = sorted((datetime.fromisoformat(item["time"]) for item in syntheses(documents)), reverse=True)
    few = window(studio, parse({}), most=700)
    assert [line.created_at for line in few.lines] == times[:700]
    assert few.reached == times[699]
    days = few.days(timezone.utc)
    assert few.reached.date() not in days, "its takes are not all there"
    for day, told in days.items():
        assert told.takes == sum(time.date() == day for time in times)
    whole = window(studio, parse({"since": "2026-11-01", "until": "2026-11-07"}))
    assert whole.reached is None
    assert whole.total().takes == sum(
        datetime(2026, 11, 1, tzinfo=timezone.utc) <= time < datetime(2026, 11, 8, tzinfo=timezone.utc)
        for time in times
    )


CUT = """all => all.filter(each => {
    const { paddingLeft, paddingRight } = getComputedStyle(each.parentElement);
    const room = each.parentElement.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight);
    return each.getBoundingClientRect().width > room - 1; // of columns in whole pixels
}).length"""


@pytest.fixture
def wide(browser: Browser, address: str) -> Any:
    made = Visit(browser, address, viewport=WIDE)
    yield made
    made.context.close()
    assert made.said == []


def ask(page: Page, path: str) -> Any:
    return json.loads(urllib.request.urlopen(page.url.partition("/?")[0].rstrip("/") + path).read())


def test_twenty_takes_fit_on_a_screen(wide: Visit) -> None:
    # By time the heads of days take lines as well; how many is a matter of the hour at which this runs.
    for address, lines in (("/?sort=-length", ".take"), ("/", "#results tr")):
        page = wide.open(address)
        seen = page.evaluate(
            "lines => [...document.querySelectorAll(lines)]"
            ".filter(row => row.getBoundingClientRect().bottom <= innerHeight).length",
            lines,
        )
        assert seen >= 20, address


def test_values_are_asked_for_and_refused_by_a_click_and_the_counts_follow(wide: Visit, scene: Scene) -> None:
    page = wide.open("/")
    takes = [item for item in scene.documents if item["type"].startswith("indextts.synthesis")]
    expect(page.locator("#tally b")).to_have_text(f"{len(takes):,} takes")
    with page.expect_response(re.compile("/summary")):
        wide.facet("emotion", "sad").check()
    wide.settle()
    with page.expect_response(re.compile("/summary")):
        wide.facet("emotion", "angry").check()
    wide.settle()
    picked = [item for item in takes if fact(item, "emotion") in ("sad", "angry")]
    expect(page.locator("#tally b")).to_have_text(f"{len(picked):,} takes")
    emotion = wide.facet("emotion", "happy")  # what it would be instead
    every = Counter(fact(item, "emotion") for item in takes)
    expect(emotion.locator("xpath=..").locator(".count")).to_have_text(f"{every['happy']:,}")
    users = Counter(fact(item, "user") for item in picked)
    user, count = users.most_common(1)[0]
    box = wide.facet("user", user)
    expect(box.locator("xpath=..").locator(".count")).to_have_text(f"{count:,}")
    with page.expect_response(re.compile("/summary")):
        wide.facet("-user", user).check(force=True)
    wide.settle()
    expect(page.locator("#tally b")).to_have_text(f"{len(picked) - count:,} takes")
    rest = Counter(fact(item, "emotion") for item in takes if fact(item, "user") != user)
    expect(emotion.locator("xpath=..").locator(".count")).to_have_text(f"{rest['happy']:,}")
    asked = urllib.parse.parse_qs(urllib.parse.urlsplit(page.url).query)
    assert asked == {"emotion": ["sad", "angry"], "-user": [user]}
    assert user not in page.locator(".take [data-user]").all_text_contents()
    page.reload()
    wide.settle()
    expect(page.locator("#tally b")).to_have_text(f"{len(picked) - count:,} takes")
    with page.expect_response(re.compile("/summary")):
        wide.facet("user", user).check()
    expect(wide.facet("-user", user)).not_to_be_checked()


def test_a_click_on_a_head_sorts_and_another_turns_it_round(wide: Visit, scene: Scene) -> None:
    page = wide.open("/")
    made = [item["data"].get("audio") or {} for item in scene.documents if ".synthesis." in item["type"]]
    lengths = sorted(audio["duration"] for audio in made if audio.get("duration"))
    for expected, order in ((lengths[::-1], "descending"), (lengths, "ascending")):
        page.get_by_role("link", name="Length").click()
        wide.settle()
        expect(page.get_by_role("columnheader", name="Length")).to_have_attribute("aria-sort", order)
        shown = page.locator(".take td[data-length]").all_text_contents()
        assert [float(text.removesuffix(" s")) for text in shown[:PAGE]] == pytest.approx(expected[:PAGE], abs=0.051)
    assert page.locator(".day").count() == 0
    page.get_by_role("link", name="Length").click()
    expect(page.locator(".day").first).to_be_visible()
    assert page.url.endswith("/")


def test_a_day_says_what_was_made_in_it(wide: Visit, scene: Scene) -> None:
    page = wide.open("/")
    page.wait_for_function("() => document.querySelector('.day [data-sum]').textContent")
    for row in page.locator(".day").all()[:3]:
        day = row.get_attribute("data-day")
        made = [item for item in scene.documents if item["time"][:10] == day and ".synthesis." in item["type"]]
        expect(row.locator("[data-sum]")).to_contain_text("1 take" if len(made) == 1 else f"{len(made):,} takes")


def test_columns_are_chosen_and_stay(wide: Visit) -> None:
    page = wide.open("/?emotion=sad")
    page.locator(".menu summary").click()
    page.get_by_label("RTF", exact=True).check()
    page.get_by_label("Voice", exact=True).uncheck()
    page.locator(".menu").get_by_role("button", name="Apply").click()
    wide.settle()
    assert page.url.endswith("/?emotion=sad")
    expect(page.get_by_role("columnheader", name="RTF")).to_be_visible()
    expect(page.get_by_role("columnheader", name="Voice")).to_have_count(0)
    assert re.fullmatch(r"\d\.\d\d", page.locator(".take [data-rtf]").first.text_content() or "")


def test_a_row_shows_the_outline_of_its_sound(wide: Visit, scene: Scene) -> None:
    page = wide.open("/")
    row = page.locator(f".take[data-record='{scene.audible[3]['id']}']")
    row.scroll_into_view_if_needed()
    expect(row.locator(".thumbnail path")).to_have_attribute("d", re.compile("^M"))
    drawn = row.locator(".thumbnail path").get_attribute("d") or ""
    with (scene.folder / Path(scene.audible[3]["data"]["audio"]["path"]).name).open("rb") as file:
        peaks = [round(100 * peak) / 100 for peak in outline(file, 30, every=7).peaks]  # sent in hundredths
    heights = [max(4, round(100 * peak**0.6)) for peak in peaks]
    assert drawn == "".join(f"M{3 * at + 1} {100 - height}V{100 + height}" for at, height in enumerate(heights))
    assert max(heights) > 2 * min(heights), "a sound, with its pauses"
    gone = page.locator(".take:has([data-play]:disabled)")
    assert gone.count() > 0
    expect(gone.locator(".thumbnail")).to_have_count(0)
    asked = [url for _, url in wide.fetched if "/waveforms?" in url]
    assert len(asked) < 3, "all rows in view are asked for together"
    assert wide.said == []


@pytest.mark.parametrize("query", ["", "id=", "id=x", "id=-1", "id=٣", f"id={'9' * 5000}", "&".join(["id=1"] * 201)])
def test_waveforms_are_of_so_many_rows_by_their_numbers(client: httpx.Client, query: str) -> None:
    answer = client.get(f"/waveforms?{query}")
    assert answer.status_code == 400
    assert "at most 200 times" in answer.text


def test_what_has_no_waveform_is_left_out(client: httpx.Client) -> None:
    assert client.get("/waveforms?id=999999999").json() == {}


def test_far_away_and_back(wide: Visit, scene: Scene) -> None:
    """To the end by scrolling, with few rows in the document; to a day at once; back to the top by scrolling."""
    page = wide.open("/")
    first = page.locator(".take").first.get_attribute("data-record")
    seen: set[str] = set()
    for _ in steps(page):
        ended = page.locator("#more").is_hidden()
        seen |= set(page.locator(".take").evaluate_all("all => all.map(row => row.dataset.record)"))
        if ended:
            break
        page.evaluate("document.querySelector('.more').scrollIntoView()")
    takes = {item["id"] for item in scene.documents if ".synthesis." in item["type"]}
    assert takes <= seen
    assert page.locator(".take").count() <= 400
    for _ in steps(page):
        if page.locator(f".take[data-record='{first}']").count():
            break
        page.evaluate("scrollBy(0, -1500)")
    expect(page.locator(".take").first).to_have_attribute("data-record", first or "")
    assert page.locator(".take").count() <= 400
    day = (datetime.now(timezone.utc) - timedelta(days=90)).date().isoformat()
    page.locator("input[name=at]").fill(day)
    page.wait_for_url(re.compile("at="))
    wide.settle()
    newest = page.locator(".take time").first.get_attribute("datetime") or ""
    made = max(item["time"] for item in scene.documents if ".synthesis." in item["type"] and item["time"][:10] <= day)
    assert newest[:19] == made[:19]
    page.locator("#position").evaluate(
        "slider => { slider.value = slider.max; slider.dispatchEvent(new Event('input')); "
        "slider.dispatchEvent(new Event('change')); }"
    )
    expect(page.locator(".take").first).to_have_attribute("data-record", first or "")


def test_filters_are_there_in_a_window_that_grew(wide: Visit) -> None:
    page = wide.page
    page.set_viewport_size({"width": 700, "height": 900})
    wide.open("/")
    expect(page.locator("#facets")).to_be_hidden()
    page.set_viewport_size({"width": 1440, "height": 900})
    expect(page.locator("#facets")).to_be_visible()
    page.set_viewport_size({"width": 700, "height": 900})
    expect(page.locator("#facets")).to_be_hidden()


def test_a_view_is_kept_by_the_browser(wide: Visit) -> None:
    page = wide.open("/?emotion=sad&-user=lab")
    page.get_by_label("Name of this view").fill("悲伤")
    page.get_by_label("Name of this view").press("Enter")
    page.goto("/")
    wide.settle()
    page.get_by_role("link", name="悲伤").click()
    wide.settle()
    assert page.url.endswith("/?emotion=sad&-user=lab")
    expect(page.get_by_role("link", name="悲伤")).to_have_attribute("aria-current", "true")
    page.get_by_role("button", name="Remove this view: 悲伤").click()
    expect(page.get_by_role("link", name="悲伤")).to_have_count(0)


@pytest.mark.parametrize("width", [1120, 1440, 2560])
def test_another_order_moves_no_column_and_cuts_no_date(wide: Visit, width: int) -> None:
    """A second click on a head meets the same head."""
    page = wide.page
    page.set_viewport_size({"width": width, "height": 900})
    places = []
    for path in ("/", "/?sort=-length"):
        wide.open(path)
        places.append(
            page.locator("thead th").evaluate_all("all => all.map(each => each.getBoundingClientRect().left)")
        )
        assert page.locator(".take .c-time time").evaluate_all(CUT) == 0
    assert places[0] == places[1]


def test_the_button_of_all_selects_as_many_as_it_says(wide: Visit, scene: Scene) -> None:
    page = wide.open("/?emotion=sad")
    total = (page.locator("#tally b").text_content() or "").split()[0]
    page.locator(".take [data-pick]").first.click()
    page.get_by_role("button", name=f"Select all {total}", exact=True).click()
    expect(page.locator("#selection")).to_contain_text(f"All {total} that match are selected")


def test_pages_of_few_rows_come_to_an_end(wide: Visit) -> None:
    """As from a large library, where a rare filter finds a row or two at a time."""
    page = wide.page
    asked: list[str] = []

    def sparse(route: Route) -> None:
        number = len(asked)
        asked.append(route.request.url)
        cells = f'<td class="pick"></td><td class="body">{number}</td>'
        row = f'<tr class="take" data-id="s{number}" data-record="">{cells}</tr>'
        more = f'<a id="more" href="/?cursor={number + 1}" {"hidden" if number == 15 else ""}></a>'
        route.fulfill(
            body=f'<div id="listing"><table id="results"><tbody>{row}</tbody></table><p class="more">{more}</p></div>'
        )

    page.route("**/rows?*", sparse)
    wide.open("/")
    page.get_by_role("searchbox").fill("rare")
    expect(page.locator("[data-id=s15]")).to_be_attached()
    page.wait_for_timeout(500)
    assert len(asked) == 16
    page.unroute("**/rows?*")


def test_rows_are_selected_by_click_shift_and_keys(wide: Visit) -> None:
    page = wide.open("/")
    picked = page.locator(".take.picked")
    bar = page.locator("#selection")
    expect(bar).to_be_hidden()
    page.locator(".take [data-pick]").nth(1).click()
    page.locator(".take [data-pick]").nth(4).click(modifiers=["Shift"])
    expect(picked).to_have_count(4)
    expect(bar).to_contain_text("4 selected")
    assert page.locator(".take [data-pick]:checked").count() == 4
    page.keyboard.press("Escape")
    expect(picked).to_have_count(0)
    expect(bar).to_be_hidden()
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("Shift+J")
    page.keyboard.press("Shift+J")
    expect(picked).to_have_count(3)
    ids = picked.evaluate_all("all => all.map(row => row.dataset.record)")
    expect(bar.get_by_role("link", name="Compare")).to_have_attribute(
        "href", "/compare?" + "&".join(f"id={each}" for each in ids)
    )
    page.keyboard.press("a")
    expect(bar).to_contain_text(f"{PAGE} selected")
    page.keyboard.press("a")
    total = (page.locator("#tally b").text_content() or "").split()[0]
    expect(bar).to_contain_text(f"All {total} that match are selected")
    wide.further(100)
    expect(picked).to_have_count(page.locator(".take[data-record]:not([data-record=''])").count())
    bar.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("dialog")).to_contain_text(total)
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.keyboard.press("Escape")
    expect(bar).to_be_hidden()


def test_the_chosen_take_is_read_beside_the_list(wide: Visit, scene: Scene) -> None:
    page = wide.open("/")
    page.locator(".take [data-open]").nth(2).click()
    inspector = page.locator("#inspector")
    identity = page.locator(".take").nth(2).get_attribute("data-record")
    expect(inspector.get_by_role("link", name="Open as a page")).to_have_attribute("href", f"/records/{identity}")
    expect(inspector.locator("[data-section=voice]")).to_be_visible()
    assert page.url.rstrip("/").endswith(page.url.rstrip("/").rpartition("/")[2])
    page.keyboard.press("j")
    following = page.locator(".take").nth(3).get_attribute("data-record")
    expect(inspector.locator("article")).to_have_attribute("data-record", following or "")
    page.keyboard.press("Escape")
    expect(inspector).to_be_hidden()
    page.keyboard.press("i")
    expect(inspector).to_be_visible()


def test_one_key_rates_the_chosen_take(wide: Visit, scene: Scene) -> None:
    page = wide.open("/")
    page.keyboard.press("j")
    page.keyboard.press("j")
    identity = page.locator(".take.here").get_attribute("data-record")
    page.keyboard.press("4")
    expect(page.locator("#told")).to_contain_text("Saved")
    expect(page.locator("#tally")).to_contain_text("takes")
    expect(page.locator(".take.here [data-stars]")).to_have_text("★★★★")
    ship(scene)
    page.goto(f"/records/{identity}")
    assert page.locator("[name=rating]:checked").get_attribute("value") == "4"


def test_the_page_is_light_as_it_is_sent(wide: Visit) -> None:
    """The page, its styles and scripts, and what it asks for when it is open: bytes on the wire, heads included."""
    page = wide.open("/")
    expect(page.locator("#tally b")).to_be_visible()
    sent: dict[str, int] = page.evaluate(
        """Object.fromEntries(["navigation", "resource"].flatMap((kind) => performance.getEntriesByType(kind))
            .filter((each) => !each.name.includes("/api/changes")).map((each) => [each.name, each.transferSize]))"""
    )
    print(f"{sum(sent.values()):,} bytes in {len(sent)} answers")
    assert len(sent) > 12
    assert all(sent.values())
    assert sum(sent.values()) < 120_000


def records(page: Page) -> list[str | None]:
    return [row.get_attribute("data-record") for row in page.locator(".take").all()]


def test_without_scripts_filters_orders_and_further_rows_are_links_and_forms(
    browser: Browser, address: str, scene: Scene
) -> None:
    visit = Visit(browser, address, viewport=WIDE, java_script_enabled=False)
    page = visit.page
    page.goto("/")
    page.locator("#facets input[name=emotion][value=sad]").check()
    page.locator("#facets input[name='-user']").first.check(force=True)
    page.get_by_role("button", name="Apply").first.click()
    page.wait_for_url(re.compile("emotion=sad"))
    assert set(page.locator(".take [data-emotion]").all_text_contents()) == {"sad"}
    page.get_by_role("link", name="Length").click()
    page.wait_for_url(re.compile("sort=-length"))
    expect(page.get_by_role("columnheader", name="Length")).to_have_attribute("aria-sort", "descending")
    assert set(page.locator(".take [data-emotion]").all_text_contents()) == {"sad"}
    first = records(page)
    page.get_by_role("button", name="Show more").click()
    page.wait_for_url(re.compile("cursor="))
    assert records(page)
    assert not set(first) & set(records(page))
    visit.context.close()


def test_failures_are_told_by_their_cause(wide: Visit, scene: Scene) -> None:
    page = wide.open("/?status=problems")
    failed = Counter(
        item["data"]["error"]["type"] for item in scene.documents if (item["data"].get("error") or {}).get("type")
    )
    name, count = failed.most_common(1)[0]
    first = page.locator("#causes details").first
    expect(first.locator("summary")).to_contain_text(f"{count} {name}")
    first.locator("summary").click()
    first.get_by_role("link", name="Only these").click()
    wide.settle()
    expect(page.locator(".take")).to_have_count(count)
    assert all(name in text for text in page.locator(".take [data-error]").all_text_contents())


def test_a_new_take_is_told_within_a_second_and_shown_on_request(browser: Browser, tmp_path: Path) -> None:
    made = scenes.make(tmp_path, count=30, sounds=0)
    with library(made, tmp_path / "web.log") as address:
        visit = Visit(browser, address, viewport=WIDE)
        page = visit.open("/")
        other = Visit(browser, address, viewport=WIDE)
        other.open("/?emotion=angry")
        expect(page.locator("#fresh")).to_be_hidden()
        page.wait_for_timeout(1000)  # it listens
        for number in range(3):
            publish(made.folder, succeeded(f"new {number}", emotion="happy"))
        ship(made)
        expect(page.locator("#fresh")).to_have_text("3 new")
        assert page.locator(".take").count() == 30
        page.keyboard.press(".")
        expect(page.locator(".take")).to_have_count(33)
        expect(page.locator("#tally b")).to_have_text("33 takes")
        expect(page.locator("#fresh")).to_be_hidden()
        expect(other.page.locator("#fresh")).to_be_hidden()
        visit.context.close()
        other.context.close()
    log = (tmp_path / "web.log").read_text()
    assert "Traceback" not in log


def test_programs_hear_of_new_takes_until_the_library_ends(tmp_path: Path) -> None:
    made = scenes.make(tmp_path, count=5, sounds=0)
    with contextlib.ExitStack() as served:
        address = served.enter_context(library(made, tmp_path / "web.log"))
        with (
            httpx.Client(base_url=address, trust_env=False, timeout=20) as client,
            client.stream("GET", "/api/changes") as stream,
        ):
            lines = stream.iter_lines()
            assert stream.headers["content-type"].startswith("text/event-stream")
            known = next(int(line.removeprefix("data: ")) for line in lines if line.startswith("data: "))
            publish(made.folder, succeeded("heard of"))
            ship(made)
            newest = next(int(line.removeprefix("data: ")) for line in lines if line.startswith("data: "))
            assert newest > known
            assert client.get("/api/arrived", params={"after": known}).json() == {"new": 1}
            assert client.get("/api/arrived", params={"after": known, "text": "not this"}).json() == {"new": 0}
            assert client.get("/api/arrived", params={"after": "all"}).status_code == 400
            served.close()  # SIGTERM, which fails where the process does not end while somebody listens
            assert [line for line in lines if line.startswith("data: ")] == []
