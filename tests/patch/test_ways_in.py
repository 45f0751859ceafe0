"""The launcher and the start-up hook: how the recording comes into a program that nobody changed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.patch.helpers import (
    DOUBLE,
    HEAD,
    PYTHONS,
    REPO,
    Run,
    environment,
    finish,
    ok,
    one_event,
    python,
    run,
    voice,
)


@pytest.mark.parametrize("way", ["launcher", "startup"])
def test_upstreams_file_run_as_the_program_is_recorded(tmp_path: Path, way: str) -> None:
    source = (DOUBLE / "head" / "indextts" / "infer_v2.py").read_text(encoding="utf-8")
    (tmp_path / "infer_v2.py").write_text(
        source + '\nif __name__ == "__main__":\n    tts = IndexTTS2()\n    tts.infer("voice.wav", "hello angry",'
        ' "outputs/x.wav", use_emo_text=True)\n'
    )
    run(tmp_path, "", way=None)  # lays the voice out
    executable = python("3.11")
    assert executable is not None
    env = environment("head")
    command = [executable, "-m", "indextts_patch", "infer_v2.py"]
    if way == "startup":
        command[1:3] = []
        env["INDEXTTS_PATCH_AUTOSTART"] = "1"
        env["PYTHONPATH"] = f"{REPO / 'indextts_patch' / 'startup'}:{env['PYTHONPATH']}"
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, check=True, text=True)
    data = one_event(Run(root=tmp_path, code=0, stdout=done.stdout, stderr=done.stderr))
    assert data["model"]["version"] == "2"
    assert data["emotion"]["label"] == "angry"


def test_a_line_without_its_package_is_warned_of_and_says_so_itself(tmp_path: Path) -> None:
    """A bare venv, whose Python finds the checkout by PYTHONPATH alone, as at a user's who tries it out."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", "--copies", tmp_path / "venv"], check=True)
    venv_python = str(tmp_path / "venv" / "bin" / "python")
    voice(tmp_path)
    speaks = 'from indextts.infer_v2 import IndexTTS2\nIndexTTS2().infer("voice.wav", "hello", "outputs/x.wav")\n'
    (tmp_path / "webui.py").write_text(HEAD + speaks)
    env = environment("head")
    insert = [venv_python, "-m", "indextts_patch", "webui", "insert", "webui.py"]
    warned = subprocess.run(insert, cwd=tmp_path, env=env, capture_output=True, text=True, check=True)
    assert f"PYTHONPATH={REPO}" in warned.stderr

    def start(path: str) -> Run:
        env["PYTHONPATH"] = path
        process = subprocess.Popen([venv_python, "webui.py"], cwd=tmp_path, env=env, stdout=-1, stderr=-1)
        return ok(finish(process, tmp_path))

    forgotten = start(f"{DOUBLE}:{DOUBLE / 'head'}")
    assert (tmp_path / "outputs" / "x.wav").exists()
    assert forgotten.events == []
    [said] = forgotten.said()
    assert said.startswith("indextts_patch: nothing is recorded")
    assert len(start(f"{REPO}:{DOUBLE}:{DOUBLE / 'head'}").events) == 1


@pytest.mark.parametrize("arguments", [["webiu.py"], ["-m", "indextts.nosuch"], ["-m", "nosuch.cli"], ["outputs"]])
def test_what_the_launcher_cannot_run_is_one_line_that_says_what_to_do(tmp_path: Path, arguments: list[str]) -> None:
    executable = python("3.11")
    assert executable is not None
    (tmp_path / "outputs").mkdir()
    command = [executable, "-m", "indextts_patch", *arguments]
    done = subprocess.run(command, cwd=tmp_path, env=environment("head"), capture_output=True, text=True, check=False)
    assert done.returncode == 2
    [line] = done.stderr.splitlines()
    assert line.startswith(f"indextts_patch: cannot run {arguments[-1]}: there is no such ")
    assert f"seen from {tmp_path}; go to the folder of webui.py, or see python -m indextts_patch --help" in line


def test_a_module_that_lacks_what_it_imports_fails_as_python_does(tmp_path: Path) -> None:
    executable = python("3.11")
    assert executable is not None
    (tmp_path / "api").mkdir()
    (tmp_path / "api" / "__init__.py").write_text("import there_is_no_such_module\n")
    command = [executable, "-m", "indextts_patch", "-m", "api.server"]
    done = subprocess.run(command, cwd=tmp_path, env=environment("head"), capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "No module named 'there_is_no_such_module'" in done.stderr
    assert "Traceback" in done.stderr


def test_the_start_up_hook_runs_the_sitecustomize_that_it_hides(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "sitecustomize.py").write_text("import builtins\nbuiltins.the_other_one_ran = True\n")
    env = {
        **environment("head"),
        "PYTHONPATH": f"{REPO / 'indextts_patch' / 'startup'}:{other}:{DOUBLE}:{DOUBLE / 'head'}",
        "INDEXTTS_PATCH_AUTOSTART": "1",
    }
    code = "print(the_other_one_ran); import indextts.infer_v2, indextts_patch; print(indextts_patch.hooked())"
    executable = python("3.11")
    assert executable is not None
    done = subprocess.run([executable, "-c", code], cwd=tmp_path, env=env, capture_output=True, check=True, text=True)
    assert done.stdout == "True\n['indextts.infer_v2.IndexTTS2']\n"
    del env["INDEXTTS_PATCH_AUTOSTART"]
    code = "import sys; print(the_other_one_ran, 'indextts_patch' in sys.modules)"
    done = subprocess.run([executable, "-c", code], cwd=tmp_path, env=env, capture_output=True, check=True, text=True)
    assert done.stdout == "True False\n"


@pytest.mark.parametrize("interpreter", PYTHONS)
def test_the_pth_file_is_written_wakes_on_demand_and_is_removed(tmp_path: Path, interpreter: str) -> None:
    executable = python(interpreter)
    assert executable is not None
    subprocess.run([executable, "-m", "venv", "--without-pip", "--copies", tmp_path / "venv"], check=True)
    venv_python = str(tmp_path / "venv" / "bin" / "python")
    env = environment("head")

    def startup(verb: str) -> int:
        command = [venv_python, "-m", "indextts_patch", "startup", verb]
        return subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, check=False).returncode

    assert [startup("check"), startup("insert"), startup("check")] == [1, 0, 0]
    # Without the checkout on the path: the line itself finds the package.
    env["PYTHONPATH"] = f"{DOUBLE}:{DOUBLE / 'head'}"
    code = "import sys, indextts.infer_v2; print('indextts_patch' in sys.modules)"
    for autostart, expected in (("0", "False\n"), ("1", "True\n")):
        env["INDEXTTS_PATCH_AUTOSTART"] = autostart
        done = subprocess.run(
            [venv_python, "-c", code], env=env, cwd=tmp_path, capture_output=True, text=True, check=True
        )
        assert done.stdout == expected
        assert ("recording indextts.infer_v2.IndexTTS2" in done.stderr) == (autostart == "1")
    env = environment("head")
    assert [startup("remove"), startup("check")] == [0, 1]
