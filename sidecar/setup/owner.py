"""Whose files they become: what root makes in somebody's folder must be that person's, who will run the shipper.

On Linux alone, where a process can go back to being root."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from sidecar.errors import SidecarError


def act_as_owner(folder: Path) -> bool:
    """Where root works in somebody's folder, go on as that person, for the rest of the process.

    Returns:
        Whether it was so.

    Raises:
        SidecarError: that person cannot even read this program.
    """
    if sys.platform != "linux" or os.geteuid() != 0:
        return False
    found = folder.stat()
    if found.st_uid == 0:
        return False
    import pwd

    try:
        account = pwd.getpwuid(found.st_uid)
        os.initgroups(account.pw_name, account.pw_gid)
        group = account.pw_gid
    except KeyError:  # of a container's host, say
        group = found.st_gid
        os.setgroups([group])
    os.setresgid(group, group, 0)
    os.setresuid(found.st_uid, found.st_uid, 0)
    unreadable = [path for path in (__file__, os.__file__) if not os.access(path, os.R_OK)]
    if unreadable:
        raise SidecarError(
            f"{folder} belongs to another user, who may not read this program ({unreadable[0]})",
            hint="Install it where that user can, or as that user, and run it from there.",
        )
    return True


@contextlib.contextmanager
def as_root() -> Iterator[None]:
    """Be root again where the process was: a database server asks the system who opens its socket."""
    if sys.platform != "linux" or 0 not in os.getresuid():
        yield
        return
    before = os.geteuid()
    os.seteuid(0)
    try:
        yield
    finally:
        os.seteuid(before)
