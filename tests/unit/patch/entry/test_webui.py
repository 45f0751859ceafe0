"""The line in webui.py: put in once, taken out without a trace, harmless where the package is gone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from indextts_patch.entry import webui
from tests.patch.helpers import REPO

WEBUIS = [
    b'import sys\ncurrent_dir = "."\nsys.path.append(current_dir)\n'
    b'sys.path.append(os.path.join(current_dir, "indextts"))\nimport gradio\n',
    b"import sys\r\nsys.path.append(os.path.join(current_dir, 'indextts'))\r\nimport gradio\r\n",
    b'#!/usr/bin/env python\n# -*- coding: utf-8 -*-\n"""Doc."""\nfrom __future__ import annotations\nimport gradio\n',
    b"import gradio as gr\ngr.launch()",
    "# 你好\nprint('好')\n".encode(),
    b"\xef\xbb\xbf# bom\nprint(1)\n",
]


@pytest.mark.parametrize("content", WEBUIS)
def test_the_line_goes_in_once_and_out_without_a_trace(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "webui.py"
    path.write_bytes(content)
    path.chmod(0o750)

    def command(verb: str) -> int:
        line = [sys.executable, "-m", "indextts_patch", "webui", verb, str(path)]
        return subprocess.run(line, cwd=REPO, capture_output=True, check=False).returncode

    assert [command("check"), command("insert"), command("insert"), command("check")] == [1, 0, 0, 0]
    changed = path.read_bytes()
    assert changed.count(webui.MARK) == 1
    compile(changed, "webui.py", "exec")
    if b"sys.path.append(os.path" in content:
        before, _, _ = changed.partition(webui.LINE)
        assert before.rstrip().endswith(b"indextts" + content.partition(b"indextts")[2][:1] + b"))")
    assert [command("remove"), command("check")] == [0, 1]
    assert path.read_bytes() == content
    assert path.stat().st_mode & 0o777 == 0o750


def test_what_is_no_python_file_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "webui.py"
    for content in (b"this is no python\n", b"", b"# only a comment\n"):
        path.write_bytes(content)
        line = [sys.executable, "-m", "indextts_patch", "webui", "insert", str(path)]
        assert subprocess.run(line, cwd=REPO, capture_output=True, check=False).returncode == 1
        assert path.read_bytes() == content
        assert list(tmp_path.iterdir()) == [path]


def test_the_line_says_that_the_package_is_gone_and_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "webui.py").write_bytes(webui.inserted(b"print('served')\n"))
    command = [sys.executable, "-I", "-S", "webui.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "served\n"
    [said] = done.stderr.splitlines()
    assert said.startswith("indextts_patch: nothing is recorded")
    assert "PYTHONPATH" in said
    for closed in ("import sys; sys.stderr = None\n", "import sys; sys.stderr.close()\n"):
        content = closed.encode() + webui.LINE + b"\nprint('served')\n"
        (tmp_path / "webui.py").write_bytes(content)
        assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=True).stdout == b"served\n"


def test_the_patch_file_is_the_same_line() -> None:
    patch = (REPO / "indextts_patch" / "webui.patch").read_bytes()
    assert b"+" + webui.LINE + b"\n" in patch


def test_an_earlier_versions_line_is_known_and_gives_way_to_the_new_one() -> None:
    earlier = b'find_spec("indextts_patch") and __import__("indextts_patch").install()  # indextts_patch\r\n'
    plain = b"import sys\r\nsys.path.append(os.path.join(current_dir, 'indextts'))\r\nimport gradio\r\n"
    old = plain.replace(b"import gradio", earlier + b"import gradio")
    assert webui.present(old)
    assert webui.removed(old) == plain
    assert webui.inserted(old) == webui.inserted(plain)
