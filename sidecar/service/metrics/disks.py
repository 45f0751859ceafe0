"""How full the watched folders' disks are, told at each scrape."""

from __future__ import annotations

import math
import shutil
from collections.abc import Sequence
from pathlib import Path

from prometheus_client import CollectorRegistry, Gauge


def watch_disks(folders: Sequence[Path], registry: CollectorRegistry) -> None:
    Gauge(
        "sidecar_disk_free_bytes",
        "Bytes free on the watched folder's disk; of several folders, on the fullest one.",
        registry=registry,
    ).set_function(lambda: _fullest(folders)[1])
    Gauge("sidecar_disk_free_ratio", "The same as a share of the disk, 0 to 1.", registry=registry).set_function(
        lambda: _fullest(folders)[0]
    )


def _fullest(folders: Sequence[Path]) -> tuple[float, float]:
    """Share and bytes free of the fullest disk; not-a-number where no folder is there."""
    free = []
    for folder in folders:
        try:
            disk = shutil.disk_usage(folder)
        except OSError:
            continue
        free.append((disk.free / max(1, disk.total), float(disk.free)))
    return min(free, default=(math.nan, math.nan))
