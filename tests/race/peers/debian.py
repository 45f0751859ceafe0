"""Debian's packages, unpacked and not installed: where their parts are, and how one is started from there."""

from __future__ import annotations

import os
import platform
from pathlib import Path

from tests.race.peer import Place

NAME = "debian"


def root(peers: Path) -> Path:
    return peers / NAME


def libraries(peers: Path) -> Path:
    return root(peers) / f"usr/lib/{platform.machine()}-linux-gnu"


def environment(peers: Path) -> dict[str, str]:
    """Where the loader finds libraries beside the system's own."""
    usr = libraries(peers)
    folders = (usr, root(peers) / "lib" / usr.name, root(peers) / "usr/lib/syslog-ng")
    return {"LD_LIBRARY_PATH": os.pathsep.join(map(str, folders))}


def configure(place: Place, name: str, template: str, **more: object) -> None:
    """Write a daemon's configuration, which holds a password, into its place."""
    owner = place.server.owner
    file = place.work / name
    file.touch(0o600)
    file.write_text(
        template.format(
            work=place.work,
            files=place.files,
            port=place.server.port,
            database=place.database,
            user=owner.user,
            password=owner.password,
            **more,
        )
    )
