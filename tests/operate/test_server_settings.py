"""Servers whose administrator has set something that is in a shipper's way."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import datetime, timezone
from pathlib import Path

from sidecar.cli.support.databases import open_sink
from sidecar.errors import Reason
from sidecar.service import config
from sidecar.storage.sink import Quarantined
from tests.batches import batch
from tests.events import publish, succeeded
from tests.operate.scene import Scene, set_scene
from tests.servers import Server

NOW = datetime(2026, 11, 22, 12, tzinfo=timezone.utc)


def test_a_quarantined_file_is_cut_to_what_the_server_takes(own_server: Server, tmp_path: Path) -> None:
    own_server.restart({"max_allowed_packet": 128 * 1024})
    scene = set_scene(tmp_path, own_server.url(own_server.create_database()))
    raw = b"'\\\x00\xff" * 50_000  # of which each byte but the last is escaped
    with closing(open_sink(config.load(scene.given()))) as sink:
        entry = Quarantined(
            path="/srv/outputs/bad.json", reason=Reason.INVALID_JSON, message="好" * 3000, size=len(raw), content=raw
        )
        sink.commit(batch(sink, quarantined=[entry]))
    [(size, content)] = scene.query("SELECT bytes, content FROM sidecar_quarantine")
    assert size == len(raw)
    assert len(content) > 16 * 1024
    assert raw.startswith(content)


def test_limits_for_everybody_s_sessions_hide_and_refuse_nothing(own_server: Server, tmp_path: Path) -> None:
    own_server.execute("SET GLOBAL sql_select_limit = 2", "SET GLOBAL sql_safe_updates = ON")
    scene = set_scene(tmp_path, own_server.url(own_server.create_database()))
    events = [succeeded(sequence=number) for number in range(1, 8)]
    for event in events:
        publish(scene.folder, event)
    scene.ship()
    assert len(scene.run("find", "--json").splitlines()) == len(events)
    assert scene.facts("verify", code=1)["rows"] == len(events)  # whose audio was never there
    assert scene.facts("rebuild")["records"] == len(events)


def test_a_binary_log_of_statements_is_named(own_server: Server, tmp_path: Path) -> None:
    own_server.restart({"log_bin": "bin", "server_id": 1})
    scene = set_scene(tmp_path, own_server.url(own_server.create_database()))
    own_server.execute("SET GLOBAL binlog_format = STATEMENT")
    publish(scene.folder, succeeded())
    findings = scene.run("doctor", code=1)
    assert "binlog_format = ROW" in findings
    assert "Look into the server's log" not in findings


def test_doctor_knows_the_server(mysql_url: str, tmp_path: Path) -> None:
    scene = set_scene(tmp_path, mysql_url)
    scene_settings = {**scene.settings, "SIDECAR_LISTEN": "off"}
    findings = map(json.loads, Scene(scene.place, scene_settings).run("doctor", "--json").splitlines())
    [(level, message)] = [(each["level"], each["message"]) for each in findings if each["check"] == "server"]
    assert level == "ok"
    assert message.split()[0] in ("MariaDB", "MySQL", "OceanBase")
    assert ("OceanBase" in message) == message.startswith("OceanBase")
