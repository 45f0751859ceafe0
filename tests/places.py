"""Folders of tests, seen by somebody else than root."""

from __future__ import annotations

import tempfile
from pathlib import Path


def let_in(folder: Path) -> None:
    """Let everybody reach a folder below the temporary one, and look into it."""
    top = Path(tempfile.gettempdir()).resolve()
    for each in (folder, *folder.parents):
        if top not in each.parents:
            return
        each.chmod(0o755)
