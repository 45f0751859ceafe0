"""sidecar quarantine list, show, retry, drop"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, tzinfo
from pathlib import Path

import click

from sidecar.cli.support import show
from sidecar.cli.support.courier import SHIPPING, open_redelivery
from sidecar.cli.support.databases import connected
from sidecar.cli.support.options import DATABASE, EXIT_FAILED, Verbs, settings_options
from sidecar.cli.support.say import say
from sidecar.errors import Reason, UsageError
from sidecar.service.settings import Settings
from sidecar.storage.database import Database
from sidecar.upkeep.quarantine import STATUSES, Entry, newest, waiting
from sidecar.upkeep.quarantine import drop as drop_entries
from sidecar.upkeep.quarantine import entry as find_entry
from sidecar.wording.moments import moment

_reason = click.option(
    "--reason",
    type=click.Choice([reason.value for reason in Reason]),
    metavar="REASON",
    help=f"Those of one reason: {', '.join(Reason)}.",
)
_PREVIEW_BYTES = 2000
_WHY_WIDTH = 60
_NAME_WIDTH = 15
_NO_EVENT = "holds no event any more; `sidecar quarantine drop` puts it aside"


@click.group(cls=Verbs)
def quarantine() -> None:
    """Files that cannot become rows: look, try again, put aside.

    \b
    Example:
        sidecar quarantine list
        sidecar quarantine show 17
        sidecar quarantine retry --all
    """


def _chosen(command: click.decorators.FC) -> click.decorators.FC:
    for decorate in (
        click.option("--json", "as_json", is_flag=True, help="One JSON object a file."),
        _reason,
        click.option("--all", "everything", is_flag=True, help="Every file that is in quarantine now."),
        click.argument("ids", nargs=-1, type=int),
    ):
        command = decorate(command)
    return command


@quarantine.command("list")
@settings_options(*DATABASE, "timezone")
@_reason
@click.option(
    "--status", type=click.Choice(STATUSES), default="quarantined", show_default=True, help="What became of it."
)
@click.option(
    "--limit", type=click.IntRange(1), metavar="FILES", default=50, show_default=True, help="How many of the newest."
)
@click.option("--wide", is_flag=True, help="More columns: last seen, bytes, attempts, shipper, the whole path.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a file.")
def list_command(settings: Settings, reason: str | None, status: str, limit: int, wide: bool, as_json: bool) -> None:
    """The files in quarantine, the newest first.

    \b
    Example:
        sidecar quarantine list
        sidecar quarantine list --reason invalid_json --json | jq .path
    """
    with connected(settings) as database:
        entries, total = newest(database, reason=reason, status=status, limit=limit)
    if as_json:
        show.json_lines(map(_facts, entries))
        return
    if not entries:
        say(f"nothing is {status}" if status != "quarantined" else "the quarantine is empty")
        return
    _print(entries, settings.zone, wide=wide)
    if total > len(entries):
        say(f"{len(entries)} of {total}; more with --limit")


def _print(entries: Sequence[Entry], zone: tzinfo, *, wide: bool) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    table.add_column("id", justify="right", style="bold", no_wrap=True)
    if wide:
        table.add_column(show.timed("last seen", zone), no_wrap=True)
        table.add_column("bytes", justify="right", no_wrap=True)
        table.add_column("attempts", justify="right", no_wrap=True)
        table.add_column("shipper", no_wrap=True)
    table.add_column("reason", no_wrap=True)
    table.add_column("file", overflow="fold")
    table.add_column("why", overflow="fold", max_width=_WHY_WIDTH if wide else None)
    for entry in entries:
        more = [moment(entry.last_seen_at, zone), f"{entry.bytes:,}", f"{entry.attempts:,}", entry.shipper]
        path = entry.path if wide else os.path.basename(entry.path)
        table.add_row(str(entry.id), *(more if wide else ()), entry.reason, _visible(path), _visible(entry.message))
    show.display(table, roomy=wide)


@quarantine.command("show")
@settings_options(*DATABASE)
@click.argument("id_", metavar="ID", type=int)
@click.option("--json", "as_json", is_flag=True, help="One JSON object; the bytes as text where they are UTF-8.")
def show_command(settings: Settings, id_: int, as_json: bool) -> None:
    """One file in full: where it is, why it is here, and its first bytes.

    \b
    Example:
        sidecar quarantine show 17
    """
    with connected(settings) as database:
        kept = find_entry(database, id_)
    if kept is None:
        raise UsageError(f"no file in quarantine has the id {id_}", hint="`sidecar quarantine list` shows the ids.")
    entry, content = kept
    if as_json:
        show.json_lines([{**_facts(entry), "content": content.decode("utf-8", "backslashreplace")}])
        return
    for name, value in _facts(entry).items():
        lead = click.style(f"{name.replace('_', ' '):<{_NAME_WIDTH}}", bold=True)
        say(_visible(str(value)), lead=lead, indent=_NAME_WIDTH)
    click.echo(f"\nthe first {min(len(content), _PREVIEW_BYTES)} of {entry.bytes} bytes:")
    click.echo(_visible(content[:_PREVIEW_BYTES].decode("utf-8", "backslashreplace")))


@quarantine.command()
@settings_options("name", *SHIPPING)
@_chosen
def retry(settings: Settings, ids: tuple[int, ...], everything: bool, reason: str | None, as_json: bool) -> None:
    """Read the files again, on the machine where they are, and ship those that are good now.

    For files that were mended, that a newer version can read, or that the server accepts now that it was set right.
    The shipper may keep running. Exit code 1 where one stays in quarantine.

    \b
    Example:
        sidecar quarantine retry 17 18
        sidecar quarantine retry --reason rejected_by_sink
    """
    with connected(settings) as database:
        chosen = [entry for entry in _choose(database, ids, everything, reason) if entry.shipper == settings.name]
    refused: dict[str, str] = {}
    for folder in sorted({os.path.dirname(entry.path) for entry in chosen}):
        names = [os.path.basename(entry.path) for entry in chosen if os.path.dirname(entry.path) == folder]
        with open_redelivery(settings, Path(folder)) as redelivery:
            refused |= redelivery.deliver(names).refused
    with connected(settings) as database:
        left = {entry.id for entry in waiting(database)}
    refused |= {entry.path: _NO_EVENT for entry in chosen if entry.id in left and entry.path not in refused}
    for entry in chosen:
        why = refused.get(entry.path, "")
        if as_json:
            show.json_lines([{"id": entry.id, "path": entry.path, "shipped": not why, "why": why}])
        else:
            say(f"{entry.id}  {_visible(entry.path)}: {_visible(why) or 'shipped'}")
    if not chosen and not as_json:
        say(f"nothing of shipper {settings.name} to try again")
    if refused:
        sys.exit(EXIT_FAILED)


@quarantine.command()
@settings_options(*DATABASE)
@_chosen
def drop(settings: Settings, ids: tuple[int, ...], everything: bool, reason: str | None, as_json: bool) -> None:
    """Put files aside: they count as settled and are not shown again. Neither the file nor what is kept of it is
    deleted; one that changes on disk comes back.

    \b
    Example:
        sidecar quarantine drop 17
        sidecar quarantine drop --reason unsupported_version
    """
    with connected(settings) as database:
        chosen = _choose(database, ids, everything, reason)
        drop_entries(database, chosen)
    if as_json:
        show.json_lines({"id": entry.id, "path": entry.path, "status": "dropped"} for entry in chosen)
    else:
        say(f"{len(chosen)} dropped")


def _choose(database: Database, ids: Sequence[int], everything: bool, reason: str | None) -> list[Entry]:
    """The files in quarantine that are meant.

    Raises:
        UsageError: none is named, or one is not in quarantine.
    """
    if not (ids or everything or reason):
        raise UsageError("nothing is chosen", hint="Name ids, --reason, or --all.")
    chosen = waiting(database, ids, reason)
    missing = set(ids) - {entry.id for entry in chosen}
    if missing:
        raise UsageError(
            f"not in quarantine: {', '.join(map(str, sorted(missing)))}",
            hint="`sidecar quarantine list` shows what is.",
        )
    return chosen


def _facts(entry: Entry) -> dict[str, object]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in asdict(entry).items()}


def _visible(text: str) -> str:
    """A file's own words, without characters that would move a terminal's cursor."""
    return "".join(
        char if char.isprintable() or char == "\n" else char.encode("unicode_escape").decode() for char in text
    )
