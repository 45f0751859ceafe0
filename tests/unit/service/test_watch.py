"""The watcher, with the system's own notifications."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sidecar.service.watch import FolderWatcher, file_system, is_announced
from sidecar.shipping.notices import FolderNotices, Notices

_DEADLINE_SECONDS = 10.0
MOUNTINFO = b"""\
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
23 22 0:21 / /proc rw - proc proc rw
40 22 0:50 / /mnt/nfs rw shared:9 - nfs4 host:/export rw,vers=4.2
41 22 0:51 / /mnt/cifs rw - cifs //host/share rw
42 22 0:52 / /mnt/sshfs rw - fuse.sshfs me@host:/srv rw
43 22 0:53 / /mnt/host rw - 9p hostshare rw,trans=virtio
44 22 0:54 / /mnt/layer rw - overlay overlay rw,lowerdir=/l,upperdir=/u,workdir=/w
45 40 254:0 /srv /mnt/nfs/local rw - ext4 /dev/vda rw
46 22 0:55 / /mnt/with\\040blank rw - cifs //host/other rw
"""


@pytest.fixture
def notices() -> Notices:
    return Notices()


@pytest.fixture
def watcher(notices: Notices) -> Iterator[FolderWatcher]:
    watcher = FolderWatcher(notices)
    yield watcher
    watcher.close()


def heard(notices: Notices, *names: str) -> FolderNotices:
    """What was said about the folder once all of those names were."""
    total = FolderNotices()
    deadline = time.monotonic() + _DEADLINE_SECONDS
    while not (total.names.keys() >= set(names) and (names or total.missed)) and time.monotonic() < deadline:
        notices.wait(0.1)
        now = notices.collect("outputs")
        total.names.update(now.names)
        total.missed |= now.missed
    return total


def test_an_event_file_is_announced_however_it_comes_and_nothing_else_is(
    watcher: FolderWatcher, notices: Notices, tmp_path: Path
) -> None:
    watcher.start(tmp_path, "outputs")
    (tmp_path / "spk_1.wav").write_bytes(b"RIFF")
    (tmp_path / ".1.tmp").write_bytes(b"{}")
    os.link(tmp_path / ".1.tmp", tmp_path / "linked.json")
    (tmp_path / ".2.json").write_bytes(b"{}")
    (tmp_path / ".2.json").rename(tmp_path / "moved.json")
    (tmp_path / "written 欢迎.json").write_bytes(b"{}")
    assert set(heard(notices, "linked.json", "moved.json", "written 欢迎.json").names) == {
        "linked.json",
        "moved.json",
        "written 欢迎.json",
    }


def test_a_folder_that_is_not_watched_any_more_says_nothing(
    watcher: FolderWatcher, notices: Notices, tmp_path: Path
) -> None:
    before = set(threading.enumerate())
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    watcher.start(first, "outputs")
    watcher.start(second, "outputs")
    (first / "old.json").write_bytes(b"{}")
    (second / "new.json").write_bytes(b"{}")
    assert set(heard(notices, "new.json").names) == {"new.json"}
    watcher.close()
    assert not set(threading.enumerate()) - before


@pytest.mark.skipif(sys.platform != "linux", reason="the reader is inotify's")
def test_many_folders_take_one_thread_and_one_descriptor_each_tells_of_its_own(
    watcher: FolderWatcher, notices: Notices, tmp_path: Path
) -> None:
    threads, descriptors = set(threading.enumerate()), len(os.listdir("/proc/self/fd"))
    for number in range(200):
        (tmp_path / f"{number}").mkdir()
        watcher.start(tmp_path / f"{number}", "outputs" if number == 150 else f"{number}")
    assert len(set(threading.enumerate()) - threads) == 1  # one of an earlier test may end meanwhile
    assert len(os.listdir("/proc/self/fd")) <= descriptors + 3  # inotify, and a pipe to wake the thread
    (tmp_path / "149" / "other.json").write_bytes(b"{}")
    (tmp_path / "150" / "own.json").write_bytes(b"{}")
    assert set(heard(notices, "own.json").names) == {"own.json"}


def test_a_folder_under_two_names_is_watched_under_both(
    watcher: FolderWatcher, notices: Notices, tmp_path: Path
) -> None:
    folder, link = tmp_path / "folder", tmp_path / "link"
    folder.mkdir()
    link.symlink_to(folder)
    watcher.start(folder, "other")
    watcher.start(link, "outputs")
    watcher.stop("other")
    (folder / "one.json").write_bytes(b"{}")
    assert set(heard(notices, "one.json").names) == {"one.json"}
    folder.rename(tmp_path / "gone")
    watcher.stop("outputs")


def test_a_folder_that_cannot_be_watched_is_an_error_and_leaves_no_thread(
    watcher: FolderWatcher, tmp_path: Path
) -> None:
    before = set(threading.enumerate())
    with pytest.raises(OSError, match="No such file"):
        watcher.start(tmp_path / "absent", "outputs")
    watcher.close()
    deadline = time.monotonic() + _DEADLINE_SECONDS
    while set(threading.enumerate()) - before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not set(threading.enumerate()) - before


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the next scan finds it")
def test_a_new_folder_wants_a_scan_and_a_hidden_one_does_not(
    watcher: FolderWatcher, notices: Notices, tmp_path: Path
) -> None:
    watcher.start(tmp_path, "outputs")
    (tmp_path / ".inflight").mkdir()
    (tmp_path / "one.json").write_bytes(b"{}")
    assert not heard(notices, "one.json").missed
    (tmp_path / "2026-11-27").mkdir()
    assert heard(notices).missed


@pytest.mark.skipif(sys.platform != "linux", reason="the queue is inotify's")
def test_a_full_queue_is_told(watcher: FolderWatcher, notices: Notices, tmp_path: Path) -> None:
    from watchdog.observers.inotify_c import InotifyConstants, InotifyEvent, InotifyFD, Mask, WatchDescriptor

    watcher.start(tmp_path, "outputs")
    reader = watcher._system._reader
    assert isinstance(reader, InotifyFD)
    # As the kernel says it, inotify(7): about no watch in particular.
    reader.handle_event(InotifyEvent(WatchDescriptor(-1), Mask(InotifyConstants.IN_Q_OVERFLOW), 0, b""))
    assert heard(notices).missed


@pytest.mark.parametrize(
    ("path", "kind", "announced"),
    [
        ("/srv/outputs", "ext4", True),
        ("/mnt/nfs/outputs", "nfs4", False),
        ("/mnt/nfs/local/outputs", "ext4", True),
        ("/mnt/nfsold", "ext4", True),
        ("/mnt/cifs", "cifs", False),
        ("/mnt/sshfs/a", "fuse.sshfs", False),
        ("/mnt/host/a", "9p", False),
        ("/mnt/layer/outputs", "overlay", True),
        ("/mnt/with blank/outputs", "cifs", False),
    ],
)
def test_the_kind_of_file_system_decides(path: str, kind: str, announced: bool, tmp_path: Path) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_bytes(MOUNTINFO)
    assert file_system(Path(path), mounts) == kind
    assert is_announced(kind) is announced
