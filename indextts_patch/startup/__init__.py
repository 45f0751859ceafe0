"""The start-up hook, for programs that nobody starts by hand: API servers, `uv run`, console scripts.

Two forms, both asleep until INDEXTTS_PATCH_AUTOSTART=1 is in the environment: this folder on PYTHONPATH
(its sitecustomize.py; nothing is installed, so `uv sync` cannot remove it), or one .pth line in an
environment's site-packages, written and removed by `python -m indextts_patch startup`.
"""

from __future__ import annotations

import os
import sysconfig

PTH_NAME = "indextts_patch.pth"
_HERE = os.path.dirname(os.path.abspath(__file__))
_PARENT = os.path.dirname(os.path.dirname(_HERE))


def folder() -> str:
    """The folder to put on PYTHONPATH."""
    return _HERE


def line(site_packages: str) -> str:
    """The .pth line for this site-packages folder. Every start of Python there runs it, so it looks at one variable
    and no further; where the package lies elsewhere, the line finds it by its path.
    """
    lines = ["if os.environ.get('INDEXTTS_PATCH_AUTOSTART') == '1':", " try:"]
    if os.path.abspath(site_packages) != _PARENT:
        lines.append(f"  sys.path.append({_PARENT!r})")
    lines += [
        "  import indextts_patch",
        "  indextts_patch.install()",
        " except Exception as error:",
        "  sys.stderr.write('indextts_patch: not installed: %r\\n' % (error,))",
    ]
    # ascii: the encoding of .pth files differs between versions and systems.
    return f"import os, sys; exec({chr(10).join(lines)!a})\n"


def path() -> str:
    """Where the .pth file of the running Python's environment lies or would lie."""
    return os.path.join(sysconfig.get_path("purelib"), PTH_NAME)


def insert() -> str:
    """Write the .pth file and return its path.

    Raises:
        OSError: site-packages cannot be written.
    """
    where = path()
    with open(where, "w", encoding="utf-8", newline="\n") as file:
        file.write(line(os.path.dirname(where)))
    return where


def check() -> bool:
    """Whether the .pth file is there, and is what `insert` would write now."""
    where = path()
    try:
        with open(where, encoding="utf-8") as file:
            return file.read() == line(os.path.dirname(where))
    except OSError:
        return False


def remove() -> bool:
    """Take the .pth file away; whether there was one.

    Raises:
        OSError: it cannot be removed.
    """
    try:
        os.unlink(path())
    except FileNotFoundError:
        return False
    return True
