"""Pictures are written anew only where somebody would see a difference."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw, ImageSequence

from tests.pictures.album import keep_gif, keep_png


def shot(*, mark: int = 0, size: tuple[int, int] = (400, 200)) -> bytes:
    """A page with a black square of so many pixels on a side."""
    image = Image.new("RGB", size, "white")
    ImageDraw.Draw(image).rectangle((10, 10, 200, 40), "navy")
    if mark:
        ImageDraw.Draw(image).rectangle((50, 100, 49 + mark, 99 + mark), "black")
    written = io.BytesIO()
    image.save(written, "PNG")
    return written.getvalue()


def test_an_equal_picture_leaves_the_file_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "page.png"
    assert keep_png(path, shot())
    written = path.read_bytes()
    assert not keep_png(path, shot())
    assert path.read_bytes() == written


def test_a_picture_that_looks_different_is_written(tmp_path: Path) -> None:
    path = tmp_path / "page.png"
    keep_png(path, shot())
    assert keep_png(path, shot(mark=2))
    assert keep_png(path, shot(mark=2, size=(400, 210)))
    with Image.open(path) as image:
        assert image.size == (400, 210)
        assert image.convert("RGB").getpixel((51, 101)) == (0, 0, 0)


def test_a_picture_that_is_drawn_a_part_of_a_pixel_aside_is_the_same(tmp_path: Path) -> None:
    path = tmp_path / "page.png"
    large = Image.open(io.BytesIO(shot(mark=40, size=(1600, 800))))
    for shift in (0, 1):  # of four pixels, which become one
        moved = ImageChops.offset(large, shift, 0).resize((400, 200), Image.Resampling.BOX)
        written = io.BytesIO()
        moved.save(written, "PNG")
        assert keep_png(path, written.getvalue()) == (shift == 0)


def test_a_film_may_jitter_but_not_change(tmp_path: Path) -> None:
    path = tmp_path / "page.gif"
    assert keep_gif(path, [(shot(), 400), (shot(mark=60), 600)])
    assert not keep_gif(path, [(shot(), 400), (shot(mark=61), 600)])
    assert keep_gif(path, [(shot(), 400), (shot(mark=100), 600)])
    assert keep_gif(path, [(shot(), 400), (shot(mark=60), 600), (shot(), 500)])
    with Image.open(path) as film:
        assert [frame.info["duration"] for frame in ImageSequence.Iterator(film)] == [400, 600, 500]
