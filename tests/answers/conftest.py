"""A generated studio in each database, made once for all tests that only read it; and one with sounds, in a browser."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, sync_playwright

from sidecar.storage.database import Database
from sidecar.storage.dsn import SqliteDsn, parse_dsn
from sidecar.storage.mysql.connection import MysqlLimits
from sidecar.storage.mysql.database import MysqlDatabase
from sidecar.storage.sqlite.database import SqliteDatabase
from tests.answers import scene as scenes
from tests.answers.browser import chromium, lacking_for_chromium
from tests.answers.generate import Studio
from tests.answers.load import load
from tests.answers.scene import Scene
from tests.answers.served import library
from tests.answers.visiting import Visit, attacks
from tests.running import missing
from tests.servers import Server, sqlite_url
from tests.servers.fixtures import DATABASE_KINDS

COUNT = 6000
NOW = datetime(2026, 11, 22, tzinfo=timezone.utc)


@pytest.fixture(scope="session")
def documents() -> list[dict[str, Any]]:
    """The studio's events."""
    return list(Studio(COUNT).events())


def connect(url: str) -> Database:
    dsn = parse_dsn(url)
    return SqliteDatabase(dsn) if isinstance(dsn, SqliteDsn) else MysqlDatabase(dsn, MysqlLimits(read_timeout=600.0))


@pytest.fixture(scope="session")
def loaded() -> dict[str, str]:
    """URLs of loaded databases by kind, filled by `studio_url`; they go with the servers."""
    return {}


@pytest.fixture(params=["sqlite", *DATABASE_KINDS])
def studio_url(
    request: pytest.FixtureRequest,
    loaded: dict[str, str],
    documents: list[dict[str, Any]],
    tmp_path_factory: pytest.TempPathFactory,
) -> str:
    """A database that holds the studio, on each kind in turn. Do not change its records."""
    kind = request.param
    if kind not in loaded:
        if kind == "sqlite":
            url = sqlite_url(Path(tmp_path_factory.mktemp("studio")) / "studio.db")
        else:
            server: Server = request.getfixturevalue(kind)
            url = server.url(server.create_database())
        load(parse_dsn(url), documents)
        loaded[kind] = url
    return loaded[kind]


@pytest.fixture
def studio(studio_url: str) -> Iterator[Database]:
    """The same, opened."""
    database = connect(studio_url)
    yield database
    database.close()


@pytest.fixture(scope="session")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    """What the browser's tests look at."""
    return scenes.make(tmp_path_factory.mktemp("browser"), count=1200, sounds=40, more=attacks())


@pytest.fixture(scope="session")
def address(scene: Scene, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where `sidecar web` serves it."""
    with library(scene, tmp_path_factory.mktemp("log") / "web.log") as found:
        yield found


@pytest.fixture
def client(address: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=address, trust_env=False, timeout=60) as opened:
        yield opened


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Started for a module, because asyncio.run fails in a process while it is there."""
    if lacking := lacking_for_chromium():
        missing(lacking)
    with sync_playwright() as playwright:
        opened = chromium(playwright)
        yield opened
        opened.close()


@pytest.fixture
def visit(browser: Browser, address: str) -> Iterator[Visit]:
    """A tab of its own, in which nothing may go wrong."""
    made = Visit(browser, address)
    yield made
    made.context.close()
    assert made.said == []
