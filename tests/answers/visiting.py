"""A person before the library: a tab of a real Chromium, and what it said."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Locator, Page, expect

from tests.answers.generate import decoded
from tests.events import envelope, succeeded

STATIC = Path(__file__).parents[2] / "sidecar" / "web" / "static"
ATTACK = "<img src=x onerror=\"document.title='pwned'\"><script>document.title='pwned'</script>' \" {{7*7}} ${7*7}"


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


expect.set_options(timeout=30_000)  # milliseconds: beside other tests a page may take long; five seconds unless given
_PATIENCE_SECONDS = 180.0
_PAUSE_MILLISECONDS = 60


def steps(page: Page, seconds: float = _PATIENCE_SECONDS) -> Iterator[None]:
    """Turns of what is done again and again until it has led somewhere, each with a pause for the page to answer."""
    given_up = time.monotonic() + seconds
    while time.monotonic() < given_up:
        yield
        page.wait_for_timeout(_PAUSE_MILLISECONDS)


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
        expect(self.page.locator("html[data-ready]")).to_be_attached()

    def facet(self, name: str, value: str) -> Locator:
        """The box of a filter's value, where it can be seen."""
        for summary in self.page.locator("#filters > summary, .facet:not(:has(details[open])) summary").all():
            if summary.is_visible() and not summary.evaluate("each => each.parentElement.open"):
                summary.click()
        return self.page.locator(f"#facets input[name='{name}'][value='{value}']")

    def further(self, count: int) -> None:
        """Scroll down until so many rows are there."""
        for _ in steps(self.page):
            if self.page.locator(".take").count() >= count:
                break
            self.page.evaluate("document.querySelector('.more').scrollIntoView()")
        expect(self.page.locator(".take").nth(count - 1)).to_be_attached()
        self.settle()

    def texts(self) -> list[str]:
        return self.page.locator(".take [data-open]").all_text_contents()
