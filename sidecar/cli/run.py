"""sidecar run"""

from __future__ import annotations

import faulthandler
import gc
import signal
import sys
import threading
from pathlib import Path

import click

from sidecar.cli.support.databases import open_sink
from sidecar.cli.support.options import settings_options, verb
from sidecar.errors import SettingsError
from sidecar.service import config, log
from sidecar.service.following import Following
from sidecar.service.http import HttpServer
from sidecar.service.metrics.catalogue import Metrics
from sidecar.service.occupied import about
from sidecar.service.retry import Retry, RetryPolicy
from sidecar.service.settings import Settings
from sidecar.service.systemd import Notifier
from sidecar.service.watch import FolderWatcher
from sidecar.shipping.clock import SystemClock
from sidecar.shipping.courier import Courier
from sidecar.shipping.folder import Folder
from sidecar.shipping.limits import FolderLimits, ShipperLimits
from sidecar.shipping.notices import Notices
from sidecar.shipping.reading import stat_folder
from sidecar.shipping.shipper import Shipper
from sidecar.shipping.tree import holds_events
from sidecar.storage.dsn import whole

# Decoded events hold no cycles and go when their batch does. At the default of 700 new objects, the collector would
# look through each batch dozens of times and find nothing: a quarter of the reading time.
_COLLECT_AFTER = 100_000
# The courier asks for the interpreter a dozen times a batch, between two answers of the server, while this thread
# renders the next one: at the default of 5 ms the server would wait for a tenth of its time.
_SWITCH_SECONDS = 0.0005
_ONCE_GIVE_UP_SECONDS = 30.0
_NOT_OURS = ("web_", "upstream", "proxy_", "keys_", "timezone")  # of `sidecar web`, of the proxy, of those who ask


@verb()
@click.option("--once", is_flag=True, help="Ship what is there and exit; an unreachable database is an error.")
@settings_options(*(name for name in config.fields() if not name.startswith(_NOT_OURS)))
def run(settings: Settings, once: bool) -> None:
    """Ship event files into the database, until stopped.

    SIGTERM or Ctrl-C ships what is known and exits with 0. Exit code 2 where a setting is wrong, or where another
    program has the address of SIDECAR_LISTEN: of another sidecar, its process id and database are told.

    \b
    Example:
        sidecar run
        sidecar run --once --watch-dir /srv/index-tts/outputs
    """
    faulthandler.enable(file=2)  # a crash below Python leaves its stack in the log
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER)
    sys.setswitchinterval(_SWITCH_SECONDS)
    log.configure(settings.log_level, settings.log_format)
    notifier = Notifier(config.environment())
    metrics = Metrics(notifier.status, watched=sys.stderr.isatty(), voices=settings.metrics_voices)
    http = _serve(settings, metrics, needed=not once)
    give_up = threading.Event()
    notices = Notices()
    watcher = FolderWatcher(notices)
    following = Following(
        watcher,
        mode=settings.watch_mode,
        limits=_folder_limits(settings),
        overlap_seconds=settings.overlap_seconds,
        report=metrics.watching,
    )
    folders = [Folder(path, limits=following.limits(path)) for path in settings.folders]
    metrics.identify(settings.fingerprint, settings.database_fingerprint)
    metrics.watch_disks(settings.folders)
    sink = open_sink(settings)
    if once:
        sink.check()
        for folder in folders:
            stat_folder(folder.path)

    def include(path: Path) -> Folder | None:
        if settings.includes(path):
            return Folder(path, limits=following.limits(path))
        if holds_events(path):
            metrics.not_shipped(str(path))
        return None

    courier = Courier(
        sink, _retry(settings, metrics, give_up, once=once), quarantine_max_bytes=settings.quarantine_max_bytes
    )
    shipper = Shipper(
        settings.name,
        folders,
        courier=courier,
        watcher=following,
        notices=notices,
        telemetry=metrics,
        clock=SystemClock(),
        limits=_shipper_limits(settings),
        give_up=give_up,
        include=include,
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: shipper.stop())
    metrics.started(
        folders=[str(path) for path in settings.folders],
        database=whole(settings.dsn),
        listen=f"{settings.listen_address[0]}:{http.port}" if http and settings.listen_address else "off",
    )
    notifier.ready()
    try:
        shipper.run(once=once)
    finally:
        notifier.stopping()
        give_up.set()
        watcher.close()
        courier.close()
        if http is not None:
            http.close()
        metrics.stopped()


def _retry(settings: Settings, metrics: Metrics, give_up: threading.Event, *, once: bool) -> Retry:
    return Retry(
        RetryPolicy(max_seconds=settings.retry_max_seconds, give_up_seconds=_ONCE_GIVE_UP_SECONDS if once else None),
        stop=give_up,
        on_failure=metrics.attempt_failed,
        on_success=metrics.attempt_succeeded,
    )


def _folder_limits(settings: Settings) -> FolderLimits:
    return FolderLimits(
        event_max_bytes=settings.event_max_bytes,
        quarantine_max_bytes=settings.quarantine_max_bytes,
        settle_seconds=settings.settle_seconds,
        poll_seconds=settings.poll_seconds,
        scan_seconds=settings.scan_seconds,
    )


def _shipper_limits(settings: Settings) -> ShipperLimits:
    return ShipperLimits(
        batch_max_events=settings.batch_max_events,
        batch_max_bytes=settings.batch_max_bytes,
        probe_seconds=settings.probe_seconds,
        drain_seconds=settings.drain_seconds,
    )


def _serve(settings: Settings, metrics: Metrics, *, needed: bool) -> HttpServer | None:
    """
    Args:
        needed: else the address may be taken: `run --once` beside the service has nothing to add to its pages.
    """
    address = settings.listen_address
    if address is None:
        return None
    try:
        return HttpServer(
            *address,
            metrics=metrics.exposition,
            status=lambda: list(metrics.health.reasons.values()),
            about=about("run", settings.dsn),
        )
    except SettingsError:
        if needed:
            raise
        return None
