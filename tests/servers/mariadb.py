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


def chroot_folder() -> Path | None:
    """Where get-newer-mariadb.sh has put a chroot that is to be used instead: $MARIADB_ROOT."""
    configured = os.environ.get("MARIADB_ROOT")
    return Path(configured) if configured else None


class MariaDB(Server):
    """A private MariaDB. Its default character set is the server's own (latin1 in 10.11)."""

    kind: ClassVar[str] = "mariadb"

    @classmethod
    def find(cls) -> None:
        """Raise ServerMissingError, which says why, where there is no MariaDB to start."""
        root = chroot_folder()
        if root is not None and not (root / ".complete").exists():
            why = Path(f"{root}.why-not")
            raise ServerMissingError(why.read_text("utf-8").strip() if why.exists() else f"no MariaDB in {root}")
        for name in () if root else ("mariadbd", "mariadb-install-db"):
            if find_program(name) is None:
                raise ServerMissingError(
                    f"no MariaDB server on this machine ({name} not found): "
                    "install Debian's mariadb-server-core and mariadb-client-core, or run 'make test' as root"
                )

    def _make_folder(self) -> Path:
        self._root = chroot_folder()
        return new_folder("m-", self._root / "tmp") if self._root else new_folder("sidecar-mariadb-")

    def _initialise(self) -> Sequence[str]:
        return [
            *self._program("mariadb-install-db"),
            "--no-defaults",
            *_as_root(),
            f"--datadir={self._seen_by_server(self.folder / 'data')}",
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
            *(["--force"] if self._root else []),  # it need not look up its host's name, which a chroot does not know
        ]

    def _serve(self) -> Sequence[str]:
        return [*self._program("mariadbd"), "--no-defaults", *_as_root()]

    def _program(self, name: str) -> list[str]:
        return ["chroot", str(self._root), name] if self._root else [find_program(name) or name]

    def _seen_by_server(self, path: Path) -> str:
        return f"/{path.relative_to(self._root)}" if self._root else str(path)


def _as_root() -> list[str]:
    """The server refuses to run as root unless told so by name."""
    return ["--user=root"] if os.geteuid() == 0 else []
