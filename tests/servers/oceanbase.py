"""A private OceanBase: the one-node server `seekdb`, which PyPI's pylibseekdb brings (see get-oceanbase.sh).

It has OceanBase's kernel, SQL and limits, so it proves the dialect; being one node, it proves nothing about failover.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from tests.servers.instance import HOST, Server, ServerMissingError, new_folder

PACKAGE = "pylibseekdb"


def package_folder() -> Path:
    """Where get-oceanbase.sh unpacks the package: $OCEANBASE_ROOT, else in the user's cache."""
    if configured := os.environ.get("OCEANBASE_ROOT"):
        return Path(configured)
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "indextts-sidecar" / "oceanbase"


class OceanBase(Server):
    """A private OceanBase. It listens on every address, but takes connections from this machine alone."""

    kind: ClassVar[str] = "oceanbase"

    @classmethod
    def find(cls) -> None:
        """Raise ServerMissingError, which says why, where there is no OceanBase to start."""
        root = package_folder()
        if not (root / ".complete").exists():
            reason = Path(f"{root}.why-not")
            raise ServerMissingError(
                reason.read_text("utf-8").strip()
                if reason.exists()
                else f"no OceanBase server in {root}: run 'make test OCEANBASE=1'"
            )

    def _make_folder(self) -> Path:
        return new_folder("sidecar-oceanbase-")

    def _initialise(self) -> Sequence[str]:
        return ["true"]  # it fills its folder at its first start

    def _serve(self) -> Sequence[str]:
        root = package_folder()
        libraries = ":".join(str(root / name) for name in (PACKAGE, f"{PACKAGE}.libs"))
        return ["env", f"LD_LIBRARY_PATH={libraries}", str(root / PACKAGE / "seekdb"), "--nodaemon"]

    def _common_options(self) -> list[str]:
        parameters = {"datafile_size": "2G", "log_disk_size": "2G", "memory_limit": "3G", "cpu_count": 2}
        return [
            f"--port={self.port}",
            f"--base-dir={self.folder / 'data'}",
            *(f"--parameter={name}={value}" for name, value in (parameters | self.options).items()),
        ]

    def _wait_until_ready(self) -> None:
        super()._wait_until_ready()
        # It cannot be told which address to listen on, and root has no password.
        self.execute(f"SET GLOBAL ob_tcp_invited_nodes = '{HOST}'")

    @property
    def _socket_path(self) -> Path:
        return self.folder / "data" / "run" / "sql.sock"
