"""sidecar prune"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import click

from sidecar.answers.filters import moment
from sidecar.cli.support import show
from sidecar.cli.support.databases import connected
from sidecar.cli.support.options import DATABASE, settings_options, verb
from sidecar.cli.support.progress import track
from sidecar.cli.support.say import say
from sidecar.errors import SidecarError, UsageError
from sidecar.event.publish import Publisher, cure, host_slug
from sidecar.service.settings import Settings
from sidecar.upkeep.prune import Plan, Policy, carry_out, keep_what_stays_elsewhere, plan
from sidecar.wording.plural import count

_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12, "ki": 2**10, "mi": 2**20, "gi": 2**30, "ti": 2**40}


@verb("prune")
@settings_options("watch_dir", *DATABASE, "lock_wait_seconds", "event_max_bytes", "timezone")
@click.option(
    "--older-than", metavar="TIME", help="What ended longer ago than this goes: 90d (s, m, h, d, w), or before a date."
)
@click.option(
    "--max-size", metavar="SIZE", help="After that, the oldest go until the folder's audio fits: 50GB, 200GiB."
)
@click.option(
    "--remove",
    type=click.Choice([each.value for each in Policy]),
    default=Policy.AUDIO.value,
    show_default=True,
    help="audio: the WAV, or whatever format it has; files: the event file too; everything: the rows too.",
)
@click.option("--yes", is_flag=True, help="Do it. Without this nothing is removed.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a folder.")
def prune_command(
    settings: Settings, older_than: str | None, max_size: str | None, remove: str, yes: bool, as_json: bool
) -> None:
    """Remove old audio, and if you wish its event files and rows. A dry run unless you say --yes.

    Nothing is removed unless all its events are in the database with exactly the bytes that are on disk, and the audio
    has the recorded SHA-256 and was not written later; audio without an event is never removed. Removed audio leaves an
    event that says so; the record then shows when it was deleted. Needs write access to the folder; --remove everything
    also needs the right to DELETE.

    \b
    Example:
        sidecar prune --older-than 90d
        sidecar prune --max-size 200GB --yes
        sidecar prune --older-than 2026-01-01 --remove everything --yes
    """
    if not older_than and not max_size:
        raise UsageError("nothing says what is old", hint="Say --older-than 90d, --max-size 50GB, or both.")
    before = moment(older_than.strip(), zone=settings.zone) if older_than else None
    max_bytes = _bytes(max_size) if max_size else None
    reason = " and ".join([f"older than {older_than}"] * bool(older_than) + [f"more than {max_size}"] * bool(max_size))
    with connected(settings) as database:
        # Before the first is changed: what is wrong with another one is said then, and an event that lies in two of
        # them is in the database while both are looked at.
        plans = [
            plan(
                folder,
                database,
                folders=settings.folders,
                host=host_slug(),
                policy=Policy(remove),
                before=before,
                max_bytes=max_bytes,
                event_max_bytes=settings.event_max_bytes,
            )
            for folder in settings.folders
        ]
    if remove == Policy.EVERYTHING:
        keep_what_stays_elsewhere(plans)
    for planned in plans:
        if yes:
            try:
                with connected(settings) as database:
                    carry_out(planned, database, publisher=Publisher("prune"), reason=reason, track=track)
            except OSError as error:
                message = f"{planned.folder} cannot be changed: {error.strerror}"
                raise SidecarError(message, hint=cure(error)) from error
        if as_json:
            show.json_lines([_facts(planned, removed=yes)])
        else:
            _tell(planned, removed=yes)


def _facts(planned: Plan, *, removed: bool) -> dict[str, Any]:
    return {
        "folder": str(planned.folder),
        "remove": planned.policy.value,
        "done": removed,
        "syntheses": len(planned.chosen),
        "audio_files": sum(bool(each.audio) for each in planned.chosen),
        "bytes": planned.bytes,
        "oldest": min(each.last for each in planned.chosen).isoformat() if planned.chosen else None,
        "newest": max(each.last for each in planned.chosen).isoformat() if planned.chosen else None,
        "kept_uncommitted": planned.kept_uncommitted,
        "kept_out_of_reach": planned.kept_out_of_reach,
        "kept_said": planned.kept_said,
        "kept_twice": planned.kept_twice,
        "kept_shared": planned.kept_shared,
        "kept_unrecorded": planned.kept_unrecorded,
        "kept_changed": planned.kept_changed,
    }


def _tell(planned: Plan, *, removed: bool) -> None:
    verb = "removed" if removed else "would be removed"
    what = {Policy.AUDIO: "audio", Policy.FILES: "audio and event files", Policy.EVERYTHING: "files and rows"}
    say(
        f"{planned.folder}: {what[planned.policy]} of {count(len(planned.chosen), 'synthesis', 'syntheses')} {verb}, "
        f"{planned.bytes / 1e6:,.1f} MB"
    )
    if planned.chosen:
        first, last = min(each.last for each in planned.chosen), max(each.last for each in planned.chosen)
        say(f"  from {first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} UTC")
    if planned.kept_uncommitted:
        say(f"  kept: {planned.kept_uncommitted:,} more, old but not in the database with all of their events")
    if planned.kept_out_of_reach:
        say(
            f"  kept: {planned.kept_out_of_reach:,} whose audio lies here and is not pruned: it is of no known format, "
            "a link, or in another folder"
        )
    if planned.kept_twice:
        say(f"  kept: {planned.kept_twice:,} whose event files lie in another watched folder, too, and stay there")
    if planned.kept_said:
        say(f"  kept: ratings, tags and the like about {count(planned.kept_said, 'take')} of other folders")
    if planned.kept_shared:
        say(f"  kept: {planned.kept_shared:,} whose audio is that of another record, too")
    if planned.kept_unrecorded:
        say(f"  kept: {count(planned.kept_unrecorded, 'WAV')} without an event (sidecar backfill gives one)")
    if planned.kept_changed:
        why = "were written later, are not what was recorded, or cannot be read"
        say(f"  kept: {planned.kept_changed:,} whose files {why}")
    if not removed and planned.chosen:
        say("  nothing was touched; say --yes to do it")


def _bytes(text: str) -> int:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmgt]?i?)b?", text.strip().lower())
    if match is None or match[2] not in _UNITS:
        raise UsageError(f"--max-size is {text!r}", hint="Write it like 50GB or 200GiB.")
    return int(Decimal(match[1]) * _UNITS[match[2]])
