"""What the shipper is handed from outside: a watcher, and somebody to tell what happens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sidecar.errors import SidecarError
from sidecar.shipping.courier import Receipt
from sidecar.shipping.folder import Scanned
from sidecar.shipping.limits import FolderLimits
from sidecar.storage.sink import Quarantined


@dataclass(frozen=True, kw_only=True, slots=True)
class Watching:
    """How a folder is watched from now on."""

    announced: bool
    """Whether new files are announced; where not, scans alone find them."""
    limits: FolderLimits
    """They depend on it, and on the kind of file system."""


class Watcher(Protocol):
    """Announces new files through Notices; see sidecar.service.following."""

    def watch(self, path: Path, key: str, *, unannounced: bool = False) -> Watching:
        """Start, or start anew, to watch that folder.

        Args:
            key: the name that notices of the folder carry.
            unannounced: files came there, again and again, and nothing announced them.
        """

    def leave(self, key: str) -> None:
        """The folder is gone for good."""


class Telemetry(Protocol):
    """Everything that can happen, one method each; see sidecar.service.metrics."""

    def scanned(self, folder: str, scanned: Scanned) -> None: ...
    def folder_unavailable(self, folder: str, error: SidecarError) -> None: ...
    def folder_available(self, folder: str) -> None: ...
    def skipped(self, why: str, count: int) -> None: ...
    def committed(self, receipt: Receipt, quarantined: Sequence[Quarantined], seconds: float) -> None: ...
    def position_lost(self, folder: str) -> None: ...
    def backlog(self, *, discovered: int, pending: int, oldest_ns: int | None) -> None: ...
    def ready(self) -> None: ...
    def alive(self) -> None: ...
    def draining(self, pending: int) -> None: ...
