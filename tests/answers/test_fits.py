"""Every page on every screen: axe finds nothing, and no text leaves its box. SCREENSHOTS=folder keeps pictures."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.answers.scene import Scene
from tests.answers.visiting import ATTACK, Visit
from tests.unit.test_palette import contrast

VENDOR = Path(__file__).parent / "vendor"
AXE = (VENDOR / "axe.min.js").read_text(encoding="utf-8")
BOXES = (Path(__file__).parent / "boxes.js").read_text(encoding="utf-8")
STYLE = "([selector, name]) => getComputedStyle(document.querySelector(selector)).getPropertyValue(name)"
INKS = """() => [...document.querySelectorAll("[data-drawn] > div")].flatMap(
    (wave) => [...wave.shadowRoot.querySelectorAll("canvas")].map((canvas) => {
        const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
        const at = pixels.findIndex((value, index) => index % 4 === 3 && value === 255);
        return "#" + [...pixels.slice(at - 3, at)].map((part) => part.toString(16).padStart(2, "0")).join("");
    }),
)"""
WIDTHS = (390, 768, 900, 1440, 2560)


def pages(scene: Scene) -> dict[str, str]:
    failed = next(
        item for item in reversed(scene.documents) if item["type"].endswith("failed") and ATTACK not in str(item)
    )
    return {
        "library": "/",
        "found": "/?text=欢迎",
        "problems": "/?status=problems",
        "nothing": "/?text=" + "无" * 40,
        "wrong": "/?until=yesterday",
        "record": f"/records/{scene.audible[3]['id']}",
        "failed": f"/records/{failed['id']}",
        "compare": f"/compare?a={scene.audible[3]['id']}&b={scene.audible[4]['id']}&all=yes",
        "compared": "/compare",
        "repeats": "/repeats",
        "review": "/review",
        "charts": "/charts?since=",
        "month": "/charts",
        "unavailable": "/charts?since=yesterday",
        "missing": "/nothing-here",
    }


def violations(page: Page) -> list[str]:
    page.evaluate(AXE)
    report: dict[str, Any] = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{item['id']} ({item['impact']}): {item['help']}: {[node['target'] for node in item['nodes'][:3]]}"
        for item in report["violations"]
    ]


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_no_text_leaves_its_box(browser: Browser, address: str, scene: Scene, locale: str) -> None:
    """On every page, on each screen, with what can be opened shut and open. Themes have colours alone."""
    visit = Visit(browser, address, locale=locale, viewport={"width": WIDTHS[0], "height": 900})
    found = {}
    for name, path in pages(scene).items():
        page = visit.open(path)
        for shown in ("shut", "open"):
            for width in WIDTHS:
                page.set_viewport_size({"width": width, "height": 900})
                page.evaluate("() => new Promise(requestAnimationFrame)")
                out = page.evaluate(BOXES)
                if out or (shown == "shut" and page.evaluate("document.documentElement.scrollWidth > innerWidth")):
                    found[name, width, shown] = out or "wider than the screen"
                if shown == "shut" and "SCREENSHOTS" in os.environ:
                    keep(page, Path(os.environ["SCREENSHOTS"]) / f"{name}-{locale[:2]}-{width}")
            page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
    visit.context.close()
    assert found == {}


def keep(page: Page, path: Path) -> None:
    """A picture in each theme."""
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)
        page.screenshot(path=path.with_name(f"{path.name}-{scheme}.png"), full_page=True)


# Each theme meets each language, and a wide and a narrow screen.
@pytest.mark.parametrize(
    ("scheme", "locale", "width"),
    [("light", "en-US", 1440), ("dark", "zh-CN", 1440), ("light", "zh-CN", 390), ("dark", "en-US", 390)],
)
def test_every_page_is_accessible(
    browser: Browser, address: str, scene: Scene, scheme: str, locale: str, width: int
) -> None:
    visit = Visit(browser, address, color_scheme=scheme, locale=locale, viewport={"width": width, "height": 800})
    found = {name: violations(visit.open(path)) for name, path in pages(scene).items()}
    assert {name: several for name, several in found.items() if several} == {}
    assert [line for line in visit.said if not re.search("404|400", line)] == []
    visit.context.close()


def test_the_measure_finds_what_leaves_its_box(browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 800})
    cut = "<div style='width:60px;overflow:hidden;white-space:nowrap'>much too long for it</div>"
    card = "<div style='width:60px;border:1px solid;white-space:nowrap'>much too long for it</div>"
    text = "<text y='20' x='{}'>a label</text>"
    for inner, count in (
        (cut, 1), (card, 1), (f"<svg width='90' height='30'>{text.format(60)}</svg>", 1),
        (f"<svg width='90' height='30'>{text.format(0)}{text.format(9)}</svg>", 1),
        ("<div style='overflow:auto;width:60px;white-space:nowrap'>much too long for it</div>", 0),
        ("<div style='border:1px solid'>fits</div>", 0),
        (f"<svg width='90' height='30'>{text.format(0)}</svg>", 0),
    ):  # fmt: skip
        page.set_content(inner)
        assert len(page.evaluate(BOXES)) == count, inner
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_can_be_used_is_seen_to_be_there(browser: Browser, address: str, scene: Scene, scheme: str) -> None:
    """The edges of fields and buttons, and the waveform, have a contrast of 3 at least."""
    visit = Visit(browser, address, color_scheme=scheme)
    edges = ["#search .field", ".choice select", "input[name=since]", "#more", ".menu summary"]
    drawn = {
        "/": [(name, "border-top-color") for name in edges],
        f"/records/{scene.audible[3]['id']}": [
            ("textarea", "border-top-color"), ("input[name=by]", "border-top-color"),
            ("[data-copy]", "border-top-color"), (".stars-input svg", "stroke"),
        ],
    }  # fmt: skip
    for path, parts in drawn.items():
        page = visit.open(path)
        expect(page.locator("[data-drawn]")).to_have_count(1 if path != "/" else 0)
        grounds = page.evaluate(
            "['--card', '--page'].map(name => getComputedStyle(document.documentElement).getPropertyValue(name))"
        )
        for selector, name in parts:
            ink = page.evaluate(STYLE, [selector, name])
            shade = "#" + "".join(f"{int(part):02x}" for part in re.findall(r"\d+", ink)[:3])
            assert min(contrast(shade, ground.strip()) for ground in grounds) >= 3, selector
        for shade in page.evaluate(INKS):
            assert min(contrast(shade, ground.strip()) for ground in grounds) >= 3, "the waveform"
    visit.context.close()
