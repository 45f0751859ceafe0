"""What is pictured: pages of the library, the report, commands, and a film of searching, listening and rating."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from playwright.sync_api import Browser, Locator, Page, expect

from tests.pictures import studio

expect.set_options(timeout=60_000)  # the machine may be busy

WIDTH, HEIGHT = 1152, 748  # the narrowest at which takes are lines of a table
DESK = (1440, 900)  # with the filters beside it
MARGIN = 16
SEEK = """at => new Promise(done => {
    const audio = document.querySelector("#dock audio");
    audio.addEventListener("seeked", () => requestAnimationFrame(done), { once: true });
    audio.currentTime = at;
})"""


@dataclass(frozen=True)
class Reader:
    """Who looks, and at which takes."""

    suffix: str
    """Of the names of the files."""
    locale: str
    report: str
    """A code of sidecar.wording."""
    rated: str
    """The text of the record that is shown."""
    typed: Sequence[str]
    """For the film, what is typed, keystroke by keystroke."""
    heard: str
    """The take that is listened to and rated."""
    note: str


READERS = [
    Reader(
        suffix="",
        locale="en-US",
        report="en",
        rated="In lesson seven we look at what happens when two waves meet.",
        typed="welcome",
        heard="Good morning, and welcome aboard. Our journey takes about four hours.",
        note="the best take so far",
    ),
    Reader(
        suffix="-zh",
        locale="zh-CN",
        report="zh",
        rated="您好，欢迎致电，请问有什么可以帮您？",
        typed=("欢", "迎", "光", "临"),
        heard="各位来宾早上好，欢迎光临本馆，今天开放到晚上九点。",
        note="停顿自然，就用这一条",
    ),
]


def opened(
    browser: Browser,
    address: str,
    reader: Reader,
    theme: str = "light",
    scale: float = 1.5,
    size: tuple[int, int] = (WIDTH, HEIGHT),
) -> Page:
    """An empty tab of a reader at the studio's time and place."""
    page = browser.new_context(
        base_url=address,
        viewport={"width": size[0], "height": size[1]},
        device_scale_factor=scale,
        locale=reader.locale,
        timezone_id=studio.TIMEZONE,
        color_scheme="dark" if theme == "dark" else "light",
    ).new_page()
    page.clock.set_fixed_time(studio.NOW)
    return page


def library(page: Page, query: str = "") -> Page:
    page.goto(f"/{query}")
    settle(page)
    return page


def settle(page: Page) -> None:
    """Until the last search has been answered."""
    expect(page.locator("#results")).not_to_have_class(re.compile("stale"))
    expect(page.locator("#tally b")).to_be_visible()


def thumbnails(page: Page) -> Page:
    """With the waveforms of the rows on the screen."""
    page.wait_for_function("""() => {
        const above = (path) => path.getBoundingClientRect().top < innerHeight;
        const shown = [...document.querySelectorAll(".thumbnail path")].filter(above);
        return shown.length > 0 && shown.every((path) => path.hasAttribute("d"));
    }""")
    return page


def record(page: Page, text: str) -> Page:
    """The newest take of a text."""
    library(page, f'?text="{text}"')
    page.locator(".take [data-open]").first.click()
    drawn(page)
    return page


def drawn(page: Page) -> None:
    expect(page.locator("[data-drawn]")).to_be_attached()
    page.wait_for_load_state("networkidle")


def down_to(page: Page, last: Locator, margin: int = MARGIN) -> bytes:
    """The page from its top to the end of an element."""
    box = last.bounding_box()
    assert box is not None
    height = box["y"] + box["height"] + margin
    return page.screenshot(
        full_page=True, clip={"x": 0, "y": 0, "width": WIDTH, "height": height}, animations="disabled"
    )


def taken(page: Page) -> bytes:
    """What is on the screen, with every transition at its end."""
    return page.screenshot(animations="disabled")


def film(page: Page, reader: Reader) -> Iterator[tuple[bytes, int]]:
    """Type, listen, open, rate: screenshots, and for how many milliseconds each is shown."""
    library(page)
    yield taken(page), 1000
    page.keyboard.press("/")
    for key in reader.typed:
        with page.expect_response(lambda answer: "/rows?" in answer.url):
            page.keyboard.insert_text(key)
        settle(page)
        yield taken(page), 1400 // len(reader.typed)
    take = page.locator(".take").filter(has_text=reader.heard).first
    take.locator("[data-play]").click()
    page.mouse.move(0, 0)
    page.wait_for_function("() => document.querySelector('#dock audio').currentTime > 0")
    for tenths in range(1, 30, 4):
        # As far as it plays in the film: taking a picture takes longer than the picture is shown.
        page.evaluate(SEEK, tenths / 10)
        yield taken(page), 400
    take.locator("[data-open]").click()
    drawn(page)
    yield taken(page), 900
    form = page.locator("#rating")
    form.evaluate("form => form.closest('section').scrollIntoView({ block: 'center' })")
    yield taken(page), 400
    form.locator("label[for=rate5]").click()
    page.mouse.move(0, 0)
    yield taken(page), 500
    form.locator("textarea").fill(reader.note)
    yield taken(page), 700
    form.locator("button.main").click()
    expect(form.locator("[data-said]")).not_to_be_empty()
    yield taken(page), 2000
