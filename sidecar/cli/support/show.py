"""How answers are printed: a table in a terminal, JSON Lines for programs."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, tzinfo
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from sidecar.answers.values import for_json
from sidecar.event.names import printable
from sidecar.wording import ENGLISH, length, translator
from sidecar.wording.moments import moment, zone_name

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

_UNSHRUNK = {"id": 4, "event_id": 36}  # columns of the terminal; cut off they are of no use
_TIME_WIDTH = 19
_SHORT_TIME_WIDTH = 11
_FOLDED_WIDTH = 16
_PIPED_WIDTH = 140
_LONGEST_CELL = 240  # columns of the terminal
_BEFORE_HIT = 12  # characters
_HIT = "bold yellow"


def json_lines(rows: Iterable[Mapping[str, Any]]) -> None:
    """One object a line, times in UTC; bytes of a file's name that are not UTF-8 as \\xNN."""
    import orjson

    dumps = partial(orjson.dumps, default=for_json, option=orjson.OPT_PASSTHROUGH_DATETIME)
    for row in rows:
        try:
            line = dumps(row)
        except TypeError:
            line = dumps(_printable(row))
        click.echo(line)


def _printable(value: Any) -> Any:
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, Mapping):
        return {_printable(name): _printable(item) for name, item in value.items()}
    return [_printable(item) for item in value] if isinstance(value, (list, tuple)) else value


def display(made: Table, *, roomy: bool = False) -> None:
    """
    Args:
        roomy: as wide as the table wants to be; a narrower terminal wraps the lines, `less -S` scrolls them.
    """
    from rich.console import Console
    from rich.measure import Measurement

    console = Console(highlight=False, markup=False, width=None if sys.stdout.isatty() else _PIPED_WIDTH)
    if roomy:
        console.width = max(
            console.width, Measurement.get(console, console.options.update(max_width=9999), made).maximum
        )
    with console.capture() as printed:
        console.print(made)
    # Blanks at the ends would make a narrower terminal show an empty line after each row.
    click.echo("\n".join(line.rstrip() for line in printed.get().splitlines()))


def table(
    rows: Sequence[Mapping[str, Any]],
    columns: Sequence[str],
    *,
    zone: tzinfo,
    title: str = "",
    wide: str = "",
    roomy: bool = False,
    hits: Sequence[str] = (),
) -> None:
    """
    Args:
        columns: which of them, in this order.
        zone: the time zone that times are shown in; the heads of their columns name it.
        wide: the column that takes the room that is left, and is folded there.
        roomy: one line a row, however long; see display.
        hits: words to mark in the wide column.
    """
    from rich.table import Table

    short = sys.stdout.isatty() and not roomy
    time_width = _SHORT_TIME_WIDTH if short else _TIME_WIDTH
    made = Table(
        title=title or None, title_justify="left", title_style="bold", header_style="bold", box=None, pad_edge=False
    )
    for name in columns:
        number = any(isinstance(row[name], (int, float)) for row in rows)
        is_time = any(isinstance(row[name], datetime) for row in rows)
        head = name.replace("_", " ")
        folded = name == wide and not roomy
        made.add_column(
            timed(head, zone, time_width) if is_time else head,
            justify="right" if number else "left",
            overflow="fold" if folded else "ellipsis",
            no_wrap=not folded,
            ratio=1 if folded else None,
            min_width=time_width if is_time else _FOLDED_WIDTH if folded else _UNSHRUNK.get(name),
        )
    for row in rows:
        made.add_row(*(_cell(name, row[name], zone, short, hits if name == wide else ()) for name in columns))
    display(made, roomy=roomy)


def timed(head: str, zone: tzinfo, width: int = _TIME_WIDTH) -> str:
    """The head of a column of times: with their zone, in a second line where it is long."""
    named = zone_name(zone)
    one_line = f"{head}, {named}"
    return one_line if len(one_line) <= width else f"{head},\n{named}"


def short_moment(value: datetime, zone: tzinfo) -> str:
    """The time where it is of today, the day and the time where it is of this year, else the date."""
    local, now = value.astimezone(zone), datetime.now(zone)
    if local.date() == now.date():
        return local.strftime("%H:%M:%S")
    return local.strftime("%m-%d %H:%M" if local.year == now.year else "%Y-%m-%d")


def seconds(value: float) -> str:
    """A length of time, such as 2 h 05 min."""
    return length(value, translator(ENGLISH))


def _cell(name: str, value: Any, zone: tzinfo, short: bool, hits: Sequence[str]) -> Text:
    """Text, not str: brackets in people's words are no markup."""
    from rich.text import Text

    if value is None or value == "":
        return Text("-")
    if isinstance(value, datetime):
        return Text(short_moment(value, zone) if short else moment(value, zone))
    if isinstance(value, float):
        return Text(f"{value:,.3f}" if abs(value) < 100 else f"{value:,.0f}")
    if isinstance(value, int):
        return Text(str(value) if name == "id" else f"{value:,}")
    words = " ".join(str(value).split())
    shown = Text("".join(each if each.isprintable() else "�" for each in words))  # no escape sequences
    shown.plain = _clipped(shown.plain, hits)
    shown.highlight_words(hits, _HIT, case_sensitive=False)
    return shown


def _clipped(text: str, hits: Sequence[str]) -> str:
    """What fits of a long text, with the first hit in it."""
    from rich.cells import cell_len, set_cell_size

    if cell_len(text) <= _LONGEST_CELL:
        return text
    first = min((at for hit in hits if (at := text.lower().find(hit.lower())) >= 0), default=0)
    if cell_len(text[:first]) > _LONGEST_CELL // 2:
        text = "…" + text[first - _BEFORE_HIT :]
    return text if cell_len(text) <= _LONGEST_CELL else set_cell_size(text, _LONGEST_CELL - 1).rstrip() + "…"
