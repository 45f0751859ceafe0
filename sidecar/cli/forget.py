"""sidecar forget"""

from __future__ import annotations

import click

from sidecar.answers import timeline
from sidecar.cli.support.databases import connected
from sidecar.cli.support.options import DATABASE, settings_options, verb
from sidecar.cli.support.say import say
from sidecar.errors import SidecarError, UsageError
from sidecar.event.publish import Publisher
from sidecar.service.settings import Settings
from sidecar.upkeep.forget import forget as erase
from sidecar.upkeep.forget import subjects
from sidecar.upkeep.mentions import Target
from sidecar.wording.plural import count


@verb()
@settings_options("watch_dir", *DATABASE)
@click.option(
    "--user", metavar="NAME", default="", help="All records of that user, and what they said about others' records."
)
@click.option("--text", metavar="WORDS", default="", help="All records whose text contains this.")
@click.option(
    "--voice",
    metavar="PATH|SHA256",
    default="",
    help="All records with that speaker prompt: part of its path, or its SHA-256.",
)
@click.option("--record", metavar="RECORD", default="", help="One record: its id, event_id or audio path.")
@click.option("--reason", metavar="WORDS", help="Kept in the tombstones; should name nobody.")
@click.option("--yes", is_flag=True, help="Do it. Without it, only count.")
def forget(settings: Settings, user: str, text: str, voice: str, record: str, reason: str | None, yes: bool) -> None:
    """Erase for good what is known of a user, text, voice or record.

    Rows, events, quarantined files, search indexes, event files and audio in the watched folders are erased; a
    tombstone event with the record's id and no content stays. The account needs DELETE on the tables, and on SQLite
    the shipper should be stopped meanwhile. Out of reach: the database server's logs and backups, copies elsewhere,
    the speaker prompts.

    \b
    Example:
        sidecar forget --user 李雷
        sidecar forget --user 李雷 --reason "asked to" --yes
        sidecar forget --record 42 --yes
    """
    if sum(map(bool, (user, text, voice, record))) != 1:
        raise UsageError("name one of --user, --text, --voice and --record")
    with connected(settings) as database:
        if record:
            record = timeline.require(database, record)
        target = Target(user=user, text=text, voice=voice, record=record)
        if not yes:
            meant = len(subjects(database, settings.folders, target))
            say(f"{count(meant, 'record')} would be forgotten; say --yes to do it")
            return
        result = erase(database, settings.folders, Publisher("forget"), target, reason=reason)
        left = len(subjects(database, settings.folders, target))
    say(
        f"forgotten: {count(result.records, 'record')}, {count(result.events, 'event')}, "
        f"{result.quarantined:,} in quarantine, {count(result.files, 'file')}; left: {left:,}"
    )
    for line in result.unreached:
        say(f"not removed: {line}", err=True)
    if result.unreached or left:
        raise SidecarError("not everything could be erased", hint="Mend the cause and run it again.")
