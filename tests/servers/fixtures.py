"""pytest fixtures over tests.servers, loaded by tests/conftest.py.

- ``database_url``: a fresh, empty database; the test runs once on each of SQLite, MariaDB, MySQL and OceanBase.
- ``mysql_url``: the same without SQLite; ``own_tables_url``: without OceanBase too.
- ``mariadb``, ``mysql``, ``oceanbase``: the server of its kind that all tests of the session share: never stop,
  freeze or reconfigure it.
- ``server``: the shared MariaDB, then the shared MySQL.
- ``own_server``: a server of the test's own, a MariaDB, then a MySQL, to do anything to.

Without MariaDB a test is skipped with a reason, and fails where CI=true. MySQL takes part where
MYSQL=1, OceanBase where OCEANBASE=1; where one cannot be had then, its tests are skipped and the run's closing section
says so.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.running import missing
from tests.servers import MariaDB, MySQL, OceanBase, Server, ServerMissingError, sqlite_url

SERVERS: dict[str, type[Server]] = {"mariadb": MariaDB, "mysql": MySQL, "oceanbase": OceanBase}
ASKED_FOR = {"mysql": "MYSQL", "oceanbase": "OCEANBASE"}
"""Kinds that take part only where this variable is 1."""
DATABASE_KINDS = [pytest.param(kind, marks=getattr(pytest.mark, kind)) for kind in SERVERS]
SERVER_KINDS = [kind for kind in DATABASE_KINDS if kind.values != ("oceanbase",)]
"""Those that have the options, certificates and tools of a MySQL or MariaDB."""
REPORT = pytest.StashKey[dict[str, str]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[REPORT] = {}


def pytest_sessionfinish(session: pytest.Session) -> None:
    # A process of pytest-xdist hands over what it knows to the one that reports.
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["servers"] = session.config.stash[REPORT]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    node.config.stash[REPORT].update(getattr(node, "workeroutput", {}).get("servers", {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    report = config.stash[REPORT]
    if report:
        terminalreporter.section("database servers")
        for kind, line in sorted(report.items()):
            terminalreporter.write_line(f"{kind}: {line}")


@pytest.fixture(scope="session", autouse=True)
def templates(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Every server of this process after the first of its kind starts from a copy of its data folder."""
    Server.templates = tmp_path_factory.mktemp("templates")


def _opened(request: pytest.FixtureRequest, kind: str, stack: contextlib.ExitStack) -> Server:
    """Start a server for a fixture; skip or fail the test where there is none."""
    report = request.config.stash[REPORT]
    variable = ASKED_FOR.get(kind)
    if variable and os.environ.get(variable) != "1":
        report[kind] = f"not tested, because not asked for (make test {variable}=1)"
        pytest.skip(f"{SERVERS[kind].__name__} takes part in 'make test {variable}=1'")
    try:
        server = stack.enter_context(SERVERS[kind]())
    except ServerMissingError as error:
        report[kind] = f"NOT TESTED: {error}"
        if kind == "mysql":
            pytest.skip(str(error))
        missing(str(error))
    report[kind] = f"tested on {server.version}"
    return server


@pytest.fixture(scope="session")
def mariadb(request: pytest.FixtureRequest) -> Iterator[Server]:
    """The MariaDB that all tests share."""
    with contextlib.ExitStack() as stack:
        yield _opened(request, "mariadb", stack)


@pytest.fixture(scope="session")
def mysql(request: pytest.FixtureRequest) -> Iterator[Server]:
    """The MySQL that all tests share."""
    with contextlib.ExitStack() as stack:
        yield _opened(request, "mysql", stack)


@pytest.fixture(scope="session")
def oceanbase(request: pytest.FixtureRequest) -> Iterator[Server]:
    """The OceanBase that all tests share."""
    with contextlib.ExitStack() as stack:
        yield _opened(request, "oceanbase", stack)


@pytest.fixture(params=SERVER_KINDS)
def server(request: pytest.FixtureRequest) -> Server:
    """The shared MariaDB, then the shared MySQL."""
    found: Server = request.getfixturevalue(request.param)
    return found


@pytest.fixture(params=SERVER_KINDS)
def own_server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """A MariaDB, then a MySQL, that belong to this test alone."""
    with contextlib.ExitStack() as stack:
        yield _opened(request, request.param, stack)


@contextlib.contextmanager
def _database(request: pytest.FixtureRequest, kind: str) -> Iterator[str]:
    found: Server = request.getfixturevalue(kind)
    name = found.create_database()
    try:
        yield found.url(name)
    finally:
        found.drop_database(name)


@pytest.fixture(params=DATABASE_KINDS)
def mysql_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a fresh, empty database on MariaDB, then on MySQL, then on OceanBase."""
    with _database(request, request.param) as url:
        yield url


@pytest.fixture(params=SERVER_KINDS)
def own_tables_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a fresh, empty database on MariaDB, then on MySQL, for tables that OceanBase cannot have."""
    with _database(request, request.param) as url:
        yield url


@pytest.fixture(params=["sqlite", *DATABASE_KINDS])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a fresh, empty database on SQLite, then on MariaDB, MySQL and OceanBase."""
    if request.param == "sqlite":
        yield sqlite_url(tmp_path / "sidecar.db")
        return
    with _database(request, request.param) as url:
        yield url
