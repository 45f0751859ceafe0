"""Which of the watched folders a path in the database lies in: as it was written, or by another name of the folder."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from sidecar.event.names import printable


class Folders:
    """The watched folders, by the names that they are recorded under.

    One that was shipped through a link, or as ``x/../outputs``, is known by its real path as well: what lies in it is
    the same, whatever somebody calls it today.

    Args:
        folders: as the settings have them.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self._found: dict[str, Path | None] = {printable(str(folder)): folder for folder in folders}
        self._real = {printable(os.path.realpath(folder)): folder for folder in folders}

    def of(self, path: object) -> Path | None:
        """The watched folder that directly holds what was recorded under this path; None where none of them does."""
        parent = str(path).rpartition("/")[0]
        if parent not in self._found:
            self._found[parent] = self._real.get(printable(os.path.realpath(parent))) if parent else None
        return self._found[parent]
