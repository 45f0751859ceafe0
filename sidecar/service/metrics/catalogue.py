"""The catalogue of everything that can happen: one method each, which counts it and logs it.

Metric names appear in this package and nowhere else. Labels are few and bounded, never a text, a name or a path.
"""

from __future__ import annotations

import collections
import itertools
import logging
import math
import operator
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    Info,
    PlatformCollector,
    ProcessCollector,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from sidecar import __version__
from sidecar.errors import Reason, SidecarError
from sidecar.event.types import last_word
from sidecar.service.metrics.health import Health
from sidecar.service.metrics.histogram import BatchHistogram
from sidecar.service.metrics.labels import TYPES, bounded
from sidecar.service.metrics.sequences import Sequences
from sidecar.service.metrics.speech import Speech

if TYPE_CHECKING:
    from sidecar.service.retry import Attempt
    from sidecar.shipping.courier import Receipt
    from sidecar.shipping.folder import Scanned
    from sidecar.storage.sink import Quarantined

log = logging.getLogger("sidecar")

_SKIPPED = ("vanished", "foreign", "repeated", "dropped")
_LATENCY_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600)
_COMMIT_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Metrics:
    """
    Args:
        notify: told a one-line status whenever it changes, and "alive" now and then; see sidecar.service.systemd.
    """

    def __init__(self, notify: Callable[[str, bool], None] = lambda status, alive: None) -> None:
        self.registry = registry = CollectorRegistry()
        self.health = Health()
        self._notify = notify
        self._failing_since: float | None = None
        self._discovered_before = 0
        self._shipped_count = 0
        self._pending_count = 0
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        GCCollector(registry=registry)
        Info("sidecar_build", "Version of this program.", registry=registry).info({"version": __version__})
        self._settings = Info(
            "sidecar_settings", "Whose shipper this is: a hash of its name and folders.", registry=registry
        )
        self._discovered = Counter(
            "sidecar_events_discovered",
            "Event files that became known. Always = shipped + quarantined + skipped + pending.",
            registry=registry,
        )
        self._shipped = Counter(
            "sidecar_events_shipped", "Event files whose event is committed.", ["type"], registry=registry
        )
        self._repeated = Counter(
            "sidecar_events_repeated",
            "Of the shipped ones, those that the database had before.",
            registry=registry,
        )
        self._quarantined = Counter(
            "sidecar_events_quarantined",
            "Event files that were put into quarantine.",
            ["reason"],
            registry=registry,
        )
        self._skipped = Counter(
            "sidecar_files_skipped",
            "Known files that need no row: vanished, foreign, repeated, dropped (found again later).",
            ["why"],
            registry=registry,
        )
        self._pending = Gauge("sidecar_pending_events", "Event files known and not yet committed.", registry=registry)
        self._oldest = Gauge(
            "sidecar_oldest_pending_timestamp_seconds",
            "When the oldest pending file came, unix time; 0 for none.",
            registry=registry,
        )
        self._last_commit = Gauge(
            "sidecar_last_commit_timestamp_seconds",
            "When a batch was last committed, unix time.",
            registry=registry,
        )
        self._commit_seconds = Histogram(
            "sidecar_commit_duration_seconds",
            "From handing a batch over to its acknowledgement, retries included.",
            buckets=_COMMIT_BUCKETS,
            registry=registry,
        )
        self._attempts = Counter(
            "sidecar_sink_attempts",
            "Requests to the database by outcome; a failed one is tried again.",
            ["outcome"],
            registry=registry,
        )
        self._sink_up = Gauge(
            "sidecar_sink_up", "1 where the database took the last thing sent to it.", registry=registry
        )
        self._recovered = Counter(
            "sidecar_scan_recovered",
            "Event files that a scan found and the watcher had missed.",
            registry=registry,
        )
        self._scans = Counter("sidecar_scans", "Scans of a watched folder.", registry=registry)
        self._rewinds = Counter(
            "sidecar_rewinds", "Times that everything in a folder was read again.", registry=registry
        )
        self._folders_down = Gauge(
            "sidecar_folders_unavailable", "Watched folders that cannot be listed now.", registry=registry
        )
        self._watch_mode = Gauge(
            "sidecar_watch_mode", "Folders per way of hearing about new files.", ["mode"], registry=registry
        )
        self._latency = BatchHistogram(
            "sidecar_delivery_latency_seconds",
            "From the event's time to its commit.",
            bounds=_LATENCY_BUCKETS,
            registry=registry,
        )
        self._speech = Speech(registry)
        self._sequences = Sequences()
        Gauge(
            "sidecar_sequence_gap_events",
            "Numbers missing between those seen of each TTS process: events that never reached the disk.",
            registry=registry,
        ).set_function(lambda: self._sequences.missing)
        for reason in Reason:
            self._quarantined.labels(reason.value)
        for why in _SKIPPED:
            self._skipped.labels(why)
        for outcome in ("succeeded", "failed"):
            self._attempts.labels(outcome)

    def exposition(self) -> tuple[bytes, str]:
        """The metrics page and its content type."""
        return generate_latest(self.registry), CONTENT_TYPE_LATEST

    def identify(self, fingerprint: str) -> None:
        """Say whose shipper this is; see Settings.fingerprint."""
        self._settings.info({"fingerprint": fingerprint})

    def watch_disks(self, folders: Sequence[Path]) -> None:
        """Tell at each scrape how full the watched folders' disks are."""
        Gauge(
            "sidecar_disk_free_bytes",
            "Bytes free on the watched folder's disk; of several folders, on the fullest one.",
            registry=self.registry,
        ).set_function(lambda: _fullest(folders)[1])
        Gauge(
            "sidecar_disk_free_ratio", "The same as a share of the disk, 0 to 1.", registry=self.registry
        ).set_function(lambda: _fullest(folders)[0])

    @property
    def progress(self) -> tuple[int, int]:
        """Event files that are done with, and those that became known."""
        return self._discovered_before - self._pending_count, self._discovered_before

    # -- pipeline

    def started(self, **settings: object) -> None:
        log.info("started", extra={"version": __version__, **settings})

    def alive(self) -> None:
        self._notify(self._status, True)

    def ready(self) -> None:
        if "start" in self.health.reasons:
            log.info("ready")
        self._set_health("start")

    def watching(self, folder: str, mode: str, reason: str = "") -> None:
        if reason:
            log.warning("scanning often instead of watching", extra={"folder": folder, "reason": reason})
        else:
            log.info("watching", extra={"folder": folder, "mode": mode})

    def watch_modes(self, counts: dict[str, int]) -> None:
        for mode, count in counts.items():
            self._watch_mode.labels(mode).set(count)

    def scanned(self, folder: str, scanned: Scanned) -> None:
        self._scans.inc()
        self._recovered.inc(scanned.recovered)
        facts = {"folder": folder, "found": scanned.found, "seconds": round(scanned.seconds, 3)}
        if scanned.rewound:
            self._rewinds.inc()
            log.warning("reading everything again", extra={**facts, "why": scanned.rewound})
        elif scanned.found:
            log.info("scanned", extra={**facts, "recovered": scanned.recovered})
        else:
            log.debug("scanned", extra=facts)

    def folder_unavailable(self, folder: str, error: SidecarError) -> None:
        self._folders_down.inc()
        self._set_health(f"folder {folder}", f"folder unavailable: {error}")
        log.error("folder unavailable", extra={"folder": folder, "error": str(error), "hint": error.hint})

    def folder_available(self, folder: str) -> None:
        self._folders_down.dec()
        self._set_health(f"folder {folder}")
        log.info("folder available again", extra={"folder": folder})

    def skipped(self, why: str, count: int) -> None:
        self._skipped.labels(why).inc(count)

    def backlog(self, *, discovered: int, pending: int, oldest_ns: int | None) -> None:
        self._discovered.inc(discovered - self._discovered_before)
        self._discovered_before = discovered
        self._pending.set(pending)
        self._pending_count = pending
        self._oldest.set(0 if oldest_ns is None else oldest_ns / 1e9)

    def committed(self, receipt: Receipt, quarantined: Sequence[Quarantined], seconds: float) -> None:
        now = time.time()
        self._last_commit.set(now)
        self._commit_seconds.observe(seconds)
        self._repeated.inc(len(receipt.known))
        self._shipped_count += len(receipt.committed)
        events = [delivery.event for delivery in receipt.committed]
        for source, group in itertools.groupby(events, operator.attrgetter("source")):
            self._sequences.add(source, [event.sequence for event in group])
        for type_, count in collections.Counter([event.type for event in events]).items():
            self._shipped.labels(bounded(last_word(type_), TYPES)).inc(count)
        new = [event for event in events if event.id not in receipt.known] if receipt.known else events
        self._latency.observe("", [max(0.0, now - event.time.timestamp()) for event in new])
        self._speech.count(new)
        for entry in (*quarantined, *receipt.refused):
            self._quarantined.labels(entry.reason.value).inc()
            log.warning(
                "quarantined",
                extra={
                    "path": entry.path,
                    "reason": entry.reason.value,
                    "detail": entry.message,
                    "bytes": entry.size,
                },
            )
        log.debug("committed", extra={"events": len(receipt.committed), "seconds": round(seconds, 4)})

    def position_lost(self, folder: str) -> None:
        log.warning("the database's position went back, a backup was restored: reconciling", extra={"folder": folder})

    def draining(self, pending: int) -> None:
        log.info("draining", extra={"pending": pending})

    def stopped(self) -> None:
        log.info("stopped")

    # -- sink

    def attempt_succeeded(self) -> None:
        self._attempts.labels("succeeded").inc()
        self._sink_up.set(1)
        if self._failing_since is not None:
            log.info(
                "database available again",
                extra={"seconds": round(time.monotonic() - self._failing_since, 1)},
            )
            self._failing_since = None
            self._set_health("sink")

    def attempt_failed(self, attempt: Attempt) -> None:
        """A temporary failure. Logged at each power of two, so that a night's outage stays readable."""
        self._attempts.labels("failed").inc()
        self._sink_up.set(0)
        hint = attempt.error.hint if isinstance(attempt.error, SidecarError) else ""
        if self._failing_since is None:
            self._failing_since = time.monotonic()
        self._set_health("sink", f"database: {attempt.error}" + (f" {hint}" if hint else ""))
        if attempt.number & (attempt.number - 1) == 0:
            log.warning(
                "database does not take events, trying again",
                extra={"error": str(attempt.error), "hint": hint, "attempt": attempt.number},
            )

    # -- health

    def _set_health(self, what: str, reason: str = "") -> None:
        before = self.health.status
        self.health.set(what, reason)
        if self.health.status != before:
            self._notify(self._status, False)

    @property
    def _status(self) -> str:
        """One line for people, such as `systemctl status` shows it."""
        return f"{self.health.status}; {self._shipped_count} shipped, {self._pending_count} pending since the start"


def _fullest(folders: Sequence[Path]) -> tuple[float, float]:
    """Share and bytes free of the fullest disk; not-a-number where no folder is there."""
    found = []
    for folder in folders:
        try:
            disk = os.statvfs(folder)
        except OSError:
            continue
        found.append((disk.f_bavail / max(1, disk.f_blocks), float(disk.f_bavail * disk.f_frsize)))
    return min(found, default=(math.nan, math.nan))
