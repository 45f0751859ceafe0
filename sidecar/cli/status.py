"""sidecar status"""

from __future__ import annotations

import sys
from dataclasses import asdict
from datetime import datetime

import click

from sidecar.cli.support import show
from sidecar.cli.support.databases import connected
from sidecar.cli.support.options import DATABASE, EXIT_FAILED, settings_options, verb
from sidecar.cli.support.say import say
from sidecar.doctor.status import FolderStatus, Process, TablesStatus, ask_folder, ask_process, ask_tables
from sidecar.errors import SidecarError
from sidecar.service.settings import Settings
from sidecar.wording.moments import whole_moment
from sidecar.wording.plural import count

_INDENT = 13


@verb()
@settings_options("watch_dir", *DATABASE, "name", "listen", "timezone")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def status(settings: Settings, as_json: bool) -> None:
    """Say how shipper, folders, tables and quarantine stand.

    Exit code 0 where a shipper runs and is ready, otherwise 1.

    \b
    Example:
        sidecar status
        sidecar status --json | jq .tables.quarantined
    """
    process = ask_process(settings.listen_address, settings.fingerprint, settings.database_fingerprint)
    try:
        with connected(settings) as database:
            tables = ask_tables(database)
            folders = [ask_folder(folder, settings.name, database) for folder in settings.folders]
    except SidecarError as error:
        tables = TablesStatus(error=f"{error}. {error.hint}".rstrip(". ") + ".")
        folders = [ask_folder(folder, settings.name, None) for folder in settings.folders]
    if as_json:
        facts = {"process": asdict(process), "folders": [asdict(each) for each in folders], "tables": asdict(tables)}
        show.json_lines([facts])
    else:
        _show(settings, process, folders, tables)
    if not process.answers or process.difference or process.reasons:
        sys.exit(EXIT_FAILED)


def _show(settings: Settings, process: Process, folders: list[FolderStatus], tables: TablesStatus) -> None:
    def line(name: str, *words: str, color: str | None = None) -> None:
        text = "; ".join(word for word in words if word)
        say(click.style(text, fg=color), lead=click.style(f"{name:<{_INDENT}}", bold=True), indent=_INDENT)

    def when(moment: datetime | None) -> str:
        return whole_moment(moment, settings.zone) if moment else "never"

    def moved(moment: datetime | None) -> str:
        return f"last moved {when(moment)}" if moment else "never moved"

    if not process.answers:
        line(
            "shipper",
            f"none answers at {settings.listen}: {'; '.join(process.reasons)}. Start it: sidecar run",
            color="red",
        )
    elif process.difference:
        line("shipper", f"at {settings.listen} has {process.difference} than these settings say", color="red")
    elif process.reasons:
        line("shipper", f"not ready: {'; '.join(process.reasons)}", color="red")
    else:
        line("shipper", f"ready, version {process.version}", color="green")
    if process.answers:
        waits = f"the oldest since {when(process.oldest_pending)}" if process.oldest_pending else ""
        line("since start", f"{process.shipped:,} shipped, {process.pending:,} pending", waits)
    for each in folders:
        if each.error:
            line("folder", each.folder, each.error, color="red")
            continue
        line("folder", each.folder, count(each.event_files, "event file"))
        reached = f"up to {when(each.position)}" if each.position else "at the beginning"
        newer = f"{count(each.newer, 'event file')} newer (it follows with the scans)" if each.newer else ""
        line("position", reached, moved(each.moved_at), newer)
    line("database", str(settings.dsn))
    if tables.error:
        line("tables", tables.error, color="red")
    else:
        line(
            "tables",
            f"{count(tables.records, 'record')} of {count(tables.events, 'event')}",
            f"the last {when(tables.last_event)}" if tables.last_event else "",
        )
        open_entries = ", ".join(f"{count} {reason}" for reason, count in sorted(tables.quarantined.items()))
        line("quarantine", open_entries or "empty", color="yellow" if open_entries else None)
        for other in tables.shippers:
            if other["shipper"] != settings.name:
                line("also ships", other["shipper"], other["folder"], moved(other["moved_at"]))
