"""sidecar doctor"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import click

from sidecar.cli.support import show
from sidecar.cli.support.checks import all_findings
from sidecar.cli.support.options import DATABASE, EXIT_FAILED, settings_options, verb
from sidecar.cli.support.say import say
from sidecar.doctor import Level
from sidecar.service.settings import Settings

_STYLES: Mapping[Level, Mapping[str, Any]] = {
    Level.OK: {"fg": "green"},
    Level.NOTE: {"fg": "cyan"},
    Level.WARNING: {"fg": "yellow"},
    Level.FAILURE: {"fg": "red", "bold": True},
}
_SIGNS = {Level.OK: "ok", Level.NOTE: "note", Level.WARNING: "warning", Level.FAILURE: "FAILURE"}
_INDENT = 8


@verb()
@settings_options("watch_dir", *DATABASE, "read_timeout", "name", "listen", "watch_mode", "event_max_bytes")
@click.option("--service/--no-service", default=True, show_default=True, help="Also look for the running shipper.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a finding.")
def doctor(settings: Settings, service: bool, as_json: bool) -> None:
    """Check all that is known to go wrong; each finding has its cure.

    Settings, folders and rights, WAVs without an event, announcements, room on the disk, server, rights, character set,
    time zone, TLS, table version, clocks, one sample event, which is undone again, the quarantine, and the running
    shipper. Nothing is changed. Run it as the user that ships. Exit code 1 where something does not work.

    \b
    Example:
        sidecar doctor
        sudo sidecar --as-service doctor
        sidecar doctor --json | jq 'select(.level != "ok")'
    """
    failed = False
    for finding in all_findings(settings, service=service):
        failed = failed or finding.level is Level.FAILURE
        if as_json:
            show.json_lines([asdict(finding)])
            continue
        sign = click.style(f"{_SIGNS[finding.level]:<{_INDENT}}", **_STYLES[finding.level])
        lead = sign + click.style(finding.check, bold=True) + ": "
        say(finding.message, lead=lead, indent=_INDENT)
        if finding.cure:
            say(finding.cure, lead=" " * _INDENT + click.style("→ ", dim=True), indent=_INDENT + 2)
    if failed:
        sys.exit(EXIT_FAILED)
