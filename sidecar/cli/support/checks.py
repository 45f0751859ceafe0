"""All checks of `sidecar doctor`, for the folders, the database and the shipper that the settings name."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

from sidecar.cli.support.databases import connected, open_sink
from sidecar.doctor import Finding, Level
from sidecar.doctor.embedded import check_file
from sidecar.doctor.embedded import sample_refused as sample_refused_by_file
from sidecar.doctor.findings import failure, ok, warning
from sidecar.doctor.folders import check_folder
from sidecar.doctor.proxy import check_proxy
from sidecar.doctor.quarantine import check_quarantine
from sidecar.doctor.sample import sample
from sidecar.doctor.server import cannot_connect, check_server
from sidecar.doctor.server import sample_refused as sample_refused_by_server
from sidecar.doctor.service import check_service
from sidecar.errors import SidecarError, TablesNotReady
from sidecar.service.settings import ENV_FILE, Settings
from sidecar.service.watch import FolderWatcher, file_system, is_announced
from sidecar.shipping.notices import Notices
from sidecar.shipping.tree import NAME_IT, not_shipped
from sidecar.storage.dsn import MysqlDsn, SqliteDsn


def all_findings(settings: Settings, *, service: bool) -> Iterator[Finding]:
    """
    Args:
        service: whether to look for the running shipper too.
    """
    yield from _settings(settings)
    for folder in settings.folders:
        kind = file_system(folder)
        yield from check_folder(
            folder, kind=kind, announced=is_announced(kind), mode=settings.watch_mode, watch=_try_to_watch
        )
        for path in not_shipped(folder, settings.folders):
            yield warning(
                f"folder {path}", "event files lie here, below a watched folder, and are not shipped", NAME_IT
            )
    yield from _database(settings)
    if service:
        yield from check_service(settings.listen_address, settings.fingerprint, settings.database_fingerprint)
        yield from check_proxy(settings.proxy_metrics_address, settings.keys_file)


def _settings(settings: Settings) -> Iterator[Finding]:
    yield ok("settings", f"shipper {settings.name}, folders {', '.join(map(str, settings.folders))}, {settings.dsn}")
    secrets = [Path(ENV_FILE), settings.database_password_file]
    for path in secrets:
        if path is None or not path.is_file():
            continue
        holds = (
            path != Path(ENV_FILE)
            or "PASSWORD" in path.read_text("utf-8", "replace")
            or ":" in settings.database_url.partition("@")[0].partition("://")[2]
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
        with connected(settings) as database:
            findings = []
            for finding in check_server(database, dsn, event_max_bytes=settings.event_max_bytes):
                findings.append(finding)
                yield finding
    except SidecarError as error:
        yield cannot_connect(error, dsn)
        return
    # Without tables there is nothing to try. With any other failure an attempt still tells more than a guess.
    if not any(finding.check.startswith("table") and finding.level is Level.FAILURE for finding in findings):
        yield from _tables(settings)


def _tables(settings: Settings) -> Iterator[Finding]:
    finding = _sample(settings)
    yield finding
    if finding.level is Level.OK:
        with connected(settings) as database:
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
