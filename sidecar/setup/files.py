"""What is left in IndexTTS's folder: settings and passwords that nobody else may read, and that git does not see."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from sidecar.errors import SettingsError

_PRIVATE = 0o600
_OTHERS = 0o007
_PLAIN = re.compile(r"[\w./:@%?=&,+~-]*", re.ASCII)


def write_private(path: Path, text: str) -> None:
    """Write a file for its owner alone, whole or not at all.

    Raises:
        OSError: it cannot be written.
    """
    target = Path(os.path.realpath(path))
    # NamedTemporaryFile and mkstemp make files of mode 0600.
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except BaseException:
        os.unlink(temporary)
        raise


def write_settings(path: Path, values: Mapping[str, str], present: Mapping[str, str | None]) -> list[str]:
    """Set values in an environment file; its other lines stay as they are.

    Args:
        values: by name.
        present: what the file says now, as its reader understands it.

    Returns:
        "+ NAME" for each that was missing and "~ NAME" for each that was changed; empty where nothing was.

    Raises:
        OSError: it cannot be read or written.
    """
    wanted = {name: value for name, value in values.items() if present.get(name) != value}
    there = path.exists()
    if wanted:
        text = path.read_bytes().decode("utf-8") if there else ""
        for name, value in wanted.items():
            text = _with_line(text, name, f"{name}={_quoted(value)}")
        write_private(path, text)
    elif there and os.name == "posix" and path.stat().st_mode & _OTHERS:
        path.chmod(_PRIVATE)
    return [f"{'~' if present.get(name) else '+'} {name}" for name in wanted]


def exclude_from_git(folder: Path, names: Sequence[str]) -> list[str]:
    """Have git overlook files of the folder, by .git/info/exclude: no tracked file is touched.

    Returns:
        The lines that were added; empty where they are there, or the folder is in no work tree.

    Raises:
        OSError: the file cannot be read or written.
    """
    found = _git_folder(folder)
    if found is None:
        return []
    top, git = found
    below = "" if folder == top else folder.relative_to(top).as_posix() + "/"
    exclude = git / "info" / "exclude"
    text = exclude.read_text(encoding="utf-8", errors="surrogateescape") if exclude.exists() else ""
    known = {line.strip() for line in text.splitlines()}
    missing = [line for line in (f"/{below}{name}" for name in names) if line not in known]
    if missing:
        exclude.parent.mkdir(exist_ok=True)
        end = "" if not text or text.endswith("\n") else "\n"
        with exclude.open("a", encoding="utf-8", errors="surrogateescape") as file:
            file.write(end + "".join(f"{line}\n" for line in missing))
    return missing


def require_untracked(path: Path) -> None:
    """
    Raises:
        SettingsError: git tracks the file, so that what is written into it would be published.
    """
    if _git_folder(path.parent) is None or shutil.which("git") is None:
        return
    asked = ["git", "-C", str(path.parent), "ls-files", "--error-unmatch", "--", path.name]
    if subprocess.run(asked, capture_output=True, check=False).returncode == 0:
        raise SettingsError(f"git tracks {path}", hint=f"Take it out first: git rm --cached {path.name}")


def _git_folder(folder: Path) -> tuple[Path, Path] | None:
    """The work tree that the folder is in, and where git keeps what all its work trees share."""
    for top in (folder, *folder.parents):
        entry = top / ".git"
        if entry.is_dir():
            return top, entry
        if entry.is_file():  # a submodule or a further work tree: "gitdir: PATH"
            git = top / entry.read_text(encoding="utf-8").partition(":")[2].strip()
            common = git / "commondir"
            return top, git / common.read_text(encoding="utf-8").strip() if common.is_file() else git
    return None


def _with_line(text: str, name: str, line: str) -> str:
    """The last line that sets the name counts, so that is the one replaced; a new one goes to the end."""
    found = list(re.finditer(rf"(?m)^[ \t]*(?:export[ \t]+)?{name}[ \t]*=.*?(?=\r?$)", text))
    if found:
        return text[: found[-1].start()] + line + text[found[-1].end() :]
    return text + ("" if not text or text.endswith("\n") else "\n") + line + "\n"


def _quoted(value: str) -> str:
    if _PLAIN.fullmatch(value):
        return value
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
