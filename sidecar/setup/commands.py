"""The lines that start IndexTTS with the recording, and the shipper: for this installation and its shell."""

from __future__ import annotations

import importlib.metadata
import json
import os
import shlex
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import sidecar

_PROGRAMS = ("webui.py", "webui_v2.py", "api_server_v2.py", "api_server.py", "studio.py")
_ANY_PROGRAM = "your_program.py"
_PATCH = "indextts_patch"
_PATCH_DISTRIBUTION = "indextts-patch"
_COLUMNS = 80

Step = Sequence[str]
"""A command's words; NAME=VALUE at the front goes into its environment."""


def start_tts(folder: Path) -> list[Step]:
    """The commands that start IndexTTS with the recording, in its folder."""
    program = next((name for name in _PROGRAMS if (folder / name).is_file()), _ANY_PROGRAM)
    by_uv = (folder / "uv.lock").is_file()
    python = ["uv", "run", "python"] if by_uv else [_python_of(folder)]
    start = [*python, "-m", _PATCH, program]
    if _is_installed_for(folder):
        return [start]
    patch = _checkout() or _wheel_beside()  # Python imports from a wheel as it is
    if patch is not None:
        return [[f"PYTHONPATH={patch}", *start]]
    if by_uv:
        return [["uv", "run", "--with", _PATCH_DISTRIBUTION, "python", "-m", _PATCH, program]]
    return [[*python, "-m", "pip", "install", _PATCH_DISTRIBUTION], start]


def start_shipper() -> Step:
    return [*this_program(), "run"]


def this_program() -> Step:
    """How the program that is running now is called from another terminal."""
    if _is_from_uvx():
        return ["uvx", "--from", str(_source() or "indextts-sidecar"), "sidecar"]
    script = installed_script()
    if script is None:
        return [sys.executable, "-m", "sidecar"]
    found_first = shutil.which("sidecar")
    # A virtual environment is in PATH only where it was activated; a link outside of it is there for everybody.
    if found_first and Path(found_first).parent != script.parent and Path(found_first).resolve() == script.resolve():
        return ["sidecar"]
    return ["sidecar"] if found_first and sys.prefix == sys.base_prefix else [str(script)]


def installed_script() -> Path | None:
    """The `sidecar` of this installation, where there will be one tomorrow: what uvx runs from is a cache."""
    script = Path(sys.executable).parent / ("sidecar.exe" if sys.platform == "win32" else "sidecar")
    return script if script.is_file() and not _is_from_uvx() else None


def lines(folder: Path, steps: Sequence[Step], *, windows: bool) -> list[str]:
    """The steps as one command for a shell, to be run from anywhere and pasted at once.

    Args:
        windows: for PowerShell, else for sh.

    Returns:
        One line where it fits into 80 columns, else one or more a step.
    """
    write, between, goes_on = (_powershell, "; ", " `") if windows else (_sh, " && ", " \\")
    commands = [write(step) for step in (["cd", str(folder)], *steps)]
    together = between.join(map(" ".join, commands))
    if len(together) <= _COLUMNS:
        return [together]
    for command in commands[:-1] if not windows else []:
        command.append("&&")
    return [line for command in commands for line in _wrapped(command, goes_on)]


def _wrapped(words: Sequence[str], goes_on: str) -> Iterator[str]:
    if len(" ".join(words)) > _COLUMNS and "=" in words[0]:  # a setting has a line of its own
        yield words[0] + goes_on
        words = words[1:]
    line = ""
    for word in words:
        if line and len(f"{line} {word}{goes_on}") > _COLUMNS:
            yield line + goes_on
            line = word
        else:
            line = f"{line} {word}" if line else word
    yield line


def _sh(step: Step) -> list[str]:
    return [f"{name}={shlex.quote(value)}" if name else shlex.quote(value) for name, value in map(_setting, step)]


def _powershell(step: Step) -> list[str]:
    first, *rest = step
    name, value = _setting(first)
    if name:
        return [f"$env:{name} = {_in_quotes(value)};", *_powershell(rest)]
    called = [first] if first.isascii() and first.replace("-", "").isalnum() else ["&", _in_quotes(first)]
    return [*called, *(word if _is_plain(word) else _in_quotes(word) for word in rest)]


def _setting(word: str) -> tuple[str, str]:
    """Name and value of NAME=VALUE; any other word has no name."""
    name, is_setting, value = word.partition("=")
    return (name, value) if is_setting and name.isupper() else ("", word)


def _in_quotes(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _is_plain(word: str) -> bool:
    return word.isascii() and all(character.isalnum() or character in "-_./:\\" for character in word)


def _python_of(folder: Path) -> str:
    for name in (".venv", "venv"):
        for inside in ("bin/python", "Scripts/python.exe"):
            if (folder / name / inside).exists():
                return str(Path(name) / inside)
    # Ours is not IndexTTS's: an activated environment, or uvx, has put it in front.
    own = {Path(sys.executable).parent, Path(sys.prefix) / "bin"}
    others = os.pathsep.join(each for each in os.get_exec_path() if Path(each) not in own)
    return "python" if sys.platform == "win32" or shutil.which("python", path=others) else "python3"


def _is_installed_for(folder: Path) -> bool:
    """Whether IndexTTS's own environment has the patch."""
    found = (
        folder.glob(f"{name}/{inside}/site-packages/{_PATCH}") for name in (".venv", "venv") for inside in _LIBRARIES
    )
    return any(any(each) for each in found)


_LIBRARIES = ("lib/python3*", "Lib")


def _checkout() -> Path | None:
    """The clone that this program runs from or was installed from, or whose dist/ its wheel came from."""
    source = _source()
    places = [Path(sidecar.__file__).resolve().parents[1], *([source, source.parent.parent] if source else [])]
    # os.access: where this user may not look there is nothing.
    return next(
        (
            place
            for place in places
            if os.access(place / _PATCH / "__init__.py", os.R_OK) and (place / "schema").is_dir()
        ),
        None,
    )


def _wheel_beside() -> Path | None:
    source = _source()
    found = sorted(source.parent.glob(f"{_PATCH}-*.whl")) if source else []
    return found[-1] if found else None


def _source() -> Path | None:
    """The wheel or the folder that this program was installed from, where an installer noted one (PEP 610)."""
    try:
        noted = importlib.metadata.distribution("indextts-sidecar").read_text("direct_url.json")
    except importlib.metadata.PackageNotFoundError:
        return None
    url = urlsplit(json.loads(noted)["url"]) if noted else None
    return Path(url2pathname(url.path)) if url and url.scheme == "file" else None


def _is_from_uvx() -> bool:
    return "archive-v0" in Path(sys.prefix).parts
