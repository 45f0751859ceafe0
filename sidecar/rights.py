"""Who may open a file, and what somebody does who may not. Without such users and groups nothing is said."""

from __future__ import annotations

import os
import sys
from pathlib import Path

SERVICE_USER = "indextts-sidecar"
"""The user of an installed service (deploy/systemd/sysusers.conf); its group may read what the service keeps."""
_READ, _ENTER = 0o040, 0o010


def how_to_read(path: str | os.PathLike[str]) -> str:
    """What this user does to read a file or folder that it may not: one sentence.

    Args:
        path: it may be missing, or be below a folder that is shut.
    """
    if sys.platform == "win32":
        return ""
    import grp
    import pwd

    shut = _first_shut(Path(os.path.abspath(path)))
    if shut is None:
        return ""
    state = shut.stat()
    needed = _READ | _ENTER if shut.is_dir() else _READ
    as_owner = f"do it {as_its_owner(shut)}."
    try:
        group = grp.getgrgid(state.st_gid)
        user = pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:  # an id that no name belongs to
        return as_owner[0].upper() + as_owner[1:]
    if state.st_mode & needed != needed or state.st_gid == 0 or state.st_gid in (os.getegid(), *os.getgroups()):
        return as_owner[0].upper() + as_owner[1:]
    if user in group.gr_mem:
        return f"{user} has become a member of its group, {group.gr_name}: log in again, or {as_owner}"
    return f"Join its group (sudo usermod -aG {group.gr_name} {user}, then log in again), or {as_owner}"


def as_its_owner(path: Path) -> str:
    """As whom a command is to be run that changes an existing file or folder."""
    if sys.platform == "win32":
        return "as its owner"
    import grp
    import pwd

    state = path.stat()
    try:
        owner, group = pwd.getpwuid(state.st_uid).pw_name, grp.getgrgid(state.st_gid).gr_name
    except KeyError:
        return "as its owner"
    if SERVICE_USER in (owner, group):
        return "as the service's user (sudo sidecar --as-service VERB)"
    return f"as its owner, {owner}"


def this_user() -> str:
    """Who runs this, for a sentence."""
    if sys.platform == "win32":
        return "this user"
    return f"the user with id {os.geteuid()}"


def may(path: str | os.PathLike[str], rights: int) -> bool:
    """Whether the user of this process has those rights, as os.access names them."""
    return os.access(path, rights, effective_ids=os.access in os.supports_effective_ids)


def _first_shut(path: Path) -> Path | None:
    """The highest folder that this user may not go through, or the file itself; None where it may be read."""
    for folder in reversed(path.parents):
        if not os.path.lexists(folder):
            return None
        if not may(folder, os.X_OK):
            return folder
    return None if not path.exists() or may(path, os.R_OK) else path
