"""What comes with the program is found, and what is missing is named by a command that is right where it is read."""

from __future__ import annotations

import ast
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from sidecar.installation import bundled, how_to_install

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "sidecar").rglob("*.py"))


def named_by(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


def named_files() -> set[str]:
    """Each file that the program asks for by its whole name."""
    calls = (node for path in SOURCES for node in ast.walk(ast.parse(path.read_text("utf-8"))))
    return {
        str(node.args[0].value)
        for node in calls
        if isinstance(node, ast.Call) and named_by(node) == "bundled" and isinstance(node.args[0], ast.Constant)
    }


@pytest.mark.parametrize("name", sorted(named_files()))
def test_what_the_program_names_is_in_a_clone(name: str) -> None:
    assert bundled(name) == ROOT / name
    assert (ROOT / name).exists()


def test_no_message_names_such_a_file_but_by_where_it_is() -> None:
    """A relative path is true in a clone's root only."""
    found = []
    for path in SOURCES:
        nodes = list(ast.walk(ast.parse(path.read_text("utf-8"))))
        explained = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}  # docstrings
        asked = {id(node.args[0]) for node in nodes if isinstance(node, ast.Call) and named_by(node) == "bundled"}
        found += [
            (path.name, node.value)
            for node in nodes
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and not {id(node)} & (explained | asked)
            if any(word in node.value for word in ("deploy/", "schema/"))
        ]
    assert [each for each in found if each[1] != "schema/"] == []  # the beginning of a name made from two


def test_an_unreadable_place_is_told_with_its_cure(tmp_path: Path) -> None:
    """A process that changed its user after the import, beside a clone in root's home."""
    package = tmp_path / "home" / "sidecar"
    package.mkdir(parents=True)
    for name in ("__init__.py", "errors.py", "installation.py"):
        (package / name).write_bytes((ROOT / "sidecar" / name).read_bytes())
    script = (
        "import os, sys\nsys.path.insert(0, 'home')\nimport sidecar.installation as there\nos.chmod('home', 0)\n"
        "if os.geteuid() == 0: os.seteuid(65534)\n"
        "try: there.bundled('schema/event')\nexcept there.SidecarError as error: print(error, error.hint)"
    )
    try:
        done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    finally:
        package.parent.chmod(0o755)
    assert done.stderr == ""
    assert done.stdout.startswith(f"this user may not read {package}")
    assert "install.sh" in done.stdout


def test_a_clone_without_its_packages_says_how_to_start() -> None:
    words = [sys.executable, "-S", "-m", "sidecar", "find"]
    done = subprocess.run(words, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    clone, command = shlex.quote(str(ROOT)), shlex.quote(f"{ROOT}/.venv/bin/sidecar")
    assert done.stderr == f"sidecar: click is not installed. Run: make -C {clone} venv, then {command}\n"


def test_an_environment_of_somebody_else_wants_sudo(monkeypatch: pytest.MonkeyPatch) -> None:
    python = shlex.quote(sys.executable)
    assert how_to_install("report") == f'{python} -m pip install "indextts-sidecar[report]"'
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert how_to_install("report").startswith(f"sudo {python} -m ")


def test_an_interpreter_s_path_with_a_space_is_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", os.sep.join(("", "my venv", "bin", "python")))
    assert how_to_install().startswith("'/my venv/bin/python' -m pip install indextts-sidecar")


def test_an_installed_service_is_given_an_extra_by_its_installer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "share").mkdir()
    (tmp_path / "share" / "with").write_text("proxy\n")
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    installer = shlex.quote(str(ROOT / "deploy" / "install.sh"))
    assert how_to_install("score") == f"sudo bash {installer} --with score"
    assert "pip install" in how_to_install("report"), "it has no packages of the service"
    (tmp_path / "share" / "with").unlink()
    assert "pip install" in how_to_install("score")
