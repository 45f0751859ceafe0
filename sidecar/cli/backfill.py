"""sidecar backfill"""

from __future__ import annotations

import sys
from typing import Any

import click

from sidecar.cli.support import show
from sidecar.cli.support.options import EXIT_FAILED, settings_options, verb
from sidecar.cli.support.progress import track
from sidecar.service.settings import Settings
from sidecar.upkeep.backfill import UNKNOWN, Survey, Tally, backfill, survey
from sidecar.wording.plural import count


@verb("backfill")
@settings_options("watch_dir")
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
    """Give each WAV from before the recording an event of type .discovered, which the shipper then ships.

    The event says what the file tells: format, length, SHA-256, when it was written, and for the WebUI's
    spk_<unix time>.wav when the synthesis began. It also says what is not known. Needs write access to the folder. Run
    it as often as you like: the same WAV gives the same event.

    \b
    Example:
        sidecar backfill --dry-run
        sidecar backfill --watch-dir /srv/index-tts/outputs && sidecar run --once
    """
    failed = False
    for folder in settings.folders:
        found = survey(folder, min_age=min_age)
        tally = Tally()
        if not dry_run:
            outcomes = backfill(folder, found.unrecorded, host=host)
            for outcome in track(outcomes, "recording", len(found.unrecorded)):
                tally.add(outcome)
        failed = failed or bool(tally.errors)
        if as_json:
            show.json_lines([_facts(str(folder), found, tally, dry_run)])
        else:
            _tell(str(folder), found, tally, dry_run)
    if failed:
        sys.exit(EXIT_FAILED)


def _facts(folder: str, found: Survey, tally: Tally, dry_run: bool) -> dict[str, Any]:
    return {
        "folder": folder,
        "dry_run": dry_run,
        "recorded_before": found.recorded,
        "unrecorded": len(found.unrecorded),
        "too_young": found.young,
        "written": tally.written,
        "audio_seconds": round(tally.seconds, 3),
        "without_header": tally.without_header,
        "errors": {outcome.name: outcome.error for outcome in tally.errors},
    }


def _tell(folder: str, found: Survey, tally: Tally, dry_run: bool) -> None:
    click.echo(f"{folder}: {count(found.recorded, 'WAV')} with an event, {len(found.unrecorded):,} without")
    if found.young:
        click.echo(f"  left alone: {found.young:,} younger than --min-age; run it again later")
    if dry_run:
        return
    click.echo(f"  {count(tally.written, 'event')} written, for {show.seconds(tally.seconds)} of audio")
    if tally.written:
        click.echo(f"  each says: {UNKNOWN}")
    if tally.without_header:
        click.echo(f"  of unknown length, for want of a WAV header: {tally.without_header:,}")
    for outcome in tally.errors:
        click.echo(f"  {outcome.name}: {outcome.error}", err=True)
