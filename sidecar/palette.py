"""Every colour that the pages, the report and the dashboards show, and what each of them means.

A colour belongs to a thing: an emotion, an outcome, a model, a stage has the same one in every chart, language and
theme, and keeps it when others come or go. Orange means one thing: the sound is saturated. Colours that are drawn in
one picture stay apart for eyes that lack a cone (tests/unit/test_palette.py measures it), and nothing is told by colour
alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Colour:
    light: str
    """On a light page, #rrggbb."""
    dark: str
    """On a dark one."""

    middle: str = ""
    """One that is seen on both, for a dashboard, which does not know its reader's theme; empty where none needs it."""


SURFACES: Mapping[str, Colour] = {
    "page": Colour("#f6f6f9", "#14151a"),
    "card": Colour("#ffffff", "#1d1f26"),
    "line": Colour("#e2e3ea", "#32353f"),
    "edge": Colour("#85889a", "#717587"),
    "text": Colour("#1b1c22", "#ececf1"),
    "soft": Colour("#5b5e6b", "#a4a8b7"),
    "accent": Colour("#4449c8", "#a3a8ff"),
    "accent-text": Colour("#ffffff", "#15162b"),
    "accent-soft": Colour("#ecedfb", "#2a2c4d"),
    "wave": Colour("#878bab", "#777c95"),
    "good": Colour("#1b6e3c", "#86d9a4", "#2f9e5b"),
}
"""What pages are made of. `line` only divides; `edge` is around what can be used, `wave` is what can be played."""

THINGS: Mapping[str, Colour] = {
    "takes": Colour("#4449c9", "#9097ff", "#6468d8"),
    "interrupted": Colour("#846673", "#cda8b3", "#8d6e7f"),
    "reused": Colour("#144a55", "#8ff6f5", "#509eb1"),
    "failed": Colour("#7f141f", "#ee5445", "#ab4640"),
    "saturated": Colour("#a95d14", "#f7bd68", "#c88635"),
    "truncated": Colour("#553dd2", "#7f89ff", "#6e6cb1"),
    "neutral": Colour("#5b5f6e", "#a6aab9", "#7c8090"),
    "happy": Colour("#6a6300", "#f5e566", "#8b8420"),
    "angry": Colour("#b61b39", "#fa4b56", "#cf3a4c"),
    "sad": Colour("#2f5fca", "#79a8fd", "#4f82e4"),
    "afraid": Colour("#6b0fa9", "#a074fb", "#8f5be0"),
    "disgusted": Colour("#005f15", "#9fca64", "#3f8f35"),
    "melancholic": Colour("#52636b", "#c2edfb", "#6d8f9c"),
    "surprised": Colour("#7e1764", "#f9a8c3", "#c0589c"),
    "calm": Colour("#00665f", "#379b8b", "#2c8a7e"),
    "other": Colour("#686c7b", "#b3b7c4", "#7e8291"),
    "model-1": Colour("#344048", "#d2ecf7", "#5e6873"),
    "model-1.5": Colour("#277843", "#77c489", "#079b5b"),
    "model-2": Colour("#7f78f5", "#5765ee", "#9378f5"),
    "model-2.5": Colour("#9924a2", "#b06f8d", "#e25fb3"),
    "stage-gpt": Colour("#7e77f4", "#5866ef", "#9277f4"),
    "stage-s2mel": Colour("#267742", "#76c388", "#089a5a"),
    "stage-bigvgan": Colour("#9823a1", "#af6e8c", "#e15eb2"),
    "stage-other": Colour("#354149", "#d1ebf6", "#5f6974"),
}
"""What is counted and told apart. No two are the same, so that a drawing's colours can be read back."""

EMOTIONS = ("happy", "angry", "sad", "afraid", "disgusted", "melancholic", "surprised", "calm")
TOGETHER: Mapping[str, tuple[str, ...]] = {
    "outcomes": ("takes", "failed", "interrupted", "reused"),
    "faults": ("failed", "saturated", "truncated"),
    "models": ("model-1", "model-1.5", "model-2", "model-2.5"),
    "stages": ("stage-gpt", "stage-s2mel", "stage-bigvgan", "stage-other"),
}
"""The things that one picture tells apart by colour."""


def emotion(name: str) -> str:
    """The name of an emotion's colour; one that a user made up has that of all others."""
    return name if name in EMOTIONS or name == "neutral" else "other"


def model(version: str) -> str:
    """The name of a model's colour."""
    return f"model-{version}" if f"model-{version}" in THINGS else "other"


def outcome(status: str) -> str:
    """The name of the colour of what became of a synthesis."""
    return {"succeeded": "takes", "discovered": "other"}.get(status, status)


def stage(column: str) -> str:
    """The name of the colour of a stage, which is called by its column, such as gpt_time."""
    name = f"stage-{column.removesuffix('_time')}"
    return name if name in THINGS else "stage-other"


def css() -> str:
    """The colours as custom properties that follow the reader's theme, and a class for each thing: c-happy sets --c."""
    light, dark = (
        "".join(f"--{css_name(name)}:{getattr(colour, side)};" for name, colour in {**SURFACES, **THINGS}.items())
        for side in ("light", "dark")
    )
    classes = "".join(f".c-{css_name(name)}{{--c:var(--{css_name(name)})}}\n" for name in THINGS)
    return (
        f":root{{{light}}}\n"
        f'@media (prefers-color-scheme: dark){{:root:not([data-theme="light"]){{{dark}}}}}\n'
        f':root[data-theme="dark"]{{{dark}}}\n{classes}'
    )


def css_name(name: str) -> str:
    """As CSS can say it: a version's dot would begin a class."""
    return name.replace(".", "-")
