"""How each folder is followed: watched where the system announces its changes, else polled by frequent scans."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Literal

from sidecar.service.watch import FolderWatcher, file_system, is_announced
from sidecar.shipping.limits import FolderLimits
from sidecar.shipping.ports import Watching

Mode = Literal["auto", "notify", "poll"]

_REMOTE_OVERLAP_SECONDS = 120.0  # listings of network file systems lag, and their clocks differ
_LOCAL_OVERLAP_SECONDS = 2.0
_SCAN_SHARE = 0.05
_POLLED_SCAN_SHARE = 0.25


class Following:
    """
    Args:
        watcher: watches where that works.
        mode: auto: polled where the kind of file system, or experience, says that changes are not announced.
        limits: as the settings say; what depends on how a folder is followed is filled in here.
        overlap_seconds: None chooses by the kind of file system.
        report: told of each folder's key, how it is followed (notify or poll), and why if it
            is polled unexpectedly.
    """

    def __init__(
        self,
        watcher: FolderWatcher,
        *,
        mode: Mode,
        limits: FolderLimits,
        overlap_seconds: float | None,
        report: Callable[[str, str, str], None],
    ) -> None:
        self._watcher = watcher
        self._mode = mode
        self._limits = limits
        self._overlap_seconds = overlap_seconds
        self._report = report

    def watch(self, path: Path, key: str, *, unannounced: bool = False) -> Watching:
        """See sidecar.shipping.ports.Watcher."""
        # Asked anew each time: another file system may be mounted there by now.
        remote = not is_announced(file_system(path))
        self._watcher.stop(key)
        polled, reason = self._start(path, key, remote=remote, unannounced=unannounced)
        self._report(key, "poll" if polled else "notify", reason)
        return Watching(announced=not polled, limits=self._limits_of(remote=remote, polled=polled))

    def leave(self, key: str) -> None:
        """See sidecar.shipping.ports.Watcher."""
        self._watcher.stop(key)

    def limits(self, path: Path) -> FolderLimits:
        """Those that hold until the folder is watched."""
        remote = not is_announced(file_system(path))
        return self._limits_of(remote=remote, polled=self._polls(remote=remote))

    def _start(self, path: Path, key: str, *, remote: bool, unannounced: bool) -> tuple[bool, str]:
        """Whether the folder is polled, and why if that is unexpected."""
        if self._polls(remote=remote):
            return True, ""
        if unannounced and self._mode == "auto":  # such as a container's layer that is written to from outside
            return True, "files come that nothing announces"
        try:
            self._watcher.start(path, key)
        except OSError as error:
            return True, f"the system does not watch it: {error}"
        return False, ""

    def _polls(self, *, remote: bool) -> bool:
        return remote if self._mode == "auto" else self._mode == "poll"

    def _limits_of(self, *, remote: bool, polled: bool) -> FolderLimits:
        overlap = self._overlap_seconds or (_REMOTE_OVERLAP_SECONDS if remote else _LOCAL_OVERLAP_SECONDS)
        return replace(
            self._limits,
            overlap_seconds=overlap,
            scan_seconds=self._limits.poll_seconds if polled else self._limits.scan_seconds,
            scan_share=_POLLED_SCAN_SHARE if polled else _SCAN_SHARE,
        )
