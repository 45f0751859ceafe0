"""A private real MySQL: the machine's own, else Debian unstable's in a chroot (see get-mysql.sh)."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from tests.servers.instance import Server, ServerMissingError, new_folder
from tests.servers.mariadb import find_program


def chroot_folder() -> Path:
    """Where get-mysql.sh puts the chroot: $MYSQL_ROOT, else in the user's cache."""
    if configured := os.environ.get("MYSQL_ROOT"):
        return Path(configured)
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "indextts-sidecar" / "mysql"


def own_program() -> str | None:
    """The machine's own mysqld where it is MySQL; MariaDB installs a program of that name too."""
    program = find_program("mysqld")
    if program is None:
        return None
    version = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    return None if "MariaDB" in version or not version else program


class MySQL(Server):
    """A private MySQL. New accounts use caching_sha2_password; local_infile is off."""

    kind: ClassVar[str] = "mysql"

    @classmethod
    def find(cls) -> None:
        """Raise ServerMissingError, which says why, where there is no MySQL to start."""
        if own_program() is not None:
            return
        root = chroot_folder()
        if not (root / ".complete").exists():
            reason = Path(f"{root}.why-not")
            raise ServerMissingError(
                reason.read_text("utf-8").strip()
                if reason.exists()
                else f"no MySQL server in {root}: run 'make test MYSQL=1' as root on Debian"
            )
        if os.geteuid() != 0:
            raise ServerMissingError(f"the MySQL server in {root} is a chroot, which only root may enter")

    def _make_folder(self) -> Path:
        self._program = own_program()
        self._root = chroot_folder()
        return new_folder("sidecar-mysql-") if self._program else new_folder("m-", self._root / "tmp")

    def _initialise(self) -> Sequence[str]:
        data = self._seen_by_server(self.folder / "data")
        return [*self._mysqld(), "--initialize-insecure", f"--datadir={data}"]

    def _serve(self) -> Sequence[str]:
        return [*self._mysqld(), "--mysqlx=OFF", "--secure-file-priv=NULL"]

    def _mysqld(self) -> list[str]:
        # As root the server must be told its user by name.
        user = ["--user=root"] if os.geteuid() == 0 else []
        if self._program is not None:
            return [self._program, "--no-defaults", *user]
        return ["chroot", str(self._root), "/usr/sbin/mysqld", "--no-defaults", *user]

    def _seen_by_server(self, path: Path) -> str:
        return str(path) if self._program is not None else f"/{path.relative_to(self._root)}"
