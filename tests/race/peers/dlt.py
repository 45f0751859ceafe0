"""dlt reads the files (filesystem source) and merges them by primary key, in an environment of its own."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import ClassVar

from tests.race.peer import Peer, Place

_SCRIPT = Path(__file__).parents[1] / "scripts" / "dlt_merge.py"


class Dlt(Peer):
    name: ClassVar[str] = "dlt"
    program: ClassVar[str] = "dlt"
    configuration: ClassVar[str] = (
        "1.31.0, filesystem source, 1,000 files a page, orjson into the columns, 2,500 items a buffer and a file, "
        "mysqlclient, 2 load workers, merge by delete-insert, primary key on, incremental by modification_date; to "
        "follow, run after run in one process; no index but the key"
    )

    def prepare(self, place: Place) -> None:
        """It makes its tables itself; its staging schema would get the server's character set, which is latin1."""
        place.server.create_database(_staging(place))

    def clear(self, place: Place) -> None:
        place.server.drop_database(_staging(place))

    def start(self, place: Place, *, follow: bool = False) -> subprocess.Popen[bytes]:
        environment = {
            "RACE_URL": place.server.url(place.database),
            "RACE_FILES": str(place.files),
            "RACE_DATASET": place.database,
            "RACE_TABLE": self.table,
            "DLT_DATA_DIR": str(place.work / "dlt"),
            "RUNTIME__DLTHUB_TELEMETRY": "false",
            "RUNTIME__LOG_LEVEL": "ERROR",
            "LOAD__WORKERS": "2",
            "DATA_WRITER__BUFFER_MAX_ITEMS": "2500",
            "DATA_WRITER__FILE_MAX_ITEMS": "2500",
        }
        command = [str(place.peers / "dlt/bin/python"), str(_SCRIPT), *(["--follow"] if follow else [])]
        return place.launch(command, environment)


def _staging(place: Place) -> str:
    return f"{place.database}_staging"
