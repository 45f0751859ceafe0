"""sidecar backfill"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any

import click

from sidecar.cli.support import show
from sidecar.cli.support.databases import open_database
from sidecar.cli.support.options import DATABASE, EXIT_FAILED, settings_options, verb
from sidecar.cli.support.progress import track
from sidecar.cli.support.say import say
from sidecar.errors import TablesNotReady
from sidecar.service.settings import Settings
from sidecar.storage.database import Database
from sidecar.upkeep.backfill import UNKNOWN, Outcome, Survey, backfill, survey
from sidecar.wording.plural import count


@verb("backfill")
@settings_options("watch_dir", *DATABASE)
@click.option(
    "--min-age",
    type=click.FloatRange(0),
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="Leave younger WAVs alone.",
)
@click.option("--host", metavar="NAME", help="The machine that the events name as their source.  [default: this one]")
@click.option("--dry-run", is_flag=True, help="Only say what there is to do.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a folder.")
def backfill_command(settings: Settings, min_age: float, host: str | None, dry_run: bool, as_json: bool) -> None:
    """Make events for the WAVs that are older than the recording.

    Each is of type .discovered and says what its file tells: format, length, SHA-256, when it was written, and for the
    WebUI's spk_<unix time>.wav when the synthesis began. It also says what is not known. Needs write access to the
    folder. Run it as often as you like: the same WAV gives the same event, and audio that the database has a record of
    gets none.

    \b
    Example:
        sidecar backfill --dry-run
        sidecar backfill --watch-dir /srv/index-tts/outputs && sidecar run --once
    """
    failed = False
    for folder in settings.folders:
        wavs = survey(folder, min_age=min_age)
        outcomes = []
        if not dry_run:
            with _tables(settings) as database:
                recording = backfill(folder, wavs.unrecorded, database, host=host)
                outcomes = list(track(recording, "recording", len(wavs.unrecorded)))
        facts = _facts(str(folder), wavs, outcomes, dry_run)
        failed = failed or bool(facts["errors"])
        if as_json:
            show.json_lines([facts])
        else:
            _tell(facts)
    if failed:
        sys.exit(EXIT_FAILED)


@contextmanager
def _tables(settings: Settings) -> Iterator[Database | None]:
    """The database, if it has the tables: a folder may be described before it is set up."""
    try:
        database = open_database(settings)
        database.query("SELECT 1 FROM tts_records LIMIT 1")
    except TablesNotReady:
        yield None
        return
    with closing(database):
        yield database


def _facts(folder: str, wavs: Survey, outcomes: Sequence[Outcome], dry_run: bool) -> dict[str, Any]:
    written = [each.duration for each in outcomes if each.written]
    return {
        "folder": folder,
        "dry_run": dry_run,
        "recorded_before": wavs.recorded,
        "unrecorded": len(wavs.unrecorded),
        "too_young": wavs.young,
        "written": len(written),
        "audio_seconds": round(sum(filter(None, written), 0.0), 3),
        "without_header": written.count(None),
        "known": sum(each.known for each in outcomes),
        "forgotten": sum(each.forgotten and not each.known for each in outcomes),
        "errors": {each.name: each.error for each in outcomes if each.error},
    }


def _tell(facts: dict[str, Any]) -> None:
    say(f"{facts['folder']}: {count(facts['recorded_before'], 'WAV')} with an event, {facts['unrecorded']:,} without")
    if facts["too_young"]:
        say(f"  left alone: {facts['too_young']:,} younger than --min-age; run it again later")
    if facts["dry_run"]:
        return
    say(f"  {count(facts['written'], 'event')} written, for {show.seconds(facts['audio_seconds'])} of audio")
    if facts["written"]:
        say(f"  each says: {UNKNOWN}")
    if facts["without_header"]:
        say(f"  of unknown length, for want of a WAV header: {facts['without_header']:,}")
    if facts["known"]:
        say(f"  no event, because the database has a record of this audio: {facts['known']:,}")
    if facts["forgotten"]:
        say(f"  no event, because it was forgotten: {facts['forgotten']:,}; remove these by hand")
    for name, error in facts["errors"].items():
        say(f"  {name}: {error}", err=True)
