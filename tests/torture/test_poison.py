"""A corpus of mutated event files: each is stored exactly or quarantined, and nothing else happens."""

from __future__ import annotations

import os
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from sidecar.cli.support.databases import open_database
from sidecar.service import config
from tests.events import encode, publish, succeeded
from tests.integration.processes import prepare, sidecar
from tests.torture.crashes import REFUSED
from tests.torture.poison import corpus
from tests.torture.poisoned import Sent, settle

COUNT = int(os.environ.get("TORTURE_POISON_FILES", "1500"))
SEED = int(os.environ.get("TORTURE_SEED", "1"))


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> dict[str, str]:
    quiet = {"SIDECAR_LOG_LEVEL": "error", "SIDECAR_LISTEN": "off"}
    return prepare(tmp_path, database_url, {"SIDECAR_NAME": "studio", "SIDECAR_SETTLE_SECONDS": "0"} | quiet)


def ask(settings: dict[str, str], sql: str) -> list[tuple[object, ...]]:
    with closing(open_database(config.load({"database_url": settings["SIDECAR_DATABASE_URL"]}))) as database:
        return database.query(sql)


def test_each_poisoned_file_is_stored_exactly_or_quarantined(
    settings: dict[str, str], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    folder = tmp_path / "outputs"
    sent = {}
    for number, raw in enumerate(corpus(SEED, COUNT)):
        (folder / f"{number}.json").write_bytes(raw)
        sent[f"{number}.json"] = Sent.of(raw)
    sidecar("run", "--once", cwd=tmp_path, settings=settings)
    stored: Any = ask(settings, "SELECT path, sha256, id, event FROM tts_events")
    aside = [str(path) for (path,) in ask(settings, "SELECT path FROM sidecar_quarantine")]
    line, found = settle(sent, stored, aside, verbatim=request.node.callspec.id not in ("mysql", "oceanbase"))
    assert not line.damage
    assert found.stored + found.quarantined + found.foreign + found.repeated == COUNT
    assert min(found.stored, found.quarantined, found.foreign) > 0


def test_one_poisoned_event_costs_its_neighbours_no_second(settings: dict[str, str], tmp_path: Path) -> None:
    if settings["SIDECAR_DATABASE_URL"].startswith("sqlite"):
        pytest.skip("SQLite refuses nothing that the schema lets pass")
    took = {}
    for name, poison in (("clean", encode(succeeded())), ("poisoned", REFUSED)):
        folder = tmp_path / name
        folder.mkdir()
        for number in range(999):
            publish(folder, succeeded(), f"{number}.json")
            if number == 500:
                publish(folder, poison, "among them.json")
        started = time.monotonic()
        sidecar("run", "--once", cwd=tmp_path, settings=settings | {"SIDECAR_WATCH_DIR": str(folder)})
        took[name] = time.monotonic() - started
    print(f"1,000 events in one batch: {took['clean']:.2f} s; with a poisoned one among them {took['poisoned']:.2f} s")
    assert ask(settings, "SELECT COUNT(*) FROM tts_events") == [(1999,)]
    assert ask(settings, "SELECT reason FROM sidecar_quarantine") == [("rejected_by_sink",)]
