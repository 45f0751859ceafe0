"""What every case is handed: the server, a folder, how large to go."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.servers import Server


@dataclass(frozen=True, kw_only=True)
class Context:
    server: Server
    folder: Path
    """For event files; removed at the end."""
    small: bool
    """Under a minute in all, to notice a wreck; the figures of a full run are the ones to quote."""
    rounds: int
    progress: Callable[[str], None]

    def scale(self, full: int, small: int) -> int:
        return small if self.small else full

    def count(self, variable: str, *, full: int, small: int) -> int:
        """As scale, where the environment does not say otherwise: the largest sizes take long."""
        return int(os.environ.get(variable) or self.scale(full, small))

    @property
    def kinds(self) -> list[str]:
        """The server's, and SQLite beside MariaDB."""
        return ["sqlite", "mariadb"] if self.server.kind == "mariadb" else [self.server.kind]

    @property
    def empty_folder(self) -> Path:
        folder = self.folder / "empty"
        folder.mkdir(exist_ok=True)
        return folder

    @contextmanager
    def database(self) -> Iterator[str]:
        """An empty database, dropped at the end."""
        name = self.server.create_database()
        try:
            yield name
        finally:
            self.server.drop_database(name)
