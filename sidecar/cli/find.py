"""sidecar find"""

from __future__ import annotations

import click

from sidecar.answers import search
from sidecar.answers.filters import Filter
from sidecar.answers.words import words
from sidecar.cli.support import show
from sidecar.cli.support.databases import connected
from sidecar.cli.support.filters import filter_options
from sidecar.cli.support.options import DATABASE, settings_options, verb
from sidecar.cli.support.say import say
from sidecar.event.types import SUCCEEDED, last_word
from sidecar.service.settings import Settings

_COLUMNS = ("id", "created_at", "emotion", "text_input")
_OUTCOME = "status"
"""Takes its room only where it says something."""
_WIDE_COLUMNS = ("id", "created_at", "status", "emotion", "user_id", "duration", "rating", "audio_path", "text_input")

_USUAL = last_word(SUCCEEDED)
_NOTHING_FOUND = (
    "nothing found. Try fewer words, a part of one, or an earlier --since; `sidecar find` alone shows the newest, and "
    "`sidecar status` what is still to be shipped."
)
_NOTHING_THERE = "nothing is recorded yet. `sidecar status` says whether a shipper runs and what it waits for."


@verb()
@settings_options(*DATABASE, "timezone")
@filter_options()
@click.argument("text", nargs=-1)
@click.option(
    "--limit",
    type=click.IntRange(1, 1_000_000),
    metavar="RECORDS",
    default=20,
    show_default=True,
    help="How many at most.",
)
@click.option("--wide", is_flag=True, help="More columns: user, duration, rating, audio.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, with every column of a list.")
def find(settings: Settings, wanted: Filter, limit: int, wide: bool, as_json: bool) -> None:
    """Find what was synthesised, the newest first.

    TEXT: words that must all occur; in quotes, blanks count.

    \b
    Example:
        sidecar find 欢迎 --since 3d --emotion happy
        sidecar find --status failed --since 1d
        sidecar find '"number 42"' --json --limit 1000
    """
    records: list[search.Record] = []
    cursor: str | None = None
    with connected(settings) as database:
        while len(records) < limit:
            page = search.find(database, wanted, limit=min(limit - len(records), search.MAX_LIMIT), cursor=cursor)
            records += page.records
            cursor = page.cursor
            if cursor is None:
                break
    if as_json:
        show.json_lines(records)
        return
    if not records:
        say(_NOTHING_FOUND if wanted != Filter() else _NOTHING_THERE)
        return
    columns = _WIDE_COLUMNS if wide else _COLUMNS
    if not wide and any(each[_OUTCOME] != _USUAL for each in records):
        columns = (*columns[:2], _OUTCOME, *columns[2:])
    show.table(records, columns, zone=settings.zone, wide="text_input", roomy=wide, hits=words(wanted.text))
    if cursor is not None:
        say(f"The newest {len(records)}; there are more (--limit).")
