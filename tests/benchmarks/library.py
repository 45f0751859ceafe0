"""The library over many records: what a request costs the server, and what a page weighs in a browser that went far."""

from __future__ import annotations

import re
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from sidecar.answers.window import ORDERS
from tests.answers import three_ways
from tests.answers.browser import chromium, lacking_for_chromium
from tests.answers.conftest import connect
from tests.answers.million import database_url, fill
from tests.answers.scene import Scene
from tests.answers.served import library as served
from tests.benchmarks.context import Context
from tests.benchmarks.measure import Row

_SERVER_MS = 300.0
_JUMP_MS = 1000.0
_FIRST_ROW_MS = 200.0
_MEGABYTES = 200.0
_TIMES = 5
_OPENINGS = 9
"""Of a page, for the time of its first picture, which is spread wide."""
_SCREENS = 40
"""So far one scrolls at the far end: eight pages of rows are in the document, and what was above is taken away."""
_ASKED = {
    "": "", "two emotions": "emotion=sad&emotion=angry", "without two users": "-user=lab&-user=%E5%AE%A2%E6%9C%8D",
    "problems": "status=problems", "a part of a voice's name": "voice=whisper_07", "no such voice": "voice=nowhere",
    "a word": "text=%E6%AC%A2%E8%BF%8E", "no such word": "text=%E4%B8%8D%E5%AD%98%E5%9C%A8%E7%9A%84",
    "a rating": "rating=5", "a year, long ago": "since=2026-01-01&until=2026-03-01&emotion=sad",
}  # fmt: skip
_AT_REST_MS = 1000
"""A page is opened in a new tab of a browser that has nothing else to do, as people open it: what Chromium does for the
page before, and to have a process ready for the next one, would take half of the time."""
_FIRST_ROW = """new Promise((told) => {
    const at = () => performance.getEntriesByName("first-contentful-paint")[0]?.startTime;
    const look = () => (at() ? told(at()) : setTimeout(look, 20));
    look();
})"""


def library(context: Context) -> list[Row]:
    """On the kind of server that is measured, and on SQLite beside MariaDB; on a server of its own that loads fast."""
    count = context.count("LIBRARY_ROWS", full=1_000_000, small=5_000)
    rows = []
    for kind in context.kinds:
        context.progress(f"the library over {count:,} records on {kind}")
        with database_url(kind) as url:
            fill(url, count)
            rows += measured(context, url, f"{count:,} records, {kind}")
    return rows


def measured(context: Context, url: str, which: str) -> list[Row]:
    """Of a library that is there."""
    rows = [*_requests(url, which)]
    if lacking := lacking_for_chromium():
        context.progress(f"no browser: {lacking}")
        return rows
    return [*rows, *_browsed(url, which, context.scale(context.rounds, 1))]


def _requests(url: str, which: str) -> Iterator[Row]:
    """In this process, so that its own processor time is known. Of filters, counts and orders the slowest is told."""
    day = _middle(url)
    filters = {name: query for name, query in _ASKED.items() if query}
    again = {"the first page": "/", f"rows at the day of the middle record, {day}": f"/rows?at={day}"}
    anew = {
        f"rows, the slowest of {len(filters)} filters": {name: f"/rows?{query}" for name, query in filters.items()},
        f"counts, the slowest of {len(filters)} filters": {
            name: f"/summary?{query}" for name, query in filters.items()
        },
        f"rows, the slowest of {2 * len(ORDERS)} orders": {
            order: f"/rows?sort={order}" for name in ORDERS for order in (name, f"-{name}")
        },
    }
    with three_ways.library(url) as get:
        get("/")  # what there is to choose from was asked for before the first visitor came
        for what, path in again.items():
            yield _answered(f"{what}, {which}", *_timed(partial(get, path)))
        for what, paths in anew.items():
            timed = {name: _timed(partial(_fresh, get, path)) for name, path in paths.items()}
            slowest = max(timed, key=lambda name: statistics.median(timed[name][0]))
            yield _answered(f"{what} ({slowest}), {which}", *timed[slowest])


def _answered(what: str, walls: list[float], busy: list[float]) -> Row:
    details = {"own processor time, ms": busy}
    return Row(what=what, unit="ms", ours=walls, against="", at_most=_SERVER_MS, details=details)


def _fresh(get: Callable[[str], bytes], path: str) -> bytes:
    """The answer to a question that nobody asked before: a user who is none is refused in it each time."""
    return get(f"{path}&-user=nobody-{time.perf_counter_ns()}")


def _timed(ask: Callable[[], bytes]) -> tuple[list[float], list[float]]:
    """Milliseconds by the clock, and of this process's processor."""
    walls, busy = [], []
    for _ in range(_TIMES):
        began, spent = time.perf_counter(), time.process_time()
        ask()
        walls.append((time.perf_counter() - began) * 1000)
        busy.append(round((time.process_time() - spent) * 1000, 1))
    return walls, busy


def _middle(url: str) -> str:
    """The day of the record that has as many before it as after it."""
    with closing(connect(url)) as database:
        ((count,),) = database.query("SELECT COUNT(*) FROM tts_records")
        sql = f"SELECT created_at FROM tts_records ORDER BY created_at DESC LIMIT 1 OFFSET {count // 2:d}"
        return str(database.query(sql)[0][0].date())


def _browsed(url: str, which: str, rounds: int) -> Iterator[Row]:
    day = _middle(url)
    with (
        tempfile.TemporaryDirectory() as folder,
        _serving(url, Path(folder)) as address,
        sync_playwright() as playwright,
    ):
        browser = chromium(playwright)
        cold: list[float] = []
        warm: list[float] = []
        empty: list[float] = []
        there, back, heap, resident = [], [], [], []
        for _ in range(_OPENINGS if rounds > 1 else 1):
            with closing(browser.new_context(base_url=address, viewport={"width": 1440, "height": 900})) as visit:
                for path, taken in (("/", cold), ("/nothing-is-here", empty), ("/", warm)):
                    with closing(visit.new_page()) as page:
                        page.wait_for_timeout(_AT_REST_MS)
                        page.goto(path)
                        taken.append(float(page.evaluate(_FIRST_ROW)))
        for _ in range(rounds):
            with closing(browser.new_context(base_url=address, viewport={"width": 1440, "height": 900})) as visit:
                page = visit.new_page()
                page.goto("/")
                page.wait_for_selector("html[data-ready]")
                newest = page.locator(".take").first.get_attribute("data-id") or ""
                there.append(_gone(page, day, f".day[data-day='{day}']"))
                for _ in range(_SCREENS):
                    page.mouse.wheel(0, 900)
                    page.wait_for_timeout(100)
                back.append(_gone(page, "", f".take[data-id='{newest}']"))
                heap.append(_heap(page) / 1e6)
                resident.append(_resident(browser) / 1e6)
        browser.close()
    for what, ours, most in (
        ("first row painted, empty cache", cold, _FIRST_ROW_MS),
        ("first row painted, styles and scripts cached", warm, _FIRST_ROW_MS),
        ("to the day of the middle record", there, _JUMP_MS),
        ("back to the newest", back, _JUMP_MS),
    ):
        details = {"a page that says only that nothing is there, ms": empty} if most == _FIRST_ROW_MS else {}
        yield Row(what=f"{what}, {which}", unit="ms", ours=ours, against="", at_most=most, details=details)
    for what, ours in (("the page's heap afterwards", heap), ("all of its process in memory", resident)):
        yield Row(what=f"{what}, {which}", unit="MB", ours=ours, against="", at_most=_MEGABYTES)


@contextmanager
def _serving(url: str, folder: Path) -> Iterator[str]:
    """`sidecar web` in a process of its own."""
    watched = folder / "outputs"
    watched.mkdir()
    with served(Scene(url=url, folder=watched, documents=[]), folder / "web.log") as address:
        yield address


def _gone(page: Page, day: str, selector: str) -> float:
    """Milliseconds from the choice of a day until its rows are there."""
    began = time.perf_counter()
    page.locator("input[name=at]").fill(day)
    page.locator(selector).wait_for(state="attached")
    return (time.perf_counter() - began) * 1000


def _heap(page: Page) -> float:
    """Bytes of what scripts hold, after what nobody holds was let go."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    session.send("Performance.enable")
    metrics = {each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]}
    return float(metrics["JSHeapUsedSize"])


def _resident(browser: Browser) -> float:
    """Bytes of the largest renderer, with its share of what it has in common with the browser's other processes."""
    session = browser.new_browser_cdp_session()
    found = session.send("SystemInfo.getProcessInfo")["processInfo"]
    session.detach()
    pids = [each["id"] for each in found if each["type"] == "renderer"]
    return max(_share(pid) for pid in pids)


def _share(pid: int) -> float:
    told = re.search(r"^Pss:\s+(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.M)
    return int(told.group(1)) * 1024 if told else 0
