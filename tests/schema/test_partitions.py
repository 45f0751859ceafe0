"""What schema/README.md says about partitions works, and a shipper goes on shipping into them."""

from __future__ import annotations

import re
from pathlib import Path

from sidecar.cli.support.databases import open_sink
from sidecar.service.settings import Settings
from sidecar.storage.mysql.sink import MysqlSink
from tests.batches import batch
from tests.events import succeeded
from tests.servers import Server

README = Path(__file__).parents[2] / "schema" / "README.md"


def test_the_statements_for_partitions(server: Server) -> None:
    name = server.create_database()
    sink = open_sink(Settings(database_url=server.url(name)))
    assert isinstance(sink, MysqlSink)
    sink.migrate()
    with server.connect(name) as connection, connection.cursor() as cursor:
        cursor.execute("SET SESSION time_zone = '+00:00'")
        for statement in _statements():
            cursor.execute(statement)
        assert cursor.execute("SELECT 1 FROM information_schema.partitions WHERE partition_name = 'p202602'") == 1
        sink.commit(batch(sink, succeeded(), succeeded(), succeeded()))
        connection.commit()
        cursor.execute("SELECT (SELECT COUNT(*) FROM tts_events), (SELECT COUNT(*) FROM tts_records)")
        assert cursor.fetchone() == (3, 3)
    sink.close()


def _statements() -> list[str]:
    section = README.read_text(encoding="utf-8").split("## Partitions")[1].split("\n## ")[0]
    blocks = "".join(re.findall(r"```sql\n(.*?)```", section, re.DOTALL))
    return [each.strip() for each in re.sub(r"--.*", "", blocks).split(";") if each.strip()]
