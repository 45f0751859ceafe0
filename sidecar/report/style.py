"""How figures look: colours that follow the reader's theme, and a font that has Chinese where the machine has one."""

from __future__ import annotations

import contextlib
import io
from functools import cache
from typing import Any

import matplotlib as mpl
from matplotlib import font_manager
from matplotlib.figure import Figure

_FONTS = (
    "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "Microsoft YaHei", "PingFang SC", "WenQuanYi Zen Hei",
    "SimHei", "Noto Sans CJK JP",
)  # fmt: skip
PALETTE = {
    "text": ("#1b1c22", "#ececf1"), "soft": ("#5b5e6b", "#a4a8b7"), "edge": ("#c9cbd6", "#4a4e5e"),
    "line": ("#e8e9ef", "#2b2e37"), "c0": ("#4449c8", "#9097ff"), "c1": ("#c2592f", "#f0936a"),
    "c2": ("#1f7a5c", "#62c9a4"), "c3": ("#8b4fae", "#cf9af0"), "c4": ("#b37a00", "#f1b44c"),
    "c5": ("#2a8cb8", "#74c3e8"), "c6": ("#b0417c", "#f39cc7"), "c7": ("#6d7080", "#8d91a1"),
    "c8": ("#7d9a2e", "#b9d46f"),
}  # fmt: skip
"""A colour's name, and what it is on a light and on a dark page."""
SERIES = tuple(light for name, (light, _) in PALETTE.items() if name[1:].isdigit())
"""One colour after the other, for what is drawn in several."""
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
def chinese_font() -> str | None:
    """The first installed font that has Chinese."""
    return _known_font() or _new_font()


def _known_font() -> str | None:
    installed = set(font_manager.get_font_names())
    return next((name for name in _FONTS if name in installed), None)


def _new_font() -> str | None:
    """matplotlib looks for fonts once and keeps the list for good: one that was installed since is not on it."""
    known = {entry.fname for entry in font_manager.fontManager.ttflist}
    for path in font_manager.findSystemFonts():
        if path not in known:
            with contextlib.suppress(OSError, RuntimeError):  # not every file is one that it can draw with
                font_manager.fontManager.addfont(path)
    return _known_font()


def ours() -> Any:
    """A context in which figures look like ours."""
    found = chinese_font()
    family = [found, "DejaVu Sans"] if found else ["DejaVu Sans"]
    return mpl.rc_context({**_STYLE, "font.family": family})


def svg(figure: Figure) -> str:
    """The figure as an SVG element for an HTML page that gives the palette as custom properties."""
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
