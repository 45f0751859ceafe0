"""A private MariaDB, from the machine's own package."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from tests.servers.instance import Server, ServerMissingError, new_folder

# Debian keeps servers out of a plain user's PATH.
SYSTEM_FOLDERS = ("/usr/sbin", "/usr/local/sbin", "/usr/libexec")


def find_program(name: str) -> str | None:
    """The path of a program in PATH or in a system folder."""
    return shutil.which(name) or shutil.which(name, path=os.pathsep.join(SYSTEM_FOLDERS))


class MariaDB(Server):
    """A private MariaDB. Its default character set is the server's own (latin1 in 10.11)."""

    kind: ClassVar[str] = "mariadb"

    @classmethod
    def find(cls) -> None:
        """Raise ServerMissingError, which says why, where there is no MariaDB to start."""
        for name in ("mariadbd", "mariadb-install-db"):
            if find_program(name) is None:
                raise ServerMissingError(
                    f"no MariaDB server on this machine ({name} not found): "
                    "install Debian's mariadb-server-core and mariadb-client-core, or run 'make test' as root"
                )

    def _make_folder(self) -> Path:
        return new_folder("sidecar-mariadb-")

    def _initialise(self) -> Sequence[str]:
        return [
            find_program("mariadb-install-db") or "mariadb-install-db",
            "--no-defaults",
            *_as_root(),
            f"--datadir={self.folder / 'data'}",
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
        ]

    def _serve(self) -> Sequence[str]:
        return [find_program("mariadbd") or "mariadbd", "--no-defaults", *_as_root()]


def _as_root() -> list[str]:
    """The server refuses to run as root unless told so by name."""
    return ["--user=root"] if os.geteuid() == 0 else []
