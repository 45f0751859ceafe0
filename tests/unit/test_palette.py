"""The colours: seen on their grounds, and told apart by eyes that lack a cone."""

from __future__ import annotations

import itertools
import math
import re
from pathlib import Path

import pytest

from sidecar import palette
from sidecar.event.types import STATUSES
from sidecar.palette import SURFACES, THINGS, TOGETHER

ROOT = Path(__file__).parents[2]
# Machado, Oliveira and Fernandes 2009, severity 1, on linear RGB.
EYES = {
    "all cones": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": (
        (0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900),
    ),
}  # fmt: skip
# Björn Ottosson's OKLab, in which distances are alike to the eye; 2 is just noticed, side by side.
TO_CONES = (
    (0.41222147, 0.53633254, 0.05144599),
    (0.2119035, 0.68069955, 0.10739696),
    (0.08830246, 0.28171884, 0.6299787),
)
TO_LAB = (
    (0.21045426, 0.79361779, -0.00407205),
    (1.9779985, -2.42859221, 0.45059371),
    (0.02590404, 0.78277177, -0.80867577),
)
APART = 8.0
GRAFANA = "#181b1f"


def linear(colour: str) -> list[float]:
    shares = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    return [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]


def times(matrix: tuple[tuple[float, ...], ...], vector: list[float]) -> list[float]:
    return [sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix]


def contrast(one: str, other: str) -> float:
    bright, dark = sorted(
        (sum(a * b for a, b in zip((0.2126, 0.7152, 0.0722), linear(each), strict=True)) for each in (one, other)),
        reverse=True,
    )
    return (bright + 0.05) / (dark + 0.05)


def lab(colour: str, eyes: str) -> list[float]:
    seen = [min(max(part, 0.0), 1.0) for part in times(EYES[eyes], linear(colour))]
    return times(TO_LAB, [part ** (1 / 3) for part in times(TO_CONES, seen)])


def distance(one: str, other: str, eyes: str) -> float:
    return 100 * math.sqrt(sum((a - b) ** 2 for a, b in zip(lab(one, eyes), lab(other, eyes), strict=True)))


@pytest.mark.parametrize("eyes", EYES)
@pytest.mark.parametrize("side", ["light", "dark", "middle"])
@pytest.mark.parametrize("group", TOGETHER)
def test_what_one_picture_tells_apart_is_told_apart_by_every_eye(group: str, side: str, eyes: str) -> None:
    colours = {name: getattr(THINGS[name], side) for name in TOGETHER[group]}
    near = [
        (one, other)
        for one, other in itertools.combinations(colours, 2)
        if distance(colours[one], colours[other], eyes) < APART
    ]
    assert near == []


@pytest.mark.parametrize("name", THINGS)
def test_a_thing_is_seen_on_every_ground(name: str) -> None:
    thing = THINGS[name]
    text = 3 if name.startswith(("model-", "stage-")) else 4.5  # those two are never the colour of a text
    for ground in ("card", "page"):
        assert contrast(thing.light, SURFACES[ground].light) >= text
        assert contrast(thing.dark, SURFACES[ground].dark) >= text
    assert min(contrast(thing.middle, "#ffffff"), contrast(thing.middle, GRAFANA)) >= 3


@pytest.mark.parametrize("name", ["edge", "wave"])
def test_what_can_be_used_has_an_edge_that_is_seen(name: str) -> None:
    for side in ("light", "dark"):
        for ground in ("card", "page"):
            assert contrast(getattr(SURFACES[name], side), getattr(SURFACES[ground], side)) >= 3


def hue(colour: str) -> float:
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    most, least = max(red, green, blue), min(red, green, blue)
    if most - least < 40:
        return -1.0  # grey
    if most == red:
        return 60 * ((green - blue) / (most - least)) % 360
    return 60 * (2 + (blue - red) / (most - least)) if most == green else 60 * (4 + (red - green) / (most - least))


def test_orange_means_one_thing() -> None:
    everything = {**SURFACES, **THINGS}
    orange = {
        name
        for name, colour in everything.items()
        for each in (colour.light, colour.dark, colour.middle)
        if each and 15 <= hue(each) <= 48
    }
    assert orange == {"saturated"}


def test_no_two_things_share_a_colour() -> None:
    for side in ("light", "dark"):
        shades = [getattr(colour, side) for colour in THINGS.values()]
        assert len(set(shades)) == len(shades)


def test_no_other_place_has_colours_of_its_own() -> None:
    """Shadows are black; all else comes from the palette, which the vendored parts are told."""
    places = [
        *(ROOT / "sidecar/web").rglob("*"),
        *(ROOT / "sidecar/report").rglob("*"),
        *(ROOT / "deploy/grafana").glob("*.py"),
    ]
    for path in places:
        if path.suffix in (".py", ".css", ".js", ".html") and path.parent.name != "vendor":
            found = set(re.findall(r"#[0-9a-fA-F]{3,8}\b(?![\w-])", path.read_text(encoding="utf-8")))
            assert {each for each in found if not re.fullmatch(r"#0{3,6}[0-9a-f]{0,2}", each)} == set(), path


def test_what_nobody_foresaw_has_a_colour_too() -> None:
    assert palette.emotion("wistful") == "other"
    assert palette.model("3") == "other"
    assert {palette.outcome(status) for status in STATUSES} <= set(THINGS)
    assert palette.stage("other") == "stage-other"
    assert palette.stage("gpt_time") == "stage-gpt"
