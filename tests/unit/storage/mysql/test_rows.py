"""Rows written in JSON's escapes, read back by MySQL's rules."""

from __future__ import annotations

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from sidecar.storage.mysql.rows import written

TEXTS = st.text(st.characters(codec="utf-8")) | st.sampled_from(["],[", '"],["', "\f"])
"""With what stands between two rows while they are made."""


@given(st.lists(st.tuples(TEXTS, TEXTS)))
def test_rows_read_back_as_their_values(rows: list[tuple[str, str]]) -> None:
    assert [tuple(_read(row.decode())) for row in written(rows)] == rows


# dev.mysql.com/doc/refman/8.4/en/string-literals.html, table 11.1; any other escaped character stands for itself.
_ESCAPES = {"0": "\0", "b": "\b", "n": "\n", "r": "\r", "t": "\t", "Z": "\x1a"}


def _read(row: str) -> Iterator[str]:
    """The strings of a row, as MySQL reads them."""
    position = 0
    while position < len(row):
        assert row[position] == '"'
        position += 1
        text = ""
        while row[position] != '"':
            if row[position] == "\\":
                position += 1
                text += _ESCAPES.get(row[position], row[position])
            else:
                text += row[position]
            position += 1
        yield text
        assert row[position + 1 : position + 2] in (",", "")
        position += 2
