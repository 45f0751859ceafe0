"""The catalogue of everything that can happen: one method each, which counts it and logs it.

Metric names appear in this package and nowhere else, each beside what counts it. Labels are few and bounded, never a
text, a name or a path; but for the file names of a few voices, which a setting bounds.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from prometheus_client import CollectorRegistry, GCCollector, Info, PlatformCollector, ProcessCollector
from prometheus_client.exposition import choose_encoder

from sidecar import __version__
from sidecar.errors import SidecarError
from sidecar.service.metrics.disks import watch_disks
from sidecar.service.metrics.health import Health
from sidecar.service.metrics.pipeline import Attempts, Commits, Files, Scans
from sidecar.service.metrics.processes import Processes
from sidecar.service.metrics.scores import MOST_VOICES, Scores
from sidecar.service.metrics.speech import Speech
from sidecar.service.retry import Attempt
from sidecar.shipping.courier import Receipt
from sidecar.shipping.folder import Scanned
from sidecar.shipping.tree import NAME_IT
from sidecar.storage.sink import Quarantined

log = logging.getLogger("sidecar")
_FIRST_IDLE_SECONDS = 2.0
_IDLE_SECONDS = 600.0


class Metrics:
    """
    Args:
        notify: told a one-line status whenever it changes, and "alive" now and then; see sidecar.service.systemd.
        watched: log each commit, and that nothing comes, for a person who watches; a service would fill its log.
        voices: how many have series of their own.
    """

    def __init__(
        self,
        notify: Callable[[str, bool], None] = lambda status, alive: None,
        *,
        watched: bool = False,
        voices: int = MOST_VOICES,
    ) -> None:
        self.registry = registry = CollectorRegistry()
        self.health = Health()
        self._notify = notify
        self._watched = watched
        self._tell_idle_at = time.monotonic() + _FIRST_IDLE_SECONDS
        self._failing_since: float | None = None
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        GCCollector(registry=registry)
        Info("sidecar_build", "Version of this program.", registry=registry).info({"version": __version__})
        self._settings = Info(
            "sidecar_settings",
            "Whose shipper this is: hashes of its name and folders, and of its database.",
            registry=registry,
        )
        self._files = Files(registry)
        self._commits = Commits(registry)
        self._attempts = Attempts(registry)
        self._scans = Scans(registry)
        self._speech = Speech(registry)
        self._scores = Scores(registry, voices)
        self._processes = Processes(registry)

    def exposition(self, accept: str = "") -> tuple[bytes, str]:
        """The metrics page and its content type.

        Args:
            accept: the Accept header. Who asks for OpenMetrics, as Prometheus does, gets exemplars too.
        """
        encode, content_type = choose_encoder(accept)
        return encode(self.registry), content_type

    def identify(self, fingerprint: str, database: str) -> None:
        """Say whose shipper this is; see Settings.fingerprint and Settings.database_fingerprint."""
        self._settings.info({"fingerprint": fingerprint, "database": database})

    def watch_disks(self, folders: Sequence[Path]) -> None:
        """Tell at each scrape how full the watched folders' disks are."""
        watch_disks(folders, self.registry)

    # -- pipeline

    def started(self, **settings: object) -> None:
        log.info("started", extra={"version": __version__, **settings})

    def alive(self) -> None:
        self._notify(self._status, True)
        if self._watched and time.monotonic() >= self._tell_idle_at and not self.health.reasons:
            self._tell_idle_at = time.monotonic() + _IDLE_SECONDS
            log.info("waiting for event files; Ctrl-C ends", extra={"shipped": self._files.shipped_count})

    def ready(self) -> None:
        if "start" in self.health.reasons:
            log.info("ready")
        self._set_health("start")

    def watching(self, folder: str, mode: str, reason: str = "") -> None:
        """
        Args:
            mode: notify or poll.
            reason: why it is poll, if that is unexpected.
        """
        self._scans.watching(folder, mode)
        if reason:
            log.warning("scanning often instead of watching", extra={"folder": folder, "reason": reason})
        else:
            log.info("watching", extra={"folder": folder, "mode": mode})

    def scanned(self, folder: str, scanned: Scanned) -> None:
        self._scans.scanned(scanned)
        facts = {"folder": folder, "found": scanned.found, "seconds": round(scanned.seconds, 3)}
        if scanned.rewound:
            log.warning("reading everything again", extra={**facts, "why": scanned.rewound})
        elif scanned.found:
            log.info("scanned", extra={**facts, "recovered": scanned.recovered})
        else:
            log.debug("scanned", extra=facts)

    def folder_unavailable(self, folder: str, error: SidecarError) -> None:
        self._scans.unavailable(+1)
        self._set_health(f"folder {folder}", f"folder unavailable: {error}")
        log.error("folder unavailable", extra={"folder": folder, "error": str(error), "hint": error.hint})

    def folder_available(self, folder: str) -> None:
        self._scans.unavailable(-1)
        self._set_health(f"folder {folder}")
        log.info("folder available again", extra={"folder": folder})

    def not_shipped(self, folder: str) -> None:
        log.warning(
            "event files lie below a watched folder and are not shipped", extra={"folder": folder, "hint": NAME_IT}
        )

    def skipped(self, why: str, count: int) -> None:
        self._files.skipped(why, count)

    def backlog(self, *, discovered: int, pending: int, oldest_ns: int | None) -> None:
        self._files.backlog(discovered=discovered, pending=pending, oldest_ns=oldest_ns)

    def committed(self, receipt: Receipt, quarantined: Sequence[Quarantined], seconds: float) -> None:
        refused = [*quarantined, *receipt.refused]
        events = [delivery.event for delivery in receipt.committed]
        known = receipt.known
        new = [event for event in events if event.id not in known] if known else events
        self._files.committed(events, len(known), refused)
        self._commits.committed(events, new, seconds)
        self._speech.committed(new)
        self._scores.committed(new)
        self._processes.committed(new)
        for entry in refused:
            log.warning(
                "quarantined",
                extra={
                    "path": entry.path,
                    "reason": entry.reason.value,
                    "detail": entry.message,
                    "bytes": entry.size,
                },
            )
        facts = {"events": len(events), "seconds": round(seconds, 4)}
        self._tell_idle_at = time.monotonic() + _FIRST_IDLE_SECONDS
        log.log(logging.INFO if self._watched and events else logging.DEBUG, "committed", extra=facts)

    def position_lost(self, folder: str) -> None:
        log.warning("the database's position went back, a backup was restored: reconciling", extra={"folder": folder})

    def draining(self, pending: int) -> None:
        log.info("draining", extra={"pending": pending})

    def stopped(self) -> None:
        files = self._files
        facts = {
            "shipped": files.shipped_count,
            "quarantined": files.quarantined_count,
            "pending": files.pending_count,
        }
        log.info("stopped", extra=facts)

    # -- sink

    def attempt_succeeded(self) -> None:
        self._attempts.succeeded()
        if self._failing_since is not None:
            log.info(
                "database available again",
                extra={"seconds": round(time.monotonic() - self._failing_since, 1)},
            )
            self._failing_since = None
            self._set_health("sink")

    def attempt_failed(self, attempt: Attempt) -> None:
        """A temporary failure. Logged at each power of two, so that a night's outage stays readable."""
        self._attempts.failed()
        hint = attempt.error.hint if isinstance(attempt.error, SidecarError) else ""
        if self._failing_since is None:
            self._failing_since = time.monotonic()
        self._set_health("sink", f"database: {attempt.error}" + (f". {hint}" if hint else ""))
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
        files = self._files
        return f"{self.health.status}; {files.shipped_count} shipped, {files.pending_count} pending since the start"
