"""sidecar doctor"""

from __future__ import annotations

import stat
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path

import click
import orjson
from rich.console import Console
from rich.text import Text

from sidecar.cli.support.databases import open_database, open_sink
from sidecar.cli.support.options import EXIT_FAILED, settings_options, verb
from sidecar.doctor import Finding, Level
from sidecar.doctor.embedded import check_file
from sidecar.doctor.embedded import sample_refused as sample_refused_by_file
from sidecar.doctor.findings import failure, ok, warning
from sidecar.doctor.folders import check_folder
from sidecar.doctor.quarantine import check_quarantine
from sidecar.doctor.sample import sample
from sidecar.doctor.server import cannot_connect, check_server
from sidecar.doctor.server import sample_refused as sample_refused_by_server
from sidecar.doctor.service import check_service
from sidecar.errors import SidecarError, TablesNotReady
from sidecar.service import config
from sidecar.service.config import Settings
from sidecar.service.watch import FolderWatcher, file_system, is_announced
from sidecar.shipping.notices import Notices
from sidecar.storage.dsn import MysqlDsn, SqliteDsn

_STYLES = {Level.OK: "green", Level.NOTE: "cyan", Level.WARNING: "yellow", Level.FAILURE: "bold red"}
_SIGNS = {Level.OK: "ok", Level.NOTE: "note", Level.WARNING: "warning", Level.FAILURE: "FAILURE"}


@verb()
@settings_options(
    "watch_dir",
    "database_url",
    "database_password_file",
    "name",
    "listen",
    "watch_mode",
    "event_max_bytes",
    "connect_timeout",
    "read_timeout",
)
@click.option("--service/--no-service", default=True, show_default=True, help="Also look for the running shipper.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a finding.")
def doctor(settings: Settings, service: bool, as_json: bool) -> None:
    """Look at everything that goes wrong when it goes wrong, and name the cure of each.

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
    for finding in _findings(settings, service):
        failed = failed or finding.level is Level.FAILURE
        if as_json:
            click.echo(orjson.dumps(asdict(finding)))
            continue
        sign = Text(f"{_SIGNS[finding.level]:<8}", _STYLES[finding.level])
        console.print(Text.assemble(sign, (finding.check, "bold"), ": ", finding.message), soft_wrap=True)
        if finding.cure:
            console.print(Text.assemble(" " * 8, ("→ ", "dim"), finding.cure), soft_wrap=True)
    if failed:
        sys.exit(EXIT_FAILED)


def _findings(settings: Settings, service: bool) -> Iterator[Finding]:
    yield from _settings(settings)
    for folder in settings.folders:
        kind = file_system(folder)
        yield from check_folder(
            folder, kind=kind, announced=is_announced(kind), mode=settings.watch_mode, watch=_try_to_watch
        )
    yield from _database(settings)
    if service:
        yield from check_service(settings.listen_address, settings.fingerprint)


def _settings(settings: Settings) -> Iterator[Finding]:
    yield ok("settings", f"shipper {settings.name}, folders {', '.join(map(str, settings.folders))}, {settings.dsn}")
    secrets = [Path(config.ENV_FILE), settings.database_password_file]
    for path in secrets:
        if path is None or not path.is_file():
            continue
        holds = (
            path != Path(config.ENV_FILE)
            or "PASSWORD" in path.read_text("utf-8", "replace")
            or ":" in str(settings.database_url.get_secret_value().partition("@")[0].partition("://")[2])
        )
        if holds and path.stat().st_mode & stat.S_IROTH:
            yield warning("settings", f"everybody on this machine may read the password in {path}", f"chmod o-r {path}")
    if isinstance(settings.dsn, MysqlDsn) and not settings.dsn.password and not settings.dsn.unix_socket:
        yield warning(
            "settings",
            "there is no database password",
            "Put it into SIDECAR_DATABASE_PASSWORD, or alone into the file of SIDECAR_DATABASE_PASSWORD_FILE "
            "(installed: /etc/indextts-sidecar/database-password).",
        )


def _try_to_watch(folder: Path) -> str:
    watcher = FolderWatcher(Notices())
    try:
        watcher.start(folder, str(folder))
    except OSError as error:
        return error.strerror or str(error)
    finally:
        watcher.close()
    return ""


def _database(settings: Settings) -> Iterator[Finding]:
    dsn = settings.dsn
    if isinstance(dsn, SqliteDsn):
        findings = list(check_file(dsn, announced=is_announced(file_system(Path(dsn.path).absolute().parent))))
        yield from findings
        if all(finding.level is not Level.FAILURE for finding in findings):
            yield from _tables(settings)
        return
    try:
        with closing(open_database(settings)) as database:
            findings = []
            for finding in check_server(
                database,
                dsn,
                event_max_bytes=settings.event_max_bytes,
                now=lambda: datetime.now(timezone.utc),
            ):
                findings.append(finding)
                yield finding
    except SidecarError as error:
        yield cannot_connect(error, dsn)
        return
    # Without tables there is nothing to try; everything else is better seen than concluded.
    if not any(finding.check.startswith("table") and finding.level is Level.FAILURE for finding in findings):
        yield from _tables(settings)


def _tables(settings: Settings) -> Iterator[Finding]:
    tried = _sample(settings)
    yield tried
    if tried.level is Level.OK:
        with closing(open_database(settings)) as database:
            yield from check_quarantine(database)


def _sample(settings: Settings) -> Finding:
    embedded = isinstance(settings.dsn, SqliteDsn)
    sink = open_sink(settings)
    try:
        sink.check()
        sink.rehearse(sample())
    except TablesNotReady as error:
        return failure("tables", str(error), error.hint)
    except SidecarError as error:
        return sample_refused_by_file(error) if embedded else sample_refused_by_server(error)
    finally:
        sink.close()
    return ok("sample event", "taken, and undone")
