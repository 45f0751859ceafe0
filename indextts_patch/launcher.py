"""Runs a program of somebody else's with the recording on, as python itself would run it."""

from __future__ import annotations

import os
import runpy
import sys

from . import hooked, install
from .notice import say

USAGE = """usage: python -m indextts_patch SCRIPT [ARGUMENT ...]        run a script with the recording on
       python -m indextts_patch -m MODULE [ARGUMENT ...]     the same for a module, as python -m does
"""


def main(arguments: list[str]) -> int:
    """The command line of `python -m indextts_patch`.

    Args:
        arguments: what follows the package's name.

    Returns:
        The exit code; a script that is run ends the process in its own way.
    """
    if not arguments or arguments[0] in ("-h", "--help"):
        sys.stderr.write(USAGE)
        return 0 if arguments else 2
    if arguments[0] == "-m":
        if len(arguments) < 2:
            sys.stderr.write(USAGE)
            return 2
        run(arguments[1], arguments[2:], module=True)
    else:
        run(arguments[0], arguments[1:], module=False)
    return 0


def run(target: str, arguments: list[str], *, module: bool) -> None:
    """Install the patch and run a script or module as __main__, with sys.argv and sys.path as python does.

    Args:
        target: path of a script, or name of a module.
        arguments: the program's own arguments.
        module: whether the target is a module.
    """
    on = install()
    sys.argv = [target, *arguments]
    try:
        if module:
            sys.path[0] = os.getcwd()
            runpy.run_module(target, run_name="__main__", alter_sys=True)
        else:
            sys.path[0] = os.path.dirname(os.path.abspath(target))
            runpy.run_path(target, run_name="__main__")
    finally:
        if on and not hooked():
            say(f"{target} ended without loading an IndexTTS class: nothing was recorded")
