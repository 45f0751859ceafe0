"""A database and a folder with takes that are shipped already: what verbs over all of them are measured on."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks import dataset, process
from tests.benchmarks.context import Context
from tests.servers import sqlite_url


@dataclass(frozen=True, kw_only=True)
class Shipped:
    url: str
    folder: Path
    connection: Any
    """To the database, as the tables' owner: sqlite3's or PyMySQL's."""
    seconds: float
    """That shipping took."""


@contextmanager
def shipped(context: Context, kind: str, users: Iterable[str], *, wav_bytes: int) -> Iterator[Shipped]:
    """
    Args:
        kind: sqlite, or the kind of the context's server.
        users: of each take.
        wav_bytes: size of each WAV.
    """
    place = context.folder / "shipped"
    folder = place / "outputs"
    folder.mkdir(parents=True)
    context.progress("writing takes")
    for number, user in enumerate(users):
        dataset.write_take(folder, number, user, wav_bytes)
    os.sync()
    with context.database() as database:
        file = place / "sidecar.db"
        url = sqlite_url(file) if kind == "sqlite" else context.server.url(database)
        process.migrate(url)
        context.progress(f"shipping them on {kind}")
        seconds = process.ship_once(url, folder).seconds
        with closing(sqlite3.connect(file) if kind == "sqlite" else context.server.connect(database)) as connection:
            yield Shipped(url=url, folder=folder, connection=connection, seconds=seconds)
    shutil.rmtree(place)
