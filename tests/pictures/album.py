"""Pictures as files: of few colours, and written anew only where they look different."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageChops, ImageFilter, ImageSequence

COLOURS = 111
RARE = 32  # of a film's colours, those of few pixels, such as the emotions': by area they would be dropped
UNSEEN = 6  # of 255: a difference of a pixel that nobody sees
SPECKS = 0.00002  # share of a picture's pixels: a changed digit is more
JITTER = 0.02  # share of a film's pixels: a clip is never pictured at the same millisecond twice


def keep_png(path: Path, shot: bytes) -> bool:
    """Write a screenshot. Returns whether it looks different from what was there."""
    picture = _opened(shot).quantize(COLOURS, dither=Image.Dither.NONE)
    if path.exists():
        with Image.open(path) as before:
            if _differing(before, picture) <= SPECKS:
                return False
    picture.save(path, optimize=True)
    return True


def keep_gif(path: Path, shots: Sequence[tuple[bytes, int]]) -> bool:
    """Write screenshots, each shown for so many milliseconds, as an endless film. Returns as keep_png."""
    whole = [_opened(shot) for shot, _ in shots]
    every = Image.new("RGB", (whole[0].width, whole[0].height * len(whole)))
    for number, frame in enumerate(whole):
        every.paste(frame, (0, number * frame.height))
    palette = Image.new("P", (1, 1))
    palette.putpalette(
        _colours(every, COLOURS - RARE, Image.Quantize.MEDIANCUT) + _colours(every, RARE, Image.Quantize.MAXCOVERAGE)
    )
    frames = [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in whole]
    if path.exists():
        with Image.open(path) as before:
            old = [frame.convert("RGB") for frame in ImageSequence.Iterator(before)]
        if len(old) == len(frames) and all(_differing(*pair) <= JITTER for pair in zip(old, frames, strict=True)):
            return False
    durations = [shown for _, shown in shots]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=durations, loop=0, optimize=False)
    return True


def _colours(image: Image.Image, count: int, method: Image.Quantize) -> list[int]:
    """So many colours of an image, as red, green, blue, red ..."""
    return (image.quantize(count, method).getpalette() or [])[: 3 * count]


def _opened(shot: bytes) -> Image.Image:
    return Image.open(io.BytesIO(shot)).convert("RGB")


def _differing(one: Image.Image, other: Image.Image) -> float:
    """The share of pixels that look different; 1 where the sizes do.

    A browser draws the same text now and then a quarter of a pixel aside, so a pixel may be as any of its neighbours.
    """
    if one.size != other.size:
        return 1.0
    grey = one.convert("RGB").convert("L"), other.convert("RGB").convert("L")
    strange = ImageChops.lighter(_beyond(*grey), _beyond(*reversed(grey)))
    return sum(strange.histogram()[UNSEEN:]) / (one.width * one.height)


def _beyond(image: Image.Image, other: Image.Image) -> Image.Image:
    """By how much each pixel is lighter than all, or darker than all, that are there in the other image."""
    lightest, darkest = other.filter(ImageFilter.MaxFilter(3)), other.filter(ImageFilter.MinFilter(3))
    return ImageChops.lighter(ImageChops.subtract(image, lightest), ImageChops.subtract(darkest, image))
