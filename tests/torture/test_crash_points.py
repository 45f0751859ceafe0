"""The process dies at every seam, at the first, a middle and the last event of a batch, and is started again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import Server
from tests.torture.crashes import GOOD, CrashPoint, crash_points, die_at, make_database
from tests.torture.zygote import Zygote


@pytest.fixture(scope="module")
def zygote() -> Iterator[Zygote]:
    with Zygote() as started:
        yield started


@pytest.fixture(scope="module")
def databases() -> dict[str, str]:
    return {}


@pytest.fixture
def database(server: Server, databases: dict[str, str], tmp_path: Path) -> str:
    if server.kind not in databases:
        databases[server.kind] = make_database(server, tmp_path)
    return databases[server.kind]


@pytest.mark.parametrize("point", [pytest.param(point, id=point.name) for point in crash_points()])
def test_dying_at_a_seam_loses_nothing_and_doubles_nothing(
    point: CrashPoint, server: Server, database: str, zygote: Zygote, tmp_path: Path
) -> None:
    name = f"{tmp_path.parent.name}-{tmp_path.name}"[-64:].replace("_", "-").strip("-")
    line = die_at(point, server, database, zygote, tmp_path, name)
    assert (line.written, line.rows, line.damage) == (GOOD, GOOD, 0)
