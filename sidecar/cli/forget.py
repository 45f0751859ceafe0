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
from sidecar.upkeep.forget import Forgotten, copies_before
from sidecar.upkeep.forget import forget as erase
from sidecar.upkeep.mentions import Target, hashed_texts
from sidecar.upkeep.pending import Place, pending, unseen
from sidecar.upkeep.traces import look
from sidecar.wording.plural import count

_SHOWN = 20


@verb()
@settings_options("watch_dir", "name", *DATABASE, "lock_wait_seconds")
@click.option(
    "--user", metavar="NAME", default="", help="All records of that user, and what they said about others' records."
)
@click.option(
    "--text",
    metavar="WORDS",
    default="",
    help="All records whose text, or text of the emotion, contains this, and remarks and tags that do.",
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
@click.option(
    "--copies",
    is_flag=True,
    help="Remove copies of the audio, too: audio of the watched folders with its content, whatever they are called.",
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
    copies: bool,
    reason: str | None,
    host: str | None,
    yes: bool,
) -> None:
    """Erase for good what is known of a user, text, voice or record.

    Names and words are compared byte by byte. Rows, events, quarantined files, search indexes, and in the watched
    folders event files, audio and what killed processes left are erased; a tombstone event with the record's id and no
    content stays, and from then on the database takes nothing of it, whoever ships it. A file is removed only where it
    is the record's own, by folder, name and content. Copies, which are audio of the watched folders with that content
    under another name, are listed, and removed with --copies, but for those that may be a record's that stays. What
    lies on other hosts is listed: run it there with --pending, or with the same words where something may not be
    shipped yet. Needs DELETE on the tables; on SQLite the shipper should be stopped meanwhile. Out of reach: the
    database server's logs and backups, copies elsewhere, the speaker prompts.

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
        target = Target(user=user, text=text, voice=voice, ids=ids)
        if only_pending and not ids and not _has_copies(place):
            _tell_hosts(place)
            say("nothing is pending here")
            return
        if not yes:
            _count(place, target)
            return
        result = erase(place, Publisher("forget", host), target, reason=reason, copies=copies)
        result.left += _left_again(place, target)
        _tell(place, result)
        _tell_hashed(place, text)
    if result.copies.found and not copies:
        hint = "Look at the copies; `sidecar forget --pending --copies --yes` removes them."
    else:
        hint = "Mend the cause, and run `sidecar forget --pending --yes`."
    if result.left:
        raise SidecarError("not everything could be erased here", hint=hint)


def _has_copies(place: Place) -> bool:
    return bool(copies_before(place, look(place, Target())).found)


def _left_again(place: Place, target: Target) -> list[str]:
    if target.ids:
        return []
    return [f"record {each}" for each in sorted(target.subjects(place.database))]


def _count(place: Place, target: Target) -> None:
    traces = look(place, target)
    further = len(traces.ids) - traces.records  # what was said of records that stay, and files that are no whole event
    what = [count(traces.records, "record")]
    what += [count(further, "further event")] if further > 0 else []
    what += [f"{count(len(traces.strangers), 'row')} of other programs"] if traces.strangers else []
    say(f"{', '.join(what[:-1])}{' and ' if what[:-1] else ''}{what[-1]} would be forgotten; say --yes to do it")
    for path, _ in copies_before(place, traces).found:
        say(f"a copy, which stays unless you say --copies: {path}")
    _list("there too, where it cannot be looked at from here", traces.elsewhere)
    _tell_hashed(place, target.text)


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
    for path in result.shared:
        say(f"kept: {path}, which belongs to another record too")
    for path in result.changed:
        say(f"kept: {path}, which is not what was recorded under that name; look at it")
    for path in result.copies.kept:
        if path in result.shared:
            continue
        say(f"kept: {path}, which has the content of a record's audio that stays")
    say(
        f"looked for copies among {count(result.copies.files, 'audio file')} of the watched folders, by size and "
        "SHA-256; not in folders below them that are not watched, in other places, or among other kinds of files"
    )
    _list("left, where it cannot be looked at from here", result.elsewhere)
    _tell_hosts(place)


def _tell_hashed(place: Place, text: str) -> None:
    """Why words may find nothing."""
    if text and (number := hashed_texts(place.database)):
        say(f"{count(number, 'record')} keep only the hash of their text: --text finds those by the whole text alone")


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
