from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sidecar.errors import SidecarError
from sidecar.setup import unit

SYSTEMCTL = """#!/bin/sh
echo "$*" >>"$0.calls"
[ ! -e "$0.refuses-$2" ]
"""


@pytest.fixture
def systemctl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A systemd that does as it is told, and keeps what that was beside the program."""
    program = tmp_path / "bin" / "systemctl"
    program.parent.mkdir()
    program.write_text(SYSTEMCTL)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    monkeypatch.setenv("HOME", str(tmp_path))
    return program


def calls(systemctl: Path) -> list[str]:
    """What it was told since the last look."""
    path = Path(f"{systemctl}.calls")
    told = path.read_text().splitlines() if path.exists() else []
    path.unlink(missing_ok=True)
    return told


def test_it_is_written_enabled_and_started_and_then_left_alone(tmp_path: Path, systemctl: Path) -> None:
    program = Path(sys.executable)
    assert unit.is_possible()
    calls(systemctl)
    assert unit.install(tmp_path, program, anew=False)
    assert [each.split()[1] for each in calls(systemctl)] == ["daemon-reload", "enable", "restart"]
    assert not unit.install(tmp_path, program, anew=False)
    assert calls(systemctl) == [f"--user is-active --quiet {unit.NAME}"]
    assert unit.install(tmp_path, program, anew=True)
    assert [each.split()[1] for each in calls(systemctl)] == ["enable", "restart"]


def test_another_folder_s_is_not_taken_away(tmp_path: Path, systemctl: Path) -> None:
    unit.install(tmp_path, Path(sys.executable), anew=False)
    before = unit.path().read_text()
    with pytest.raises(SidecarError, match="ships another folder"):
        unit.install(tmp_path / "second", Path(sys.executable), anew=False)
    assert unit.path().read_text() == before


def test_what_systemd_refuses_is_said_in_one_line(tmp_path: Path, systemctl: Path) -> None:
    Path(f"{systemctl}.refuses-restart").touch()
    with pytest.raises(SidecarError, match="systemctl --user restart"):
        unit.install(tmp_path, Path(sys.executable), anew=False)


def test_where_no_systemd_answers_there_is_no_service(systemctl: Path) -> None:
    Path(f"{systemctl}.refuses-show-environment").touch()
    assert not unit.is_possible()


def test_systemd_reads_it_whatever_the_folder_s_name(tmp_path: Path, systemctl: Path) -> None:
    analyze = shutil.which("systemd-analyze", path="/usr/bin:/bin")
    if analyze is None:
        pytest.skip("there is no systemd-analyze")
    folder = tmp_path / "index 100%h 语音 tts"
    folder.mkdir()
    program = folder / "sidecar"
    program.symlink_to("/bin/true")
    unit.install(folder, program, anew=False)
    done = subprocess.run(
        [analyze, "--user", "verify", unit.path()],
        env={"XDG_RUNTIME_DIR": str(tmp_path), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
