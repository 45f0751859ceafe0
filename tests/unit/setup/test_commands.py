from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import sidecar
from sidecar.setup import commands

ODD = Path("/srv/it's 语音 $HOME/index tts")


def test_a_short_command_is_one_line_and_a_long_one_breaks_between_steps() -> None:
    assert commands.lines(Path("/tts"), [["sidecar", "run"]], windows=False) == ["cd /tts && sidecar run"]
    long = commands.lines(Path("/tts"), [["PYTHONPATH=/a/clone", "uv", "run", "x" * 79]], windows=False)
    assert long == ["cd /tts &&", "PYTHONPATH=/a/clone \\", "uv run \\", "x" * 79]


def test_a_shell_runs_it_wherever_it_is_pasted(tmp_path: Path) -> None:
    folder = tmp_path / "it's 语音 $HOME"
    folder.mkdir()
    steps = [[f"WHERE={folder}", "sh", "-c", 'echo "$WHERE"; pwd', *("long" * 10, "words" * 10)]]
    text = "\n".join(commands.lines(folder, steps, windows=False))
    done = subprocess.run(["sh", "-c", text], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [str(folder), str(folder)]


def test_powershell_has_its_own_words() -> None:
    steps = [[f"PYTHONPATH={ODD}", "uv", "run", "python", "-m", "indextts_patch", "webui.py"]]
    assert commands.lines(ODD, steps, windows=True) == [
        "cd '/srv/it''s 语音 $HOME/index tts'",
        "$env:PYTHONPATH = '/srv/it''s 语音 $HOME/index tts'; `",
        "uv run python -m indextts_patch webui.py",
    ]
    assert commands.lines(Path("D:/tts"), [["C:/Program Files/sidecar.exe", "run"]], windows=True) == [
        "cd D:/tts; & 'C:/Program Files/sidecar.exe' run"
    ]


@pytest.mark.parametrize(
    ("there", "program"),
    [(["webui.py", "api_server.py"], "webui.py"), (["api_server.py"], "api_server.py"), ([], "your_program.py")],
)
def test_the_program_is_the_one_that_is_there(tmp_path: Path, there: list[str], program: str) -> None:
    for name in there:
        (tmp_path / name).touch()
    (step,) = commands.start_tts(tmp_path)
    assert step[-3:] == ["-m", "indextts_patch", program]


def test_from_a_clone_nothing_is_installed_for_indextts(tmp_path: Path) -> None:
    clone = Path(__file__).parents[3]
    (step,) = commands.start_tts(tmp_path)
    assert step[0] == f"PYTHONPATH={clone}"
    (tmp_path / "uv.lock").touch()
    (step,) = commands.start_tts(tmp_path)
    assert step[1:4] == ["uv", "run", "python"]


def test_its_own_environment_s_python_is_used(tmp_path: Path) -> None:
    (tmp_path / "venv" / "bin").mkdir(parents=True)
    (tmp_path / "venv" / "bin" / "python").touch()
    (step,) = commands.start_tts(tmp_path)
    assert step[1] == "venv/bin/python"
    (tmp_path / "venv" / "lib" / "python3.10" / "site-packages" / "indextts_patch").mkdir(parents=True)
    assert commands.start_tts(tmp_path) == [["venv/bin/python", "-m", "indextts_patch", "your_program.py"]]


def test_the_python_of_this_program_is_not_taken_for_indextts_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """uvx and an activated environment put theirs in front of PATH; Debian's own has but one name."""
    for folder, name in (("uvx", "python"), ("usr", "python3")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).symlink_to(sys.executable)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "uvx" / "python"))
    monkeypatch.setenv("PATH", f"{tmp_path / 'uvx'}:{tmp_path / 'usr'}")
    assert commands.start_tts(tmp_path)[-1][1] == "python3"
    (tmp_path / "usr" / "python").symlink_to("python3")
    assert commands.start_tts(tmp_path)[-1][1] == "python"


def test_without_a_clone_the_wheel_beside_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel = tmp_path / "dist" / "indextts_patch-0.1.0-py3-none-any.whl"
    wheel.parent.mkdir()
    wheel.touch()
    monkeypatch.setattr(sidecar, "__file__", str(tmp_path / "site" / "sidecar" / "__init__.py"))
    monkeypatch.setattr(commands, "_source", lambda: wheel.parent / "indextts_sidecar-0.1.0-py3-none-any.whl")
    (step,) = commands.start_tts(tmp_path)
    assert step[0] == f"PYTHONPATH={wheel}"
    for name in ("indextts_patch/__init__.py", "schema/x"):  # its clone's
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).touch()
    (step,) = commands.start_tts(tmp_path)
    assert step[0] == f"PYTHONPATH={tmp_path}"


def test_without_either_the_patch_is_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "_checkout", lambda: None)
    monkeypatch.setattr(commands, "_source", lambda: None)
    install, start = commands.start_tts(tmp_path)
    assert install[-3:] == ["pip", "install", "indextts-patch"]
    assert start[-3:] == ["-m", "indextts_patch", "your_program.py"]
    (tmp_path / "uv.lock").touch()
    ((*words,),) = commands.start_tts(tmp_path)
    assert words[:4] == ["uv", "run", "--with", "indextts-patch"]


def test_this_very_program_is_named() -> None:
    words = [*commands.this_program(), "--version"]
    assert "sidecar" in subprocess.run(words, capture_output=True, text=True, check=True).stdout
    assert " ".join(commands.start_shipper()).endswith("sidecar run")
