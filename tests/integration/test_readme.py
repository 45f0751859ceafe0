"""What the READMEs tell people to type, typed."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from sidecar.cli.support.databases import open_database
from sidecar.service.settings import Settings
from tests.events import failed, publish, rfc3339, succeeded
from tests.integration.processes import sidecar

ROOT = Path(__file__).parents[2]


def queries(readme: str) -> list[str]:
    """Statements of the SQL block, in order."""
    block = re.search(r"```sql\n(.*?)```", (ROOT / readme).read_text(encoding="utf-8"), re.DOTALL)
    assert block
    lines = [line for line in block[1].splitlines() if not line.startswith("--")]
    return [statement.strip() for statement in "\n".join(lines).split(";") if statement.strip()]


def on_sqlite(statement: str) -> str:
    """As the README says to write it there."""
    return statement.replace("UTC_TIMESTAMP() - INTERVAL 3 DAY", "datetime('now', '-3 days')").replace(
        "DATE_FORMAT(created_at, '%Y-%m-%d %H:00')", "strftime('%Y-%m-%d %H:00', created_at)"
    )


def test_both_languages_have_the_same_queries() -> None:
    assert queries("README.md") == queries("README.zh-CN.md")


@pytest.mark.parametrize("number", range(len(queries("README.md"))))
def test_the_first_queries_answer(tmp_path: Path, database_url: str, number: int) -> None:
    outputs = tmp_path / "outputs"
    outputs.mkdir()
    now = datetime.now(timezone.utc)
    for age in (timedelta(days=1), timedelta(days=5)):
        publish(outputs, succeeded("欢迎光临", time=rfc3339(now - age)))
    publish(outputs, failed(time=rfc3339(now - timedelta(days=30))))
    settings = {"SIDECAR_DATABASE_URL": database_url}
    sidecar("migrate", cwd=tmp_path, settings=settings)
    sidecar("run", "--once", cwd=tmp_path, settings=settings)
    database = open_database(Settings(database_url=database_url))
    statement = queries("README.md")[number]
    rows = database.query(on_sqlite(statement) if database.dialect == "sqlite" else statement)
    database.close()
    assert len(rows) == {0: 1, 1: 2, 2: 3, 3: 2, 4: 1, 5: 1}[number]
