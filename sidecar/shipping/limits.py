"""Seconds, bytes, events and shares that bound the shipping; each is a setting, or follows from one."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class FolderLimits:
    event_max_bytes: int = 1024 * 1024
    quarantine_max_bytes: int = 64 * 1024
    settle_seconds: float = 5.0
    """A file younger than this that cannot be read as an event may still be being written."""
    overlap_seconds: float = 2.0
    """Files whose ctime is within this of the position are looked at again."""
    poll_seconds: float = 1.0
    """How often the folder's own mtime is looked at."""
    scan_seconds: float = 60.0
    """A changed folder is scanned this long after its last scan, whatever the watcher said. Where that scan found what
    the watcher should have announced, the next one comes after poll_seconds."""
    scan_share: float = 0.05
    """Scans take at most this share of the time: a folder that takes long to list is listed less often."""

    @property
    def overlap_ns(self) -> int:
        return int(self.overlap_seconds * 1e9)


@dataclass(frozen=True, kw_only=True, slots=True)
class ShipperLimits:
    batch_max_events: int = 1000
    batch_max_bytes: int = 4 * 1024 * 1024
    """Bytes of event files in one batch; one larger event makes a batch of its own."""
    probe_seconds: float = 15.0
    """An idle shipper asks the database this often whether it is there, and whether the position is."""
    drain_seconds: float = 10.0
    """After a stop signal, how long what is known is still shipped."""
