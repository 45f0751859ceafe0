"""The table that people read is the one that the patch works with."""

from __future__ import annotations

from indextts_patch.upstream.rows import ENGINES
from tests.unit.engines import README, written


def test_the_readme_has_the_rows() -> None:
    content = README.read_text(encoding="utf-8")
    assert content == written(content), "run `make docs`"


def test_every_row_says_which_code_was_read_and_how_it_was_tried() -> None:
    assert [engine.module for engine in ENGINES if not (engine.package and engine.read and engine.tried)] == []
