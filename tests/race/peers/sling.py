"""Sling takes the files from standard input: its own reader of folders was eight times slower in a race by hand."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import ClassVar

from tests.race.peer import Peer, Place

_SCRIPT = Path(__file__).parents[1] / "scripts" / "sling.sh"
_COLUMNS = {
    "id": "string(36)",
    "subject": "string(36)",
    "type": "string(64)",
    "source": "string(255)",
    "specversion": "string(8)",
    "dataschema": "string(64)",
    "sequence": "bigint",
    "time": "datetime",
    "data": "json",
}


class Sling(Peer):
    name: ClassVar[str] = "Sling"
    program: ClassVar[str] = "sling"
    key: ClassVar[str] = "id"
    configuration: ClassVar[str] = (
        "1.4.11, `find | sort | xargs cat` into standard input, jsonlines, flatten 1 (`data` stays one JSON column), "
        "typed columns, incremental with a primary key; new files by `find -cnewer` and a stamp that is moved after a "
        "run; to follow, run after run; no index but the key"
    )

    def prepare(self, place: Place) -> None:
        """It makes its table itself, with the columns that flattening gives."""

    def start(self, place: Place, *, follow: bool = False) -> subprocess.Popen[bytes]:
        environment = {
            "RACE": place.server.url(place.database),
            "RACE_FILES": str(place.files),
            "RACE_SLING": str(place.peers / self.program),
            "RACE_TABLE": f"{place.database}.{self.table}",
            "RACE_COLUMNS": json.dumps(_COLUMNS),
            "SLING_DISABLE_TELEMETRY": "true",
            "SLING_HOME_DIR": str(place.work / "home"),
        }
        return place.launch(["sh", str(_SCRIPT), *(["--follow"] if follow else [])], environment)
