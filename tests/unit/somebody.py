"""To be somebody whom rights hold back: root is not."""

from __future__ import annotations

import contextlib
import os
import pwd
from collections.abc import Iterator, Sequence
from pathlib import Path

NOBODY = pwd.getpwnam("nobody")


@contextlib.contextmanager
def somebody(groups: Sequence[int] = ()) -> Iterator[None]:
    """This process as nobody, who is a member of those groups."""
    before = os.getegid(), os.getgroups()
    os.setgroups(groups)
    os.setegid(NOBODY.pw_gid)
    os.seteuid(NOBODY.pw_uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(before[0])
        os.setgroups(before[1])


def let_in(folder: Path) -> None:
    """Let everybody go through pytest's own folders down to that one."""
    for each in (folder, *folder.parents[:2]):
        each.chmod(0o755)
