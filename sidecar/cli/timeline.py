"""sidecar timeline"""

from __future__ import annotations

import click

from sidecar.answers import timeline as answers
from sidecar.cli.support import show
from sidecar.cli.support.databases import connected
from sidecar.cli.support.options import DATABASE, settings_options, verb
from sidecar.cli.support.say import say
from sidecar.event.types import without_prefix
from sidecar.service.settings import Settings

_COLUMNS = ("time", "what", "actor", "rating", "said")
_WIDE_COLUMNS = ("time", "what", "actor", "rating", "note", "reason", "error_type", "path")


@verb()
@settings_options(*DATABASE, "timezone")
@click.argument("record")
@click.option("--wide", is_flag=True, help="More columns: note, reason, error and the event file, each by itself.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def timeline(settings: Settings, record: str, wide: bool, as_json: bool) -> None:
    """Tell who made, rated, deleted or forgot a record, and when.

    RECORD: its id as `sidecar find` shows it, its event_id, or its audio's path.

    \b
    Example:
        sidecar timeline 42
        sidecar timeline outputs/spk_1795342542.wav --json
    """
    with connected(settings) as database:
        event_id = answers.require(database, record)
        rows = answers.timeline(database, event_id)
    if as_json:
        show.json_lines(rows)
        return
    say(f"record {event_id}")
    shown = [
        {
            **row,
            "what": without_prefix(row["type"]),
            "said": row["note"] or row["reason"] or row["error_type"],
        }
        for row in rows
    ]
    if wide:
        show.table(shown, _WIDE_COLUMNS, zone=settings.zone, wide="note", roomy=True)
    else:
        show.table(shown, _COLUMNS, zone=settings.zone, wide="said")
