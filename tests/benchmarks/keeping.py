"""What is done to all takes at once (verify, rebuild, export, replay, backfill) beside the least there is to do."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from pymysql.cursors import SSCursor

from tests.benchmarks import process
from tests.benchmarks.context import Context
from tests.benchmarks.measure import Row
from tests.benchmarks.process import Run
from tests.benchmarks.shipped import shipped

_AT_MOST = 3.0
_MEGABYTES = 300.0
_WAV_BYTES = 4096
"""So little that reading and hashing it is the opening of a file; larger ones are as fast as the disk and SHA-256."""
_COPIED = "tts_records_copied"


class Least:
    """The least there is to do for each verb: the peer's side.

    Args:
        connection: as the tables' owner.
        folder: of WAVs and event files.
    """

    def __init__(self, connection: Any, folder: Path) -> None:
        self._connection = connection
        self._folder = folder

    def passes(self) -> None:
        """Each name and its stat, each event's identity, each record's."""
        self.scandir()
        self._read("SELECT id, sha256, subject, path FROM tts_events")
        self._read("SELECT event_id, audio_path, audio_sha256 FROM tts_records")

    def passes_and_hashes(self) -> None:
        self.passes()
        for entry in os.scandir(self._folder):
            if entry.name.endswith(".wav"):
                with open(entry.path, "rb") as file:
                    hashlib.file_digest(file, "sha256").hexdigest()

    def scandir(self) -> None:
        for entry in os.scandir(self._folder):
            entry.stat(follow_symlinks=False)

    def select(self) -> None:
        self._read("SELECT * FROM tts_records ORDER BY id")

    def insert_select(self) -> None:
        """The records, written once more by the server itself."""
        cursor = self._connection.cursor()
        cursor.execute(f"CREATE TABLE {_COPIED} AS SELECT * FROM tts_records WHERE 1 = 0")
        cursor.execute(f"INSERT INTO {_COPIED} SELECT * FROM tts_records")
        self._connection.commit()
        cursor.execute(f"DROP TABLE {_COPIED}")
        self._connection.commit()

    def _read(self, statement: str) -> None:
        plain = isinstance(self._connection, sqlite3.Connection)
        with closing(self._connection.cursor(*([] if plain else [SSCursor]))) as cursor:  # which does not hold all rows
            cursor.execute(statement)
            for _ in cursor:
                pass


_VERBS: dict[str, tuple[tuple[str, ...], str, Callable[[Least], None] | None]] = {
    "verify without audio": (
        ("verify", "--no-audio"),
        "one scandir, stat and SELECT pass over both",
        Least.passes,
    ),
    "verify": (("verify",), "the same, and each WAV's SHA-256", Least.passes_and_hashes),
    "rebuild": (("rebuild",), "INSERT ... SELECT of the records", Least.insert_select),
    "export": (("export", "-", "--format", "jsonl"), "SELECT * of the records", Least.select),
    "replay": (("replay", "--all"), "the backlog, shipped for the first time", None),
    "backfill, where all is recorded": (("backfill",), "one scandir and stat pass", Least.scandir),
}


def keeping(context: Context) -> list[Row]:
    """On the server that is measured, and on SQLite beside MariaDB."""
    return [row for kind in context.kinds for row in _measured(context, kind)]


def _measured(context: Context, kind: str) -> Iterator[Row]:
    count = context.count("KEEPING_RECORDS", full=1_000_000, small=1_000)
    ours: dict[str, list[Run]] = defaultdict(list)
    theirs: dict[str, list[float]] = defaultdict(list)
    users = (f"user-{number % 50}" for number in range(count))
    with shipped(context, kind, users, wav_bytes=_WAV_BYTES) as takes:
        least = Least(takes.connection, takes.folder)
        for number in range(context.rounds):
            for name, (arguments, _, do) in _VERBS.items():
                context.progress(f"{name}, {count:,} takes on {kind}, round {number + 1} of {context.rounds}")
                theirs[name].append(_seconds(do, least) if do else takes.seconds)
                ours[name].append(process.once(takes.url, *arguments, folder=takes.folder))
    for name, (_, against, _) in _VERBS.items():
        what = f"{name}, {count:,} takes, {kind}"
        yield Row(
            what=what,
            unit="s",
            ours=[run.seconds for run in ours[name]],
            against=against,
            theirs=theirs[name],
            at_most=None if context.small else _AT_MOST,
            details={"own processor time, s": [round(run.cpu_seconds, 2) for run in ours[name]]},
            note="too few takes to judge" if context.small else "",
        )
        resident = [run.max_resident_bytes / 1e6 for run in ours[name]]
        yield Row(what=f"{what}, memory at most", unit="MB", ours=resident, against="", at_most=_MEGABYTES)


def _seconds(do: Callable[[Least], None], least: Least) -> float:
    began = time.perf_counter()
    do(least)
    return time.perf_counter() - began
