"""The command line of `indextts-patch` and `python -m indextts_patch`, and how it runs somebody else's program."""

from __future__ import annotations

import importlib.util
import os
import runpy
import sys

from .. import hooked, install
from ..guard import say

_USAGE = """\
usage: {program} SCRIPT [ARGUMENT ...]
       {program} -m MODULE [ARGUMENT ...]
       {program} webui insert|check|remove PATH
       {program} startup insert|check|remove|folder
       {program} doctor [MODULE ...]

Records every synthesis of IndexTTS as a JSON file beside its audio. Run it with
IndexTTS's own Python, in the folder of webui.py. For a start:

  {program} webui.py

  SCRIPT, -m MODULE  runs a program with the recording on and changes no file
  webui              the one line in a webui.py: put in, look for, take out
  startup            the start-up hook in this environment, which the variable
                     INDEXTTS_PATCH_AUTOSTART=1 wakes; or its PYTHONPATH folder
  doctor             is everything in place? Exit code 0 says so
"""


def usage() -> str:
    """What to type, under the name that this process was started by; it fits 80 columns."""
    return _USAGE.format(program=_program())


def _program() -> str:
    """The installed command, or python -m where the package is only on the path."""
    return "python -m indextts_patch" if sys.argv[0].endswith("__main__.py") else "indextts-patch"


def main(arguments: list[str] | None = None) -> int:
    """The command line.

    A script called "webui", "startup" or "doctor" without an extension is run as ./webui.

    Args:
        arguments: what follows the program's name; by default, those of this process.

    Returns:
        The exit code: 0, 1 for a negative answer, 2 for wrong usage. A program that is run ends the process
        in its own way.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    verb, rest = (arguments[0], arguments[1:]) if arguments else ("", [])
    if verb in ("-h", "--help"):
        sys.stdout.write(usage())
        return 0
    if verb == "webui" and len(rest) == 2:
        return _webui(*rest)
    if verb == "startup" and len(rest) == 1:
        return _startup(*rest)
    if verb == "doctor":
        from . import doctor

        return 0 if doctor.examine(tuple(rest), _say) else 1
    if verb == "-m" and rest:
        return run(rest[0], rest[1:], module=True)
    if not verb or verb.startswith("-") or verb in ("webui", "startup"):
        sys.stderr.write(usage())
        return 2
    return run(verb, rest, module=False)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def _webui(action: str, path: str) -> int:
    from . import webui

    try:
        with open(path, "rb") as file:
            content = file.read()
        if action == "check":
            there = webui.present(content)
            _say(f"{path}: the line is {'there' if there else 'not there'}")
            return 0 if there else 1
        change = {"insert": webui.inserted, "remove": webui.removed}.get(action)
        if change is None:
            sys.stderr.write(usage())
            return 2
        changed = change(content)
        if changed != content:
            webui.rewrite(path, changed)
    except (OSError, ValueError) as error:
        sys.stderr.write(f"indextts_patch: {path}: {error}\n")
        return 1
    state = "the line is in" if action == "insert" else "the line is out"
    _say(f"{path}: {state}{'' if changed != content else ' already'}")
    if action == "insert" and not webui.found_by(sys.executable, path):
        folder = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
        sys.stderr.write(
            f"indextts_patch: this package is not installed in {sys.executable}.\n"
            f"Until it is, start {os.path.basename(path)} with PYTHONPATH={folder}, or nothing is recorded.\n"
        )
    return 0


def _startup(action: str) -> int:
    from .. import startup

    try:
        if action == "folder":
            _say(startup.folder())
        elif action == "insert":
            _say(f"{startup.insert()} written; INDEXTTS_PATCH_AUTOSTART=1 in the environment wakes it")
        elif action == "check":
            there = startup.check()
            _say(f"{startup.path()}: {'there' if there else 'not there'}")
            return 0 if there else 1
        elif action == "remove":
            _say(f"{startup.path()}: {'removed' if startup.remove() else 'was not there'}")
        else:
            sys.stderr.write(usage())
            return 2
    except OSError as error:
        sys.stderr.write(f"indextts_patch: {error}\n")
        return 1
    return 0


def run(target: str, arguments: list[str], *, module: bool) -> int:
    """Install the patch and run a script or module as __main__, with sys.argv and sys.path as python does.

    Args:
        target: path of a script, or name of a module.
        arguments: the program's own arguments.
        module: whether the target is a module.

    Returns:
        The exit code: 2 where there is nothing to run, which one line on stderr says; else 0, if the program
        returns at all.
    """
    on = install()
    sys.path[0] = os.getcwd() if module else os.path.dirname(os.path.abspath(target))
    if not (_is_module(target) if module else _is_script(target)):
        say(
            f"cannot run {target}: there is no such {'module' if module else 'script'}, seen from {os.getcwd()};"
            f" go to the folder of webui.py, or see {_program()} --help"
        )
        return 2
    sys.argv = [target, *arguments]
    try:
        if module:
            runpy.run_module(target, run_name="__main__", alter_sys=True)
        else:
            runpy.run_path(target, run_name="__main__")
    finally:
        if on and not hooked():
            say(f"{target} ended without loading an IndexTTS class: nothing was recorded")
    return 0


def _is_script(target: str) -> bool:
    """A file, or what else python runs by its path: a folder with a __main__.py."""
    return os.path.isfile(target) or os.path.isfile(os.path.join(target, "__main__.py"))


def _is_module(target: str) -> bool:
    try:
        return importlib.util.find_spec(target) is not None
    except ModuleNotFoundError as error:
        # Its package may be there and fail on a module that it needs: the run will show that as python does.
        return error.name is None or not f"{target}.".startswith(f"{error.name}.")
    except (ImportError, ValueError):
        return False
