"""Folders whose new files nothing announces: polling is chosen by itself, for real file systems, and told."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.events import publish, succeeded
from tests.integration.processes import Running, eventually, prepare, running
from tests.running import missing
from tests.torture.arena import mount, unmount

POLLED, NOTIFIED = {"poll": 1.0, "notify": 0.0}, {"poll": 0.0, "notify": 1.0}
NO_INOTIFY = ("unshare", "-Ur", "sh", "-c", 'echo 0 >/proc/sys/user/max_inotify_instances && exec "$@"', "sh")


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, str]:
    return prepare(tmp_path, f"sqlite:///{tmp_path}/sidecar.db")


@pytest.fixture
def behind_fuse(tmp_path: Path) -> Iterator[Path]:
    """A folder that is seen at outputs through a user-space file system; what comes here, the kernel announces not."""
    if os.geteuid() or not Path("/dev/fuse").exists():
        pytest.skip("bindfs needs root and /dev/fuse")
    if not shutil.which("bindfs"):
        missing("bindfs is not installed: install Debian's bindfs")
    backing = tmp_path / "backing"
    backing.mkdir()
    subprocess.run(["bindfs", str(backing), str(tmp_path / "outputs")], check=True)
    yield backing
    unmount(tmp_path / "outputs")


@pytest.fixture
def behind_overlay(tmp_path: Path) -> Iterator[Path]:
    """The upper layer of an overlay that is mounted at outputs."""
    if os.geteuid():
        pytest.skip("mounts need root")
    layers = [tmp_path / name for name in ("lower", "upper", "work")]
    for layer in layers:
        layer.mkdir()
    options = "lowerdir={},upperdir={},workdir={}".format(*layers)
    try:
        mount("-t", "overlay", "-o", options, "overlay", str(tmp_path / "outputs"))
    except subprocess.CalledProcessError:
        pytest.skip("this file system cannot be the layer of an overlay")
    yield layers[1]
    unmount(tmp_path / "outputs")


def modes(shipper: Running) -> dict[str, float]:
    return {mode: shipper.metrics()[f'sidecar_watch_mode{{mode="{mode}"}}'] for mode in ("poll", "notify")}


def ready(shipper: Running) -> None:
    eventually(lambda: shipper.get("/readyz")[0] == 200, f"the start: {shipper.log}")


def arrives(shipper: Running, folder: Path, seconds: float) -> bool:
    """Whether a new event there is shipped in that time."""
    before = shipper.total("sidecar_events_shipped_total")
    publish(folder, succeeded())
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if shipper.total("sidecar_events_shipped_total") > before:
            return True
        time.sleep(0.05)
    return False


def test_a_user_space_file_system_is_polled(settings: dict[str, str], behind_fuse: Path, tmp_path: Path) -> None:
    with running(cwd=tmp_path, settings=settings) as shipper:
        ready(shipper)
        assert modes(shipper) == POLLED
        assert all(arrives(shipper, behind_fuse, 5) for _ in range(3))
    with running(cwd=tmp_path, settings=settings | {"SIDECAR_WATCH_MODE": "notify"}) as shipper:
        ready(shipper)
        assert modes(shipper) == NOTIFIED
        shipper.shipped(3)  # again, as files of the overlap are; a process is ready before that
        assert not arrives(shipper, behind_fuse, 3), "it is announced after all; then it need not be polled"


def test_an_overlay_is_watched_until_it_says_nothing(
    settings: dict[str, str], behind_overlay: Path, tmp_path: Path
) -> None:
    with running(cwd=tmp_path, settings=settings | {"SIDECAR_SCAN_SECONDS": "4"}) as shipper:
        ready(shipper)
        assert arrives(shipper, tmp_path / "outputs", 3), "what comes through the mount is announced"
        assert modes(shipper) == NOTIFIED
        for _ in range(3):
            assert arrives(shipper, behind_overlay, 10), "the scans find it"
        eventually(lambda: modes(shipper) == POLLED, f"the end of trust: {shipper.log}", 10)
        assert all(arrives(shipper, behind_overlay, 3) for _ in range(3))
        assert "nothing announces" in shipper.log


def test_without_inotify_a_folder_is_polled(settings: dict[str, str], tmp_path: Path) -> None:
    if subprocess.run([*NO_INOTIFY, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no namespaces here, or the kernel's settings are read-only")
    with running(cwd=tmp_path, settings=settings, within=NO_INOTIFY) as shipper:
        ready(shipper)
        assert modes(shipper) == POLLED
        assert "does not watch it" in shipper.log
        assert all(arrives(shipper, tmp_path / "outputs", 5) for _ in range(3))
