"""Watched where the system announces changes, polled where not."""

from __future__ import annotations

from pathlib import Path

import pytest

from sidecar.service import following as module
from sidecar.service.following import Following, Mode
from sidecar.service.watch import FolderWatcher
from sidecar.shipping.limits import FolderLimits
from sidecar.shipping.notices import Notices

LIMITS = FolderLimits(poll_seconds=1, scan_seconds=60)


class Followed:
    def __init__(self, mode: Mode = "auto", overlap_seconds: float | None = None) -> None:
        self.reports: list[tuple[str, str, str]] = []
        self.watcher = FolderWatcher(Notices())
        self.following = Following(
            self.watcher,
            mode=mode,
            limits=LIMITS,
            overlap_seconds=overlap_seconds,
            report=lambda *said: self.reports.append(said),
        )


def test_a_local_folder_is_watched_and_scanned_now_and_then(tmp_path: Path) -> None:
    followed = Followed()
    watching = followed.following.watch(tmp_path, "key")
    followed.watcher.close()
    assert watching.announced
    assert (watching.limits.scan_seconds, watching.limits.overlap_seconds, watching.limits.scan_share) == (60, 2, 0.05)
    assert followed.reports == [("key", "notify", "")]


@pytest.mark.parametrize(("mode", "announced"), [("auto", False), ("notify", True), ("poll", False)])
def test_a_network_file_system_is_polled_unless_told_otherwise(
    mode: Mode, announced: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "file_system", lambda path: "nfs4")
    followed = Followed(mode)
    watching = followed.following.watch(tmp_path, "key")
    followed.watcher.close()
    assert watching.announced == announced
    assert watching.limits.overlap_seconds == 120
    assert watching.limits.scan_seconds == (60 if announced else 1)
    assert watching.limits.scan_share == (0.05 if announced else 0.25)


def test_a_folder_whose_files_nothing_announces_is_polled(tmp_path: Path) -> None:
    followed = Followed()
    assert not followed.following.watch(tmp_path, "key", unannounced=True).announced
    assert followed.reports == [("key", "poll", "files come that nothing announces")]


def test_a_folder_that_the_system_does_not_watch_is_polled_and_told_why(tmp_path: Path) -> None:
    followed = Followed("notify")
    assert not followed.following.watch(tmp_path / "missing", "key").announced
    ((key, mode, reason),) = followed.reports
    assert (key, mode) == ("key", "poll")
    assert "No such file" in reason


def test_a_setting_wins_over_the_kind_of_file_system(tmp_path: Path) -> None:
    assert Followed(overlap_seconds=7).following.limits(tmp_path).overlap_seconds == 7
