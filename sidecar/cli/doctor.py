"""sidecar doctor"""

from __future__ import annotations

import sys
from dataclasses import asdict

import click
from rich.console import Console
from rich.text import Text

from sidecar.cli.support import show
from sidecar.cli.support.checks import all_findings
from sidecar.cli.support.options import DATABASE, EXIT_FAILED, settings_options, verb
from sidecar.doctor import Level
from sidecar.service.settings import Settings

_STYLES = {Level.OK: "green", Level.NOTE: "cyan", Level.WARNING: "yellow", Level.FAILURE: "bold red"}
_SIGNS = {Level.OK: "ok", Level.NOTE: "note", Level.WARNING: "warning", Level.FAILURE: "FAILURE"}


@verb()
@settings_options("watch_dir", *DATABASE, "read_timeout", "name", "listen", "watch_mode", "event_max_bytes")
@click.option("--service/--no-service", default=True, show_default=True, help="Also look for the running shipper.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a finding.")
def doctor(settings: Settings, service: bool, as_json: bool) -> None:
    """Check everything that is known to go wrong, and name the cure for what does.

    Settings, folders and rights, WAVs without an event, announcements, room on the disk, server, rights, character set,
    time zone, TLS, table version, clocks, one sample event, which is undone again, the quarantine, and the running
    shipper. Nothing is changed. Run it as the user that ships. Exit code 1 where something does not work.

    \b
    Example:
        sidecar doctor
        sudo sidecar --as-service doctor
        sidecar doctor --json | jq 'select(.level != "ok")'
    """
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 120)
    failed = False
    for finding in all_findings(settings, service=service):
        failed = failed or finding.level is Level.FAILURE
        if as_json:
            show.json_lines([asdict(finding)])
            continue
        sign = Text(f"{_SIGNS[finding.level]:<8}", _STYLES[finding.level])
        console.print(Text.assemble(sign, (finding.check, "bold"), ": ", finding.message), soft_wrap=True)
        if finding.cure:
            console.print(Text.assemble(" " * 8, ("→ ", "dim"), finding.cure), soft_wrap=True)
    if failed:
        sys.exit(EXIT_FAILED)
