"""The one line in webui.py: put in, checked and taken out again by a command, for any webui.py of any version.

It goes right after the line by which upstream's webui.py puts its `indextts` folder on sys.path; in a webui.py
without that line, after the module's docstring and __future__ imports. Every other byte stays as it is, and taking
the line out gives the very same file.
"""

from __future__ import annotations

import ast
import contextlib
import itertools
import os
import re
import subprocess

from ..upstream.hosts import WEBUI_ANCHOR

MARK = b"# indextts_patch"
# One line. Where the package is missing it says so; whatever goes wrong, stderr closed included, webui.py goes on.
LINE = (
    b'with __import__("contextlib").suppress(Exception): __import__("indextts_patch").install() '
    b'if __import__("importlib.util").util.find_spec("indextts_patch") '
    b'else __import__("sys").stderr.write("indextts_patch: nothing is recorded, because this Python does not find the '
    b'package; install it there, or put the folder that holds it on PYTHONPATH\\n")  '
) + MARK
_ANCHOR = re.compile(WEBUI_ANCHOR)


def present(content: bytes) -> bool:
    """Whether the line is in the file."""
    return any(MARK in line for line in content.splitlines())


def inserted(content: bytes) -> bytes:
    """The file with the line in it; unchanged where it already has it. An earlier version's line gives way to it.

    Raises:
        ValueError: this is not a Python file.
    """
    if LINE in content:
        return content
    content = removed(content)
    lines = content.splitlines(keepends=True)
    at = _place(content, lines)
    ending = b"\r\n" if lines and lines[0].endswith(b"\r\n") else b"\n"
    if at and not lines[at - 1].endswith((b"\n", b"\r")):
        raise ValueError("nothing follows the imports")
    return b"".join([*lines[:at], LINE + ending, *lines[at:]])


def removed(content: bytes) -> bytes:
    """The file without the line."""
    return b"".join(line for line in content.splitlines(keepends=True) if MARK not in line)


def found_by(executable: str, path: str) -> bool:
    """Whether the package is there when that Python runs the file, without PYTHONPATH and from whatever folder."""
    code = f"import sys, importlib.util; sys.path.append({os.path.dirname(os.path.abspath(path))!r}); "
    code += "sys.exit(importlib.util.find_spec('indextts_patch') is None)"
    return subprocess.run([executable, "-I", "-c", code], check=False).returncode == 0


def _place(content: bytes, lines: list[bytes]) -> int:
    for number, line in enumerate(lines, 1):
        if _ANCHOR.match(line):
            return number
    try:
        tree = ast.parse(content)
    except SyntaxError as error:
        raise ValueError(f"not a Python file: {error}") from error
    at = 0
    for index, node in enumerate(tree.body):
        docstring = index == 0 and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if not docstring and not (isinstance(node, ast.ImportFrom) and node.module == "__future__"):
            # Not between an encoding or #! line and the file: those count in the first two lines only.
            return at or _after_head(lines)
        at = node.end_lineno or at
    raise ValueError("there is no code in it")


def _after_head(lines: list[bytes]) -> int:
    return len(list(itertools.takewhile(lambda line: line.startswith((b"#", b"\xef\xbb\xbf#")), lines[:2])))


def rewrite(path: str, content: bytes) -> None:
    """Put new content into the place of a file in one step, its permissions kept.

    Raises:
        OSError: it could not be written; the file is as it was.
    """
    target = os.path.realpath(path)  # a link stays a link
    tmp = f"{target}.indextts_patch.tmp"
    try:
        with open(tmp, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(tmp, os.stat(target).st_mode & 0o7777)
        os.replace(tmp, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(tmp)
        raise
