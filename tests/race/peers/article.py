"""What the original article does, as a script of its own: one INSERT and one COMMIT a row."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import ClassVar

from tests.race.peer import Peer, Place

_SCRIPT = Path(__file__).parents[1] / "scripts" / "one_by_one.py"


class Article(Peer):
    name: ClassVar[str] = "one INSERT"
    configuration: ClassVar[str] = (
        "a Python script, PyMySQL, one INSERT IGNORE and COMMIT a file; asks the table once which paths it knows; "
        "to follow, lists the folder every 5 ms"
    )
    takes: ClassVar[int | None] = 20_000
    because: ClassVar[str] = "its rate is the disk's, however many there are"

    def start(self, place: Place, *, follow: bool = False) -> subprocess.Popen[bytes]:
        url = place.server.url(place.database)
        command = [sys.executable, str(_SCRIPT), *(["--follow"] if follow else [])]
        return place.launch(command, {"RACE_URL": url, "RACE_FILES": str(place.files)})
