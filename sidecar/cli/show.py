"""How answers are printed: a table in a terminal, JSON Lines for programs."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from datetime import datetime, tzinfo
from typing import Any

import click
import orjson
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sidecar.answers.values import for_json

Row = dict[str, Any]
_MAX_CELL = 120  # characters
_UNSHRUNK = {"id": 4, "created_at": 19, "event_id": 36}  # characters; cut off they are of no use


def json_lines(rows: Iterable[Row]) -> None:
    """One object a line."""
    for row in rows:
        click.echo(orjson.dumps(row, default=for_json, option=orjson.OPT_PASSTHROUGH_DATETIME))


def table(rows: Sequence[Row], columns: Sequence[str], *, zone: tzinfo, title: str = "", wide: str = "") -> None:
    """
    Args:
        columns: which of them, in this order.
        zone: the time zone that times are shown in.
        wide: the column that takes the room that is left, and is folded.
    """
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 140)
    made = Table(
        title=title or None, title_justify="left", title_style="bold", header_style="bold", box=None, pad_edge=False
    )
    for name in columns:
        number = any(isinstance(row[name], (int, float)) for row in rows)
        made.add_column(
            name.replace("_", " "),
            justify="right" if number else "left",
            overflow="fold" if name == wide else "ellipsis",
            no_wrap=name != wide,
            ratio=1 if name == wide else None,
            min_width=_UNSHRUNK.get(name),
        )
    for row in rows:
        # Text, not str: brackets in people's words are no markup.
        made.add_row(*(Text(_cell(name, row[name], zone)) for name in columns))
    console.print(made)


def seconds(value: float) -> str:
    """A length of time that people can read, such as 2 h 05 min."""
    whole = round(value)
    if whole < 60:
        return f"{value:.1f} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest:02} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours:,} h {minutes:02} min"


def _cell(name: str, value: Any, zone: tzinfo) -> str:
    if value is None or value == "":
        return "-"
    if isinstance(value, datetime):
        return value.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, float):
        return f"{value:,.3f}" if abs(value) < 100 else f"{value:,.0f}"
    if isinstance(value, int):
        return str(value) if name == "id" else f"{value:,}"
    words = " ".join(str(value).split())
    clipped = words if len(words) <= _MAX_CELL else words[: _MAX_CELL - 1] + "…"
    return "".join(character if character.isprintable() else "�" for character in clipped)  # no escape sequences
