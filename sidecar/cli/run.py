"""sidecar run"""

from __future__ import annotations

import contextlib
import gc
import signal
import sys
import threading
from pathlib import Path
from types import FrameType

import click

from sidecar.cli.support.databases import open_sink
from sidecar.cli.support.options import settings_options, verb
from sidecar.cli.support.progress import following
from sidecar.errors import SettingsError
from sidecar.service import config, log
from sidecar.service.config import Settings
from sidecar.service.http import HttpServer
from sidecar.service.metrics import Metrics
from sidecar.service.retry import Retry, RetryPolicy
from sidecar.service.systemd import Notifier
from sidecar.service.watch import FolderWatcher, file_system, is_announced
from sidecar.shipping.courier import Courier
from sidecar.shipping.folder import Folder, FolderLimits, SystemClock
from sidecar.shipping.notices import Notices
from sidecar.shipping.reading import stat_folder
from sidecar.shipping.shipper import Shipper, ShipperLimits
from sidecar.storage.sink import Sink

_NETWORK_OVERLAP_SECONDS = 120.0  # listings of network file systems lag, and their clocks differ
_LOCAL_OVERLAP_SECONDS = 2.0
_SCAN_SHARE = 0.05
_POLLED_SCAN_SHARE = 0.25
# Decoded events hold no cycles and go when their batch does. At the default of 700 new objects, the collector would
# look through each batch dozens of times and find nothing: a quarter of the reading time.
_COLLECT_AFTER = 100_000
# The courier asks for the interpreter a dozen times a batch, between two answers of the server, while this thread
# renders the next one: at the default of 5 ms the server would wait for a tenth of its time.
_SWITCH_SECONDS = 0.0005
_ONCE_GIVE_UP_SECONDS = 30.0
_NOT_OURS = ("web_listen", "web_token", "web_token_file", "timezone")  # of `sidecar web` and of those who ask


@verb()
@click.option("--once", is_flag=True, help="Ship what is there and exit; an unreachable database is an error.")
@settings_options(*(name for name in config.fields() if name not in _NOT_OURS))
def run(settings: Settings, once: bool) -> None:
    """Ship event files into the database, until stopped.

    SIGTERM or Ctrl-C ships what is known and exits with 0.

    \b
    Example:
        sidecar run
        sidecar run --once --watch-dir /srv/index-tts/outputs
    """
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER)
    sys.setswitchinterval(_SWITCH_SECONDS)
    log.configure(settings.log_level, settings.log_format)
    notifier = Notifier(config.environment())
    metrics = Metrics(notifier.status)
    http = _serve(settings, metrics, needed=not once)
    notices = Notices()
    watcher = FolderWatcher(notices)
    give_up = threading.Event()
    policy = RetryPolicy(
        max_seconds=settings.retry_max_seconds, give_up_seconds=_ONCE_GIVE_UP_SECONDS if once else None
    )
    retry = Retry(
        policy,
        stop=give_up,
        on_failure=metrics.attempt_failed,
        on_success=metrics.attempt_succeeded,
    )
    sink: Sink = open_sink(settings)
    folders = [Folder(path, limits=_limits(path, settings, _polls(path, settings))) for path in settings.folders]
    metrics.identify(settings.fingerprint)
    metrics.watch_disks(settings.folders)
    if once:
        sink.check()
        for folder in folders:
            stat_folder(folder.path)
    courier = Courier(sink, retry, quarantine_max_bytes=settings.quarantine_max_bytes)
    shipper = Shipper(
        settings.name,
        folders,
        courier=courier,
        watcher=_Watcher(settings, watcher, metrics),
        notices=notices,
        telemetry=metrics,
        clock=SystemClock(),
        limits=ShipperLimits(
            batch_max_events=settings.batch_max_events,
            batch_max_bytes=settings.batch_max_bytes,
            probe_seconds=settings.probe_seconds,
            drain_seconds=settings.drain_seconds,
        ),
        give_up=give_up,
    )
    _stop_on_signals(shipper)
    metrics.started(
        folders=[str(path) for path in settings.folders],
        database=str(settings.dsn),
        listen=f"{settings.listen_address[0]}:{http.port}" if http and settings.listen_address else "off",
    )
    notifier.ready()
    try:
        with following("shipping", lambda: metrics.progress) if once else contextlib.nullcontext():
            shipper.run(once=once)
    finally:
        notifier.stopping()
        give_up.set()
        watcher.close()
        courier.close()
        if http is not None:
            http.close()
        metrics.stopped()


def _serve(settings: Settings, metrics: Metrics, *, needed: bool) -> HttpServer | None:
    """
    Args:
        needed: else the address may be taken: `run --once` beside the service has nothing to add to its pages.
    """
    address = settings.listen_address
    if address is None:
        return None
    try:
        return HttpServer(*address, metrics=metrics.exposition, status=lambda: list(metrics.health.reasons.values()))
    except SettingsError:
        if needed:
            raise
        return None


def _stop_on_signals(shipper: Shipper) -> None:
    def stop(_signal: int, _frame: FrameType | None) -> None:
        shipper.stop()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)


def _polls(path: Path, settings: Settings) -> bool:
    if settings.watch_mode != "auto":
        return settings.watch_mode == "poll"
    return not is_announced(file_system(path))


def _limits(path: Path, settings: Settings, polls: bool) -> FolderLimits:
    remote = not is_announced(file_system(path))
    overlap = settings.overlap_seconds or (_NETWORK_OVERLAP_SECONDS if remote else _LOCAL_OVERLAP_SECONDS)
    return FolderLimits(
        event_max_bytes=settings.event_max_bytes,
        quarantine_max_bytes=settings.quarantine_max_bytes,
        settle_seconds=settings.settle_seconds,
        overlap_seconds=overlap,
        poll_seconds=settings.poll_seconds,
        scan_seconds=settings.poll_seconds if polls else settings.scan_seconds,
        scan_share=_POLLED_SCAN_SHARE if polls else _SCAN_SHARE,
    )


class _Watcher:
    """Watches a folder where that works, and says how each is followed."""

    def __init__(self, settings: Settings, watcher: FolderWatcher, metrics: Metrics) -> None:
        self._settings = settings
        self._watcher = watcher
        self._metrics = metrics
        self._modes: dict[str, str] = {}

    def watch(self, folder: Folder, *, deaf: bool = False) -> bool:
        # Asked anew each time: another file system may be mounted there by now.
        mode, reason = self._started(folder, deaf)
        folder.limits = _limits(folder.path, self._settings, mode == "poll")
        self._modes[folder.key] = mode
        self._metrics.watching(folder.key, mode, reason)
        self._metrics.watch_modes({each: list(self._modes.values()).count(each) for each in ("notify", "poll")})
        return mode == "notify"

    def _started(self, folder: Folder, deaf: bool) -> tuple[str, str]:
        """The mode, and why it is poll where that was not to be expected."""
        self._watcher.stop(folder.key)
        if _polls(folder.path, self._settings):
            return "poll", ""
        if deaf and self._settings.watch_mode == "auto":  # such as a container's layer that is written to from outside
            return "poll", "files come that nothing announces"
        try:
            self._watcher.start(folder.path, folder.key)
        except OSError as error:
            return "poll", f"the system does not watch it: {error}"
        return "notify", ""
