"""IndexTTS's folder: where it usually is, and what makes a folder one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sidecar.errors import UsageError

_PROGRAMS = ("webui.py", "indextts/")
_OUTPUTS = "outputs/"
_NEIGHBOURS = ("index-tts", "index-tts2", "indextts", "indextts2", "IndexTTS", "IndexTTS2", "index-tts-vllm")
LOOKED_FOR = "webui.py, indextts/ or outputs/"


def marks(folder: Path) -> list[str]:
    """What of IndexTTS is in the folder; empty where it is none."""
    return [name for name in (*_PROGRAMS, _OUTPUTS) if _is_there(folder, name)]


def find(start: Path, home: Path) -> Path | None:
    """IndexTTS's folder, seen from another one: that itself, one above it, one beside it, one in the home folder.

    A folder that has nothing but outputs/ is taken only where somebody stands in it.
    """
    if marks(start):
        return start
    return next((each for each in _usual(start, home) if any(_is_there(each, name) for name in _PROGRAMS)), None)


def require(folder: Path, *, force: bool) -> Path:
    """The folder, absolute.

    Args:
        force: take it whatever is in it.

    Raises:
        UsageError: it is not there, or nothing of IndexTTS is in it.
    """
    folder = folder.expanduser().absolute()
    if not folder.is_dir():
        raise UsageError(f"there is no folder {folder}", hint="Name the one that holds webui.py or outputs/.")
    if not force and not marks(folder):
        raise UsageError(
            f"{folder} has no {LOOKED_FOR}",
            hint="Name IndexTTS's folder, or say --force to take this one: outputs/ is made in it.",
        )
    return folder


def not_found(start: Path) -> UsageError:
    """The error for a search that found nothing."""
    demo = start / "deploy" / "demo"  # in a clone of this project
    without = f" To try it without IndexTTS: sidecar init {demo}." if marks(demo) else ""
    return UsageError(
        f"no IndexTTS found: {start}, the folders above it and {', '.join(_NEIGHBOURS[:2])} ... beside it have no "
        f"{LOOKED_FOR}",
        hint="Name the folder: sidecar init FOLDER. One of your own without these, or one for what a speech server "
        "says (sidecar proxy --help): sidecar init --force FOLDER." + without,
    )


def _usual(start: Path, home: Path) -> Iterator[Path]:
    yield from start.parents
    for beside in (start, start.parent, home):
        yield from (beside / name for name in _NEIGHBOURS)


def _is_there(folder: Path, name: str) -> bool:
    try:
        return (folder / name).is_dir() if name.endswith("/") else (folder / name).is_file()
    except OSError:  # a folder that this user may not look into
        return False
