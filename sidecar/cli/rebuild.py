"""sidecar rebuild"""

from __future__ import annotations

from dataclasses import asdict

import click

from sidecar.cli.support import show
from sidecar.cli.support.databases import connected
from sidecar.cli.support.options import DATABASE, settings_options, verb
from sidecar.cli.support.progress import track
from sidecar.cli.support.say import say
from sidecar.service.settings import Settings
from sidecar.upkeep.rebuild import rebuild
from sidecar.wording.plural import count


@verb("rebuild")
@settings_options(*DATABASE, "lock_wait_seconds")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def rebuild_command(settings: Settings, as_json: bool) -> None:
    """Put the tables right by the events that tts_events holds.

    Each record is compared with what its events fold into, and what differs is written.
    For an upgrade that reads more out of the events than the last version did, or a table that somebody has changed.
    The shipper may keep running, and it may be stopped at any time and run again. Rows that other programs inserted,
    columns, triggers and keys of your own, and every record's id stay. Needs an account with DELETE (tts_migrate).

    \b
    Example:
        sidecar rebuild
    """
    with connected(settings) as database:
        result = rebuild(database, track)
    if as_json:
        show.json_lines([asdict(result)])
        return
    say(
        f"{count(result.events, 'event')} folded into {count(result.records, 'record')} "
        f"(before: {result.records_before:,}): {result.added:,} added, {result.changed:,} put right"
    )
    for beside in ("processes", "scores", "tags", "preferences"):
        if changed := getattr(result, beside):
            say(f"  of tts_{beside}: {count(changed, 'row')} put right")
    if result.dropped:
        say(f"  gone: {count(result.dropped, 'record')} without any event")
    if result.kept:
        say(f"  kept: {count(result.kept, 'record')} without any event, because other tables refer to them")
    if result.unreadable:
        say(f"  not folded: {count(result.unreadable, 'event')} of a kind that this version cannot read")
