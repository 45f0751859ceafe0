"""How answers are printed: a table in a terminal, JSON Lines for programs."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any

import click
import orjson
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from sidecar.answers.values import for_json
from sidecar.wording import ENGLISH, length, translator

_MAX_CELL = 120  # characters
_UNSHRUNK = {"id": 4, "event_id": 36}  # characters; cut off they are of no use
_TIME_WIDTH = 19
_FOLDED_WIDTH = 16
_ROOMY_COLUMN = 40
_PIPED_WIDTH = 140


def json_lines(rows: Iterable[Mapping[str, Any]]) -> None:
    """One object a line, times in UTC."""
    for row in rows:
        click.echo(orjson.dumps(row, default=for_json, option=orjson.OPT_PASSTHROUGH_DATETIME))


def display(made: Table, *, roomy: bool = False) -> None:
    """
    Args:
        roomy: as wide as the table wants to be; a narrower terminal wraps the lines, `less -S` scrolls them.
    """
    console = Console(highlight=False, markup=False, width=None if sys.stdout.isatty() else _PIPED_WIDTH)
    if roomy:
        console.width = max(
            console.width, Measurement.get(console, console.options.update(max_width=9999), made).maximum
        )
    console.print(made)


def table(
    rows: Sequence[Mapping[str, Any]],
    columns: Sequence[str],
    *,
    zone: tzinfo,
    title: str = "",
    wide: str = "",
    roomy: bool = False,
) -> None:
    """
    Args:
        columns: which of them, in this order.
        zone: the time zone that times are shown in; the heads of their columns name it.
        wide: the column that takes the room that is left, and is folded.
        roomy: see display.
    """
    made = Table(
        title=title or None, title_justify="left", title_style="bold", header_style="bold", box=None, pad_edge=False
    )
    for name in columns:
        number = any(isinstance(row[name], (int, float)) for row in rows)
        is_time = any(isinstance(row[name], datetime) for row in rows)
        head = name.replace("_", " ")
        made.add_column(
            timed(head, zone) if is_time else head,
            justify="right" if number else "left",
            overflow="fold" if name == wide else "ellipsis",
            no_wrap=name != wide,
            ratio=1 if name == wide and not roomy else None,
            max_width=_ROOMY_COLUMN if name == wide and roomy else None,
            min_width=_TIME_WIDTH if is_time else _FOLDED_WIDTH if name == wide else _UNSHRUNK.get(name),
        )
    for row in rows:
        # Text, not str: brackets in people's words are no markup.
        made.add_row(*(Text(_cell(name, row[name], zone)) for name in columns))
    display(made, roomy=roomy)


def timed(head: str, zone: tzinfo) -> str:
    """The head of a column of times: with their zone, in a second line where it is long."""
    named = getattr(zone, "key", "") or str(datetime.now(zone).tzname())
    one_line = f"{head}, {named}"
    return one_line if len(one_line) <= _TIME_WIDTH else f"{head},\n{named}"


def moment(value: datetime, zone: tzinfo) -> str:
    return value.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


def seconds(value: float) -> str:
    """A length of time, such as 2 h 05 min."""
    return length(value, translator(ENGLISH))


def _cell(name: str, value: Any, zone: tzinfo) -> str:
    if value is None or value == "":
        return "-"
    if isinstance(value, datetime):
        return moment(value, zone)
    if isinstance(value, float):
        return f"{value:,.3f}" if abs(value) < 100 else f"{value:,.0f}"
    if isinstance(value, int):
        return str(value) if name == "id" else f"{value:,}"
    words = " ".join(str(value).split())
    clipped = words if len(words) <= _MAX_CELL else words[: _MAX_CELL - 1] + "…"
    return "".join(character if character.isprintable() else "�" for character in clipped)  # no escape sequences
