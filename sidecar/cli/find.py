"""sidecar find"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import click

from sidecar.answers import review, said, search
from sidecar.answers.best import best, is_best
from sidecar.answers.doubts import Doubt
from sidecar.answers.filters import Filter
from sidecar.answers.words import words
from sidecar.cli.support import show
from sidecar.cli.support.databases import connected
from sidecar.cli.support.filters import filter_options
from sidecar.cli.support.options import DATABASE, settings_options, verb
from sidecar.cli.support.say import say
from sidecar.event.types import SUCCEEDED, last_word
from sidecar.service.settings import Settings
from sidecar.wording import ENGLISH, translator

_COLUMNS = ("id", "created_at", "emotion", "text_input")
_OUTCOME, _BEST = "status", "best"
"""Take their room only where they say something."""
_WIDE_COLUMNS = ("id", "created_at", "status", "emotion", "user_id", "duration", "rating", "audio_path", "text_input")

_USUAL = last_word(SUCCEEDED)
_NOTHING_FOUND = (
    "nothing found. Try fewer words, a part of one, or an earlier --since; `sidecar find` alone shows the newest, and "
    "`sidecar status` what is still to be shipped."
)
_NOTHING_DOUBTFUL = "nothing of that is in doubt. `sidecar review` says how many takes have a score."
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
@click.option("--doubtful", is_flag=True, help="Those alone that a person should hear; needs `sidecar score`.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line: all of a list, and what was said.")
def find(settings: Settings, wanted: Filter, limit: int, wide: bool, doubtful: bool, as_json: bool) -> None:
    """Find what was synthesised, the newest first.

    TEXT: words that must all occur; in quotes, blanks count. Of several takes of one request the best is marked.

    \b
    Example:
        sidecar find 欢迎 --since 3d --emotion happy
        sidecar find --status failed --since 1d
        sidecar find --doubtful --since 1d
        sidecar find '"number 42"' --json --limit 1000
    """
    records: list[search.Record] = []
    cursor: str | None = None
    with connected(settings) as database:
        queue = review.queue(database) if doubtful else None
        while len(records) < limit:
            page = search.find(
                database,
                wanted,
                limit=min(limit - len(records), search.MAX_LIMIT),
                cursor=cursor,
                among=list(queue.doubtful) if queue else None,
            )
            records += page.records
            cursor = page.cursor
            if cursor is None:
                break
        bests = best(database, (each["request_hash"] for each in records))
        if as_json:
            pasts = cache(lambda: queue.pasts if queue else review.usual(database))
            records = said.annotated(database, review.annotated(database, pasts, records, translator(ENGLISH)))
    if as_json:
        show.json_lines(records)
        return
    if not records:
        say(_NOTHING_DOUBTFUL if queue else _NOTHING_FOUND if wanted != Filter() else _NOTHING_THERE)
        return
    columns = _WIDE_COLUMNS if wide else _COLUMNS
    if any(is_best(each, bests) for each in records):
        records = [
            {**each, _BEST: f"of {bests[each['request_hash']].takes:,}" if is_best(each, bests) else ""}
            for each in records
        ]
        columns = (*columns[:-1], _BEST, columns[-1])
    if queue:
        records = [{**each, "doubts": _named(queue.doubtful[each["event_id"]])} for each in records]
        columns = (*columns[:-1], "doubts", columns[-1])
    if not wide and any(each[_OUTCOME] != _USUAL for each in records):
        columns = (*columns[:2], _OUTCOME, *columns[2:])
    show.table(records, columns, zone=settings.zone, wide="text_input", roomy=wide, hits=words(wanted.text))
    if cursor is not None:
        say(f"The newest {len(records)}; there are more (--limit).")


def _named(doubts: Sequence[Doubt]) -> str:
    word = translator(ENGLISH)
    return ", ".join(word(f"doubt_name_{doubt.kind}") for doubt in doubts)
