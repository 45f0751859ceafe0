"""sidecar rebuild"""

from __future__ import annotations

from dataclasses import asdict

import click

from sidecar.cli.support import show
from sidecar.cli.support.databases import open_database
from sidecar.cli.support.options import DATABASE, settings_options, verb
from sidecar.cli.support.progress import track
from sidecar.cli.support.say import say
from sidecar.service.settings import Settings
from sidecar.upkeep.rebuild import rebuild
from sidecar.wording.plural import count


@verb("rebuild")
@settings_options(*DATABASE)
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def rebuild_command(settings: Settings, as_json: bool) -> None:
    """Fold all of tts_events into a fresh tts_records, then swap.

    For an upgrade that reads more out of the events than the last version did, or a table that somebody has changed.
    The shipper may keep running. Needs an account that may create and drop tables (tts_migrate). Rows that other
    programs inserted stay, and so does every record's id.

    \b
    Example:
        sidecar rebuild
    """
    result = rebuild(lambda: open_database(settings), track)
    if as_json:
        show.json_lines([asdict(result)])
        return
    say(
        f"{count(result.events, 'event')} folded into {count(result.records, 'record')} "
        f"(before: {result.records_before:,})"
    )
    if result.late:
        say(f"  {result.late:,} of them arrived meanwhile")
    if result.dropped:
        say(f"  gone: {count(result.dropped, 'record')} without any event")
    if result.unreadable:
        say(f"  not folded: {count(result.unreadable, 'event')} of a kind that this version cannot read")
