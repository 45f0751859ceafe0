"""sidecar backfill"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import click

from sidecar.cli.support import show
from sidecar.cli.support.options import EXIT_FAILED, settings_options, verb
from sidecar.cli.support.progress import track
from sidecar.cli.support.say import say
from sidecar.service.settings import Settings
from sidecar.upkeep.backfill import UNKNOWN, Outcome, Survey, backfill, survey
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
    """Make events for the WAVs that are older than the recording.

    Each is of type .discovered and says what its file tells: format, length, SHA-256, when it was written, and for the
    WebUI's spk_<unix time>.wav when the synthesis began. It also says what is not known. Needs write access to the
    folder. Run it as often as you like: the same WAV gives the same event.

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
            outcomes = list(track(backfill(folder, wavs.unrecorded, host=host), "recording", len(wavs.unrecorded)))
        facts = _facts(str(folder), wavs, outcomes, dry_run)
        failed = failed or bool(facts["errors"])
        if as_json:
            show.json_lines([facts])
        else:
            _tell(facts)
    if failed:
        sys.exit(EXIT_FAILED)


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
    for name, error in facts["errors"].items():
        say(f"  {name}: {error}", err=True)
