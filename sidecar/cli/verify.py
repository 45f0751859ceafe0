"""sidecar verify"""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from sidecar.cli.support import show
from sidecar.cli.support.courier import SHIPPING, open_redelivery
from sidecar.cli.support.databases import connected
from sidecar.cli.support.options import EXIT_FAILED, settings_options, verb
from sidecar.cli.support.progress import track
from sidecar.cli.support.say import say
from sidecar.service.settings import Settings
from sidecar.shipping.tree import NAME_IT, not_shipped
from sidecar.upkeep.redelivery import Redelivered
from sidecar.upkeep.verify import CURES, REPAIRABLE, Defect, Verified, verify
from sidecar.wording.plural import count

_SHOWN = 20


@verb("verify")
@settings_options("watch_dir", "name", *SHIPPING)
@click.option("--repair", is_flag=True, help="Ship what is missing.")
@click.option(
    "--audio/--no-audio", default=True, show_default=True, help="Compare each audio file's bytes with its SHA-256."
)
@click.option(
    "--ignore",
    type=click.Choice([each.value for each in Defect]),
    multiple=True,
    metavar="KIND",
    help=f"Do not count this kind of finding: {', '.join(Defect)}.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a folder.")
def verify_command(settings: Settings, repair: bool, audio: bool, ignore: tuple[str, ...], as_json: bool) -> None:
    """Prove, file by file, that folder and database say the same.

    Audio, event file, event and record are compared in both directions, audio by its SHA-256, and each TTS process's
    numbers are checked for gaps. What somebody has put aside (sidecar quarantine drop), forgotten or pruned with these
    commands is not missed, but for the event files that `sidecar prune --remove files` took: --ignore event_file_gone.
    Audio is looked for in the folder of its event. Exit code 0: nothing is wrong, or all of it was repaired; 1:
    something is wrong. It may run beside a shipper at work; what that one is about to ship counts as not shipped.

    \b
    Example:
        sidecar verify
        sidecar verify --repair --no-audio
        sidecar verify --ignore event_file_gone --json | jq .findings
    """
    ignored = set(map(Defect, ignore))
    wrong = False
    for folder in settings.folders:
        with connected(settings) as database:
            below = not_shipped(folder, settings.folders)
            result = verify(
                folder,
                database,
                shipper=settings.name,
                max_bytes=settings.event_max_bytes,
                hash_audio=audio,
                track=track,
            )
        result.discrepancies = [each for each in result.discrepancies if each.defect not in ignored]
        repaired = None
        if repair and (names := result.to_repair()):
            with open_redelivery(settings, folder) as redelivery:
                repaired = redelivery.deliver(track(names, "repairing", len(names)))
        wrong = wrong or _is_wrong(result, repaired)
        if as_json:
            show.json_lines([_facts(result, repaired, below)])
        else:
            _tell(result, repaired, below)
    if wrong:
        sys.exit(EXIT_FAILED)


def _is_wrong(result: Verified, repaired: Redelivered | None) -> bool:
    if repaired is None:
        return bool(result.discrepancies)
    return bool(repaired.refused) or any(each.defect not in REPAIRABLE for each in result.discrepancies)


def _facts(result: Verified, repaired: Redelivered | None, below: list[Path]) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "folder": str(result.folder),
        "event_files": result.event_files,
        "audio_files": result.audio_files,
        "audio_hashed": result.audio_hashed,
        "rows": result.rows,
        "below_not_shipped": [str(path) for path in below],
        "put_aside": sorted(result.dropped),
        "counts": {defect.value: result.count(defect) for defect in Defect},
        "findings": [
            {"kind": each.defect.value, "what": each.what, "detail": each.detail} for each in result.discrepancies
        ],
    }
    if repaired is not None:
        facts["repaired"] = asdict(repaired)
    return facts


def _tell(result: Verified, repaired: Redelivered | None, below: list[Path]) -> None:
    dropped = f" ({len(result.dropped):,} put aside)" if result.dropped else ""
    hashed = f" ({result.audio_hashed:,} read)" if result.audio_hashed else ""
    say(
        f"{result.folder}: {count(result.event_files, 'event file')}{dropped}, "
        f"{count(result.audio_files, 'audio file')}{hashed}, {count(result.rows, 'event')} in the database"
    )
    for defect in Defect:
        of_this_kind = [each for each in result.discrepancies if each.defect is defect]
        if not of_this_kind:
            continue
        say(f"  {defect.value}: {len(of_this_kind)}. {CURES[defect]}")
        for each in of_this_kind[:_SHOWN]:
            say(f"    {each.what}  {each.detail}".rstrip())
        if len(of_this_kind) > _SHOWN:
            say(f"    ... and {len(of_this_kind) - _SHOWN} more (--json lists all)")
    for unmentioned in below:
        say(f"  {unmentioned}: event files lie here and are not shipped. {NAME_IT}")
    if not result.discrepancies:
        say("  nothing is wrong")
    if repaired is not None:
        say(f"  repaired: {count(repaired.new, 'event')} shipped, {repaired.known:,} folded again")
        for path, reason in repaired.refused.items():
            say(f"    {path}: {reason}", err=True)
