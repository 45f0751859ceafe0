"""sidecar replay"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from fnmatch import fnmatchcase
from pathlib import Path

import click

from sidecar.answers.filters import parse
from sidecar.cli.support import show
from sidecar.cli.support.courier import SHIPPING, open_redelivery
from sidecar.cli.support.options import EXIT_FAILED, settings_options, verb
from sidecar.cli.support.progress import track
from sidecar.cli.support.say import say
from sidecar.errors import UsageError
from sidecar.event.names import printable
from sidecar.service.settings import Settings
from sidecar.upkeep.inventory import EventFile, list_names, read_event_files
from sidecar.upkeep.redelivery import Redelivered
from sidecar.wording.plural import count


@verb()
@settings_options("watch_dir", "name", *SHIPPING, "timezone")
@click.argument("files", nargs=-1)
@click.option(
    "--since",
    metavar="TIME",
    help="Events of that time or later: 3d (s, m, h, d, w ago), 2026-11-22 or 2026-11-22T10:15.",
)
@click.option(
    "--until", metavar="TIME", help="Events before that time; written like --since. A day is counted to its end."
)
@click.option(
    "--source", metavar="PATTERN", help="Events of that TTS process or host: a pattern, such as 'indextts://studio/*'."
)
@click.option("--all", "everything", is_flag=True, help="Every event file of the watched folders.")
@click.option("--dry-run", is_flag=True, help="Only say how many event files are meant.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a folder.")
def replay(
    settings: Settings,
    files: tuple[str, ...],
    since: str | None,
    until: str | None,
    source: str | None,
    everything: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Ship event files again, chosen by time, source or name.

    What the database has stays as it is, and its record is folded again; what it lacks is added. For rows that somebody
    deleted, a database that was restored without its last days, or files in quarantine that a newer version can read.

    \b
    Example:
        sidecar replay --since 2d
        sidecar replay --source 'indextts://studio/*' --dry-run
        sidecar replay outputs/spk_1795342542.wav.json
    """
    if not (files or since or until or source or everything):
        raise UsageError("nothing is chosen", hint="Name files, --since, --until or --source; or say --all.")
    wanted = parse({"since": since or "", "until": until or ""}, zone=settings.zone)
    failed = False
    there = {folder: list_names(folder).events for folder in settings.folders}
    if files:
        there = _named(files, there)
    for folder, names in there.items():
        if since or until or source:
            read = track(read_event_files(folder, names, settings.event_max_bytes), "reading", len(names))
            names = [
                each.name
                for each in read
                if isinstance(each, EventFile)
                and (wanted.since is None or each.time >= wanted.since)
                and (wanted.until is None or each.time < wanted.until)
                and (source is None or fnmatchcase(each.source, source))
            ]
        result = Redelivered()
        if not dry_run:
            with open_redelivery(settings, folder) as redelivery:
                result = redelivery.deliver(track(names, "shipping", len(names)))
        failed = failed or bool(result.refused)
        if as_json:
            show.json_lines([{"folder": str(folder), "chosen": len(names), "dry_run": dry_run, **asdict(result)}])
            continue
        say(f"{folder}: {count(len(names), 'event file')} chosen")
        if not dry_run:
            say(f"  shipped, because missing: {result.new:,}; there already: {result.known:,}")
        if result.forgotten:
            say(f"  not shipped, because it was forgotten: {result.forgotten:,}")
        for path, reason in result.refused.items():
            say(f"  {path}: {reason}", err=True)
    if failed:
        sys.exit(EXIT_FAILED)


def _named(files: Sequence[str], there: Mapping[Path, list[str]]) -> dict[Path, list[str]]:
    """The names, by folder, of the event files that somebody named: by path, or by name alone.

    Raises:
        UsageError: one of them is not there.
    """
    found: dict[Path, list[str]] = {folder: [] for folder in there}
    for file in files:
        path = Path(file).absolute()
        among = [each for each in there if path.parent in (each, Path.cwd()) and path.name in there[each]]
        if not among:
            raise UsageError(
                f"{printable(file)} is no event file of a watched folder",
                hint=f"Nothing was shipped. Name files of {', '.join(map(str, there))} (SIDECAR_WATCH_DIR).",
            )
        for folder in among:
            if path.name not in found[folder]:
                found[folder].append(path.name)
    return found
