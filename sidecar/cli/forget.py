"""sidecar forget"""

from __future__ import annotations

import click

from sidecar.answers import timeline
from sidecar.cli.support.databases import connected
from sidecar.cli.support.options import DATABASE, settings_options, verb
from sidecar.cli.support.say import say
from sidecar.errors import SidecarError, UsageError
from sidecar.event.names import printable
from sidecar.event.publish import Publisher, host_slug
from sidecar.service.settings import Settings
from sidecar.upkeep.erasures import hosts
from sidecar.upkeep.forget import Forgotten, Place, meant, pending, unseen
from sidecar.upkeep.forget import forget as erase
from sidecar.upkeep.mentions import Target
from sidecar.upkeep.traces import look
from sidecar.wording.plural import count

_SHOWN = 20


@verb()
@settings_options("watch_dir", "name", *DATABASE)
@click.option(
    "--user", metavar="NAME", default="", help="All records of that user, and what they said about others' records."
)
@click.option(
    "--text",
    metavar="WORDS",
    default="",
    help="All records whose text, or text of the emotion, contains this, and remarks that do.",
)
@click.option(
    "--voice",
    metavar="PATH|SHA256",
    default="",
    help="All records with that speaker prompt: part of its path, or its SHA-256.",
)
@click.option("--record", metavar="RECORD", default="", help="One record: its id, event_id or audio path.")
@click.option(
    "--pending",
    "only_pending",
    is_flag=True,
    help="What was forgotten before, here or on another host, and is still or again on this one.",
)
@click.option("--reason", metavar="WORDS", help="Kept in the tombstones; should name nobody.")
@click.option("--host", metavar="NAME", help="This machine's name, as events have it.  [default: its own]")
@click.option("--yes", is_flag=True, help="Do it. Without it, only count.")
def forget(
    settings: Settings,
    user: str,
    text: str,
    voice: str,
    record: str,
    only_pending: bool,
    reason: str | None,
    host: str | None,
    yes: bool,
) -> None:
    """Erase for good what is known of a user, text, voice or record.

    Names and words are compared byte by byte. Rows, events, quarantined files, search indexes, and in the watched
    folders event files, audio and what killed processes left are erased; a tombstone event with the record's id and no
    content stays, and from then on the database takes nothing of it, whoever ships it. A file is removed only where it
    is the record's own, by folder, name and content. What lies on other hosts is listed: run it there with --pending,
    or with the same words where something may not be shipped yet. Needs DELETE on the tables; on SQLite the shipper
    should be stopped meanwhile. Out of reach: the database server's logs and backups, copies, the speaker prompts.

    \b
    Example:
        sidecar forget --user 李雷
        sidecar forget --user 李雷 --reason "asked to" --yes
        sidecar forget --record 42 --yes
        sidecar forget --pending --yes
    """
    if sum(map(bool, (user, text, voice, record, only_pending))) != 1:
        raise UsageError("name one of --user, --text, --voice, --record and --pending")
    for option, value in (("user", user), ("text", text), ("voice", voice), ("record", record), ("reason", reason)):
        if value and printable(value) != value:
            raise UsageError(f"--{option} is {printable(value)!r}, which is not UTF-8", hint="Write it in UTF-8.")
    with connected(settings) as database:
        place = Place(database=database, folders=settings.folders, host=host_slug(host), shipper=settings.name)
        ids = frozenset({timeline.require(database, record)}) if record else frozenset()
        if only_pending:
            ids = pending(place)
        if (record or only_pending) and not ids:
            _tell_hosts(place)
            say("nothing is pending here")
            return
        target = Target(user=user, text=text, voice=voice, ids=ids)
        if not yes:
            _count(place, target)
            return
        result = erase(place, Publisher("forget", host), target, reason=reason)
        result.left += _left_again(place, target)
        _tell(place, result)
    if result.left:
        raise SidecarError("not everything could be erased here", hint="Mend the cause and run it again.")


def _left_again(place: Place, target: Target) -> list[str]:
    if target.ids:
        return []
    return [f"record {each}" for each in sorted(target.subjects(place.database))]


def _count(place: Place, target: Target) -> None:
    traces = look(place.database, place.folders, place.host, target, meant(place, target))
    strangers = len(target.strangers(place.database))
    more = f", and {count(strangers, 'row')} of other programs" if strangers else ""
    say(f"{count(traces.records, 'record')}{more} would be forgotten; say --yes to do it")
    _list("there too, where it cannot be looked at from here", traces.elsewhere)


def _tell(place: Place, result: Forgotten) -> None:
    elsewhere = sum(map(len, result.elsewhere.values()))
    strangers = f", {count(result.strangers, 'row')} of other programs" if result.strangers else ""
    say(
        f"forgotten: {count(result.records, 'record')}, {count(result.events, 'event')}, "
        f"{result.quarantined:,} in quarantine, {count(result.files, 'file')}{strangers}; "
        f"left: {len(result.left) + elsewhere:,}"
    )
    for line in result.left:
        say(f"not removed: {line}", err=True)
    for line in result.shared:
        say(f"kept: {line}, which belongs to another record too")
    _list("left, where it cannot be looked at from here", result.elsewhere)
    _tell_hosts(place)


def _list(what: str, elsewhere: dict[str, list[str]]) -> None:
    for host, paths in sorted(elsewhere.items()):
        say(f"{what}: host {host or 'unknown'}, {count(len(paths), 'file')}")
        for path in paths[:_SHOWN]:
            say(f"  {path}")
        if len(paths) > _SHOWN:
            say(f"  ... and {len(paths) - _SHOWN:,} more")


def _tell_hosts(place: Place) -> None:
    """The proof, host by host."""
    for host, (done, left) in hosts(place.database).items():
        still = f"; still to do: {len(left):,} (run there: sidecar forget --pending --yes)" if left else ""
        say(f"host {host}: {len(done):,} done{still}")
    for folder in unseen(place):
        say(f"not looked at: {folder}; what is not shipped from there is known there alone")
