"""sidecar verify"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import click
import orjson

from sidecar.cli.support.courier import SHIPPING, open_courier
from sidecar.cli.support.databases import open_database
from sidecar.cli.support.options import EXIT_FAILED, settings_options, verb
from sidecar.cli.support.progress import bar, track
from sidecar.service.config import Settings
from sidecar.upkeep.redelivery import Redelivered, Redelivery
from sidecar.upkeep.verify import CURES, REPAIRABLE, Kind, Verified, verify
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
    type=click.Choice([each.value for each in Kind]),
    multiple=True,
    help="Do not count this kind of finding.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a folder.")
def verify_command(settings: Settings, repair: bool, audio: bool, ignore: tuple[str, ...], as_json: bool) -> None:
    """Prove, file by file and row by row, that folder and database say the same.

    WAV, event file, event and record are compared in both directions, audio by its SHA-256, and each TTS process's
    numbers are looked through for gaps. What somebody has put aside (sidecar quarantine drop), forgotten or pruned with
    these commands is not missed. Exit code 0: nothing is wrong, or all of it was repaired; 1: something is.
    It runs beside a shipper at work; what that one is about to ship counts as not shipped yet.

    \b
    Example:
        sidecar verify
        sidecar verify --repair --no-audio
        sidecar verify --ignore event_file_gone --json | jq .findings
    """
    ignored = {Kind(each) for each in ignore}
    wrong = False
    for folder in settings.folders:
        with closing(open_database(settings)) as database, _steps() as progress:
            found = verify(folder, database, max_bytes=settings.event_max_bytes, hash_audio=audio, progress=progress)
        found.findings = [finding for finding in found.findings if finding.kind not in ignored]
        repaired = _repair(settings, found) if repair and found.to_repair() else None
        wrong = wrong or _is_wrong(found, repaired)
        if as_json:
            click.echo(orjson.dumps(_facts(found, repaired)))
        else:
            _tell(found, repaired)
    if wrong:
        sys.exit(EXIT_FAILED)


@contextlib.contextmanager
def _steps() -> Iterator[Callable[[str, int], Callable[[], None]]]:
    """A bar for each thing that is gone through."""
    with bar() as progress:

        def begin(description: str, total: int) -> Callable[[], None]:
            task = progress.add_task(description, total=total)
            return lambda: progress.advance(task)

        yield begin


def _repair(settings: Settings, found: Verified) -> Redelivered:
    names = found.to_repair()
    with open_courier(settings) as courier:
        redelivery = Redelivery(
            courier,
            shipper=settings.name,
            folder=found.folder,
            max_bytes=settings.event_max_bytes,
            batch_events=settings.batch_max_events,
        )
        return redelivery.deliver(track(names, "repairing", len(names)))


def _is_wrong(found: Verified, repaired: Redelivered | None) -> bool:
    if repaired is None:
        return bool(found.findings)
    return bool(repaired.refused) or any(finding.kind not in REPAIRABLE for finding in found.findings)


def _facts(found: Verified, repaired: Redelivered | None) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "folder": str(found.folder),
        "event_files": found.event_files,
        "audio_files": found.audio_files,
        "audio_hashed": found.audio_hashed,
        "rows": found.rows,
        "put_aside": sorted(found.put_aside),
        "counts": {kind.value: found.count(kind) for kind in Kind},
        "findings": [
            {"kind": finding.kind.value, "what": finding.what, "detail": finding.detail} for finding in found.findings
        ],
    }
    if repaired is not None:
        facts["repaired"] = {"new": repaired.new, "known": repaired.known, "refused": repaired.refused}
    return facts


def _tell(found: Verified, repaired: Redelivered | None) -> None:
    hashed = f" ({found.audio_hashed:,} read)" if found.audio_hashed else ""
    aside = f" ({len(found.put_aside):,} put aside)" if found.put_aside else ""
    click.echo(
        f"{found.folder}: {count(found.event_files, 'event file')}{aside}, {count(found.audio_files, 'WAV')}{hashed}, "
        f"{count(found.rows, 'event')} in the database"
    )
    for kind in Kind:
        findings = [finding for finding in found.findings if finding.kind is kind]
        if not findings:
            continue
        click.echo(f"  {kind.value}: {len(findings)}. {CURES[kind]}")
        for finding in findings[:_SHOWN]:
            click.echo(f"    {finding.what}  {finding.detail}".rstrip())
        if len(findings) > _SHOWN:
            click.echo(f"    ... and {len(findings) - _SHOWN} more (--json lists all)")
    if not found.findings:
        click.echo("  nothing is wrong")
    if repaired is not None:
        click.echo(f"  repaired: {count(repaired.new, 'event')} shipped, {repaired.known:,} folded again")
        for path, reason in repaired.refused.items():
            click.echo(f"    {path}: {reason}", err=True)
