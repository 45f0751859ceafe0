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

from sidecar.palette import SURFACES, THINGS, css_name
from sidecar.wording import Language, languages

_DRAWN = {name: SURFACES[name] for name in ("text", "soft", "edge", "line")} | dict(THINGS)
"""What figures are drawn with. No two are alike, so that each can be told from its light shade."""
_NO_GLYPH = "missing from font"
_STYLE: Any = {
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": _DRAWN["edge"].light,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": _DRAWN["line"].light,
    "xtick.color": _DRAWN["soft"].light,
    "ytick.color": _DRAWN["soft"].light,
    "text.color": _DRAWN["text"].light,
    "axes.labelcolor": _DRAWN["soft"].light,
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
    """The figure as an SVG element, for an HTML page that has palette.css()."""
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
    for name, colour in _DRAWN.items():
        text = text.replace(colour.light, f"var(--{css_name(name)})")
    return text
