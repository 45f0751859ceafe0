"""How figures look: colours that follow the reader's theme, and fonts with every language's characters."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Iterator
from functools import cache
from typing import Any

import matplotlib as mpl
from matplotlib import font_manager
from matplotlib.figure import Figure

from sidecar.wording import Language, languages

PALETTE = {
    "text": ("#1b1c22", "#ececf1"), "soft": ("#5b5e6b", "#a4a8b7"), "edge": ("#c9cbd6", "#4a4e5e"),
    "line": ("#e8e9ef", "#2b2e37"), "c0": ("#4449c8", "#9097ff"), "c1": ("#c2592f", "#f0936a"),
    "c2": ("#1f7a5c", "#62c9a4"), "c3": ("#8b4fae", "#cf9af0"), "c4": ("#b37a00", "#f1b44c"),
    "c5": ("#2a8cb8", "#74c3e8"), "c6": ("#b0417c", "#f39cc7"), "c7": ("#6d7080", "#8d91a1"),
    "c8": ("#7d9a2e", "#b9d46f"),
}  # fmt: skip
"""Each colour by name: on a light page, and on a dark one."""
SERIES = tuple(light for name, (light, _) in PALETTE.items() if name[1:].isdigit())
"""The colours of series, in order."""
_NO_GLYPH = "missing from font"
_STYLE: Any = {
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": PALETTE["edge"][0],
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": PALETTE["line"][0],
    "xtick.color": PALETTE["soft"][0],
    "ytick.color": PALETTE["soft"][0],
    "text.color": PALETTE["text"][0],
    "axes.labelcolor": PALETTE["soft"][0],
    "font.size": 10,
    "legend.frameon": False,
    "svg.fonttype": "path",  # glyphs as shapes: the reader needs no font
    "svg.hashsalt": "sidecar",
}


@cache
def first_installed(fonts: tuple[str, ...]) -> str | None:
    """The first of the fonts that this machine has."""
    return _known_font(fonts) or _new_font(fonts)


def _known_font(fonts: tuple[str, ...]) -> str | None:
    installed = set(font_manager.get_font_names())
    return next((name for name in fonts if name in installed), None)


def _new_font(fonts: tuple[str, ...]) -> str | None:
    """matplotlib looks for fonts once and keeps its list for good; this adds the fonts installed since."""
    known = {entry.fname for entry in font_manager.fontManager.ttflist}
    for path in font_manager.findSystemFonts():
        if path not in known:
            with contextlib.suppress(OSError, RuntimeError):  # some font files are of a kind that it cannot draw with
                font_manager.fontManager.addfont(path)
    return _known_font(fonts)


def without_font() -> list[Language]:
    """The languages whose characters the figures cannot show on this machine."""
    return [each for each in languages().values() if each.fonts and not first_installed(each.fonts)]


@contextlib.contextmanager
def ours(language: str) -> Iterator[list[str]]:
    """A context in which figures look like ours.

    Args:
        language: of the report. Its font comes first, but the texts and names in a figure can be in any language.

    Yields:
        What matplotlib said of characters that no font has, once the context has ended.
    """
    ordered = sorted(languages(), key=lambda code: code != language)
    wanted = [fonts for code in ordered if (fonts := languages()[code].fonts)]
    family = [*filter(None, map(first_installed, wanted)), "DejaVu Sans"]
    boxes: list[str] = []
    with mpl.rc_context({**_STYLE, "font.family": family}), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield boxes
    for each in caught:
        if _NO_GLYPH in str(each.message):
            boxes.append(str(each.message))
        else:
            warnings.warn_explicit(each.message, each.category, each.filename, each.lineno)


def svg(figure: Figure) -> str:
    """The figure as an SVG element, for an HTML page that defines the palette as custom properties."""
    buffer = io.StringIO()
    figure.savefig(
        buffer,
        format="svg",
        bbox_inches="tight",
        transparent=True,
        metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")),
    )
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    for name, (light, _) in PALETTE.items():
        text = text.replace(light, f"var(--{name})")
    return text
