"""The subject: the real command, with two tables, validation, quarantine and the position in the database."""

from __future__ import annotations

import subprocess
from typing import ClassVar

from tests.benchmarks import process
from tests.race.peer import Peer, Place


class Sidecar(Peer):
    name: ClassVar[str] = "sidecar"
    configuration: ClassVar[str] = "`sidecar run --once`, and `sidecar run` to follow; every setting as it comes"
    table: ClassVar[str] = "tts_records"

    def prepare(self, place: Place) -> None:
        process.migrate(place.server.url(place.database))

    def start(self, place: Place, *, follow: bool = False) -> subprocess.Popen[bytes]:
        environment = process.sidecar_environment(place.server.url(place.database), place.files)
        return place.launch(process.sidecar_command("run", *([] if follow else ["--once"])), environment)
