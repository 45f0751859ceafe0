"""What the shipper does, in numbers: files that became known, and what became of each."""

from __future__ import annotations

import collections
import itertools
import operator
import time
from collections.abc import Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from sidecar.errors import Reason
from sidecar.event.event import Event
from sidecar.event.types import SYNTHESIS, last_word
from sidecar.service.metrics.histogram import BatchHistogram
from sidecar.service.metrics.labels import TYPES, bounded
from sidecar.service.metrics.sequences import Sequences
from sidecar.shipping.folder import Scanned
from sidecar.storage.sink import Quarantined

_SKIPPED = ("vanished", "foreign", "repeated", "dropped", "forgotten")
_LATENCY_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600)
_COMMIT_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Files:
    """Always true: discovered = shipped + quarantined + skipped + pending."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.discovered_count = self.shipped_count = self.quarantined_count = self.pending_count = 0
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
            "Known files that need no row: vanished, foreign, repeated, dropped (found again later), forgotten.",
            ["why"],
            registry=registry,
        )
        self._pending = Gauge("sidecar_pending_events", "Event files known and not yet committed.", registry=registry)
        self._oldest = Gauge(
            "sidecar_oldest_pending_timestamp_seconds",
            "When the oldest pending file came, unix time; 0 for none.",
            registry=registry,
        )
        for reason in Reason:
            self._quarantined.labels(reason.value)
        for why in _SKIPPED:
            self._skipped.labels(why)

    def skipped(self, why: str, count: int) -> None:
        self._skipped.labels(why).inc(count)

    def backlog(self, *, discovered: int, pending: int, oldest_ns: int | None) -> None:
        self._discovered.inc(discovered - self.discovered_count)
        self.discovered_count = discovered
        self._pending.set(pending)
        self.pending_count = pending
        self._oldest.set(0 if oldest_ns is None else oldest_ns / 1e9)

    def committed(self, events: Sequence[Event], repeated: int, quarantined: Sequence[Quarantined]) -> None:
        self._repeated.inc(repeated)
        self.shipped_count += len(events)
        for type_, count in collections.Counter([event.type for event in events]).items():
            self._shipped.labels(bounded(last_word(type_), TYPES)).inc(count)
        self.quarantined_count += len(quarantined)
        for entry in quarantined:
            self._quarantined.labels(entry.reason.value).inc()


class Commits:
    """How long deliveries take, and whose numbers are missing."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._last = Gauge(
            "sidecar_last_commit_timestamp_seconds",
            "When a batch was last committed, unix time.",
            registry=registry,
        )
        self._seconds = Histogram(
            "sidecar_commit_duration_seconds",
            "From handing a batch over to its acknowledgement, retries included.",
            buckets=_COMMIT_BUCKETS,
            registry=registry,
        )
        self._latency = BatchHistogram(
            "sidecar_delivery_latency_seconds",
            "From the event's time to its commit.",
            bounds=_LATENCY_BUCKETS,
            registry=registry,
        )
        self._sequences = Sequences()
        Gauge(
            "sidecar_sequence_gap_events",
            "Numbers missing between those seen of each TTS process: events that never reached the disk.",
            registry=registry,
        ).set_function(lambda: self._sequences.missing)

    def committed(self, events: Sequence[Event], new: Sequence[Event], seconds: float) -> None:
        now = time.time()
        self._last.set(now)
        self._seconds.observe(seconds)
        for source, group in itertools.groupby(events, operator.attrgetter("source")):
            self._sequences.add(source, [event.sequence for event in group])
        self._latency.observe(
            "",
            [max(0.0, now - event.time.timestamp()) for event in new],
            [event.subject if event.type.startswith(SYNTHESIS) else "" for event in new],
        )


class Attempts:
    """Requests to the database."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._attempts = Counter(
            "sidecar_sink_attempts",
            "Requests to the database by outcome; a failed one is tried again.",
            ["outcome"],
            registry=registry,
        )
        self._up = Gauge("sidecar_sink_up", "1 where the database took the last thing sent to it.", registry=registry)
        for outcome in ("succeeded", "failed"):
            self._attempts.labels(outcome)

    def succeeded(self) -> None:
        self._attempts.labels("succeeded").inc()
        self._up.set(1)

    def failed(self) -> None:
        self._attempts.labels("failed").inc()
        self._up.set(0)


class Scans:
    """Watching and scanning of the folders."""

    def __init__(self, registry: CollectorRegistry) -> None:
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
        self._modes: dict[str, str] = {}

    def watching(self, folder: str, mode: str) -> None:
        self._modes[folder] = mode
        for each in ("notify", "poll"):
            self._watch_mode.labels(each).set(list(self._modes.values()).count(each))

    def scanned(self, scanned: Scanned) -> None:
        self._scans.inc()
        self._recovered.inc(scanned.recovered)
        if scanned.rewound:
            self._rewinds.inc()

    def unavailable(self, change: int) -> None:
        self._folders_down.inc(change)
