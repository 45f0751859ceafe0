"""Files and clients that mean harm."""

from __future__ import annotations

import json
import os
import socket
import time
from pathlib import Path
from urllib.parse import urlsplit

import pymysql
import pytest

from sidecar.service.watch import file_system
from tests.events import encode, publish, succeeded
from tests.integration.processes import eventually, prepare, running, sidecar
from tests.servers import Server
from tests.torture.arena import TABLES, mount, unmount
from tests.torture.poison import HOSTILE


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, str]:
    given = {"SIDECAR_NAME": "studio", "SIDECAR_SETTLE_SECONDS": "0"}
    return prepare(tmp_path, f"sqlite:///{tmp_path}/sidecar.db", given)


def quarantined(tmp_path: Path, settings: dict[str, str]) -> dict[str, str]:
    lines = sidecar("quarantine", "list", "--json", cwd=tmp_path, settings=settings).stdout.splitlines()
    return {Path(entry["path"]).name: entry["message"] for entry in map(json.loads, lines)}


def test_hostile_text_in_every_string_is_stored_and_never_run(server: Server, tmp_path: Path) -> None:
    name = server.create_database()
    settings = prepare(tmp_path, server.url(name))
    short = HOSTILE.replace("\x00", "")
    data = {
        "text": HOSTILE,
        "language": "'--",
        "emotion": {"mode": "'\"\\", "label": short, "text": HOSTILE},
        "voice": {"path": short},
        "params": {"effective": {HOSTILE: HOSTILE}},
        "audio": {"path": short},
        "model": {"version": "'\\", "class": HOSTILE, "dir": short, "device": "'; --", "precision": "\\'"},
        "caller": {"user": HOSTILE, "session": HOSTILE, "request": HOSTILE, "client": HOSTILE},
    }
    event = succeeded(data=data)
    publish(tmp_path / "outputs", event, "'; DROP TABLE tts_records; --.json")
    publish(tmp_path / "outputs", encode(succeeded(source="indextts://a/b'; DROP TABLE tts_events; --")), "bad.json")
    sidecar("run", "--once", cwd=tmp_path, settings={**settings, "SIDECAR_LISTEN": "off"})
    with server.connect(name) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT text_input, emotion, voice, audio_path, user_id, session_id, request_id FROM tts_records"
        )
        assert cursor.fetchall() == ((HOSTILE, short, short, short, HOSTILE, HOSTILE, HOSTILE),)
        cursor.execute("SELECT reason FROM sidecar_quarantine")
        assert cursor.fetchall() == (("schema_mismatch",),)


def test_what_is_no_file_of_the_folder_never_blocks_and_is_not_followed(
    settings: dict[str, str], tmp_path: Path
) -> None:
    folder, outside = tmp_path / "outputs", tmp_path / "secret.json"
    outside.write_bytes(encode(succeeded("of another folder")))
    os.mkfifo(folder / "fifo.wav.json")
    (folder / "link.wav.json").symlink_to(outside)
    (folder / "loop.wav.json").symlink_to(folder / "loop.wav.json")
    (folder / "folder.wav.json").mkdir()
    with socket.socket(socket.AF_UNIX) as listener:
        here = os.getcwd()
        os.chdir(folder)  # a socket's path has a limit
        listener.bind("socket.wav.json")
        os.chdir(here)
    if os.geteuid() == 0:
        os.mknod(folder / "device.wav.json", 0o666 | 0o020000, os.makedev(5, 0))  # a terminal: its open may wait
    publish(folder, succeeded())
    with running(cwd=tmp_path, settings=settings) as shipper:
        shipper.shipped(1)
        eventually(lambda: len(quarantined(tmp_path, settings)) >= 5, "the quarantine")
    found = quarantined(tmp_path, settings)
    assert found.pop("link.wav.json") == found.pop("loop.wav.json") == "a symbolic link; links are not followed"
    assert set(found.values()) == {"not a regular file"}


def test_json_made_to_hurt_its_reader_is_quarantined(settings: dict[str, str], tmp_path: Path) -> None:
    raw = encode(succeeded())
    hurtful = {
        "deep": raw.replace(b'"data":{', b'"data":{"x":' + b"[" * 100_000 + b"]" * 100_000 + b",", 1),
        "digits": raw.replace(b'"sequence":', b'"sequence":' + b"9" * 200_000, 1),
        "infinite": raw.replace(b'"wall":', b'"wall":1e999,"x":', 1),
        "version": raw.replace(b"event:1.0", b"event:" + b"9" * 100_000 + b".0", 1),
        "large": raw.replace(b'"data":{', b'"data":{"x":"' + b"y" * 2_000_000 + b'",', 1),
    }
    for name, content in hurtful.items():
        publish(tmp_path / "outputs", content, f"{name}.json")
    keys = ",".join(f'"{number}":1' for number in range(60_000)).encode()
    publish(tmp_path / "outputs", raw.replace(b'"data":{', b'"data":{"keys":{' + keys + b"},", 1), "keys.json")
    publish(tmp_path / "outputs", raw.replace(b"{", b'{"id":"no","id":"no",', 1), "twice.json")
    sidecar("run", "--once", cwd=tmp_path, settings={**settings, "SIDECAR_LISTEN": "off"})
    found = quarantined(tmp_path, settings)
    assert set(found) - {"twice.json", "keys.json"} == {f"{name}.json" for name in hurtful}
    assert max(map(len, found.values())) < 3000


def test_slow_and_oversized_requests_do_not_stop_shipping(settings: dict[str, str], tmp_path: Path) -> None:
    with running(cwd=tmp_path, settings=settings) as shipper:
        clients = [socket.create_connection(("127.0.0.1", shipper.port)) for _ in range(60)]
        try:
            for client in clients:
                client.sendall(b"GET /metrics HTTP/1.1\r\nX-Slow: ")
            for client in clients[:20]:
                with_error(client, b"a" * 100_000)
            started = time.monotonic()
            publish(tmp_path / "outputs", succeeded())
            eventually(lambda: stored(settings) == 1, "an event beside slow clients")
            took = time.monotonic() - started
        finally:
            for client in clients:
                client.close()
        eventually(lambda: shipper.get("/healthz")[0] == 200, "an answer once they are gone")
        print(f"shipped in {took:.2f} s beside {len(clients)} slow clients")


def with_error(client: socket.socket, content: bytes) -> None:
    """Send what the server may refuse to read."""
    try:
        client.sendall(content)
    except OSError:
        return


def stored(settings: dict[str, str]) -> int:
    import sqlite3

    connection = sqlite3.connect(urlsplit(settings["SIDECAR_DATABASE_URL"]).path)
    try:
        return int(connection.execute("SELECT COUNT(*) FROM tts_events").fetchone()[0])
    finally:
        connection.close()


def test_it_listens_on_loopback_unless_told_otherwise(settings: dict[str, str], tmp_path: Path) -> None:
    with running(cwd=tmp_path, settings=settings) as shipper:
        listening = [
            line.split()[1]
            for line in Path(f"/proc/{shipper.process.pid}/net/tcp").read_text().splitlines()[1:]
            if line.split()[3] == "0A" and int(line.split()[1].rpartition(":")[2], 16) == shipper.port
        ]
    assert listening == [f"0100007F:{shipper.port:04X}"]


def test_select_insert_and_update_on_its_tables_are_rights_enough(server: Server, tmp_path: Path) -> None:
    name = server.create_database()
    sidecar("migrate", cwd=tmp_path, settings={"SIDECAR_DATABASE_URL": server.url(name)})
    grants = [f"SELECT, INSERT, UPDATE ON `{name}`.{table}" for table in TABLES]
    account = server.create_account([*grants, f"SELECT ON `{name}`.sidecar_migrations"])
    (tmp_path / "outputs").mkdir()
    publish(tmp_path / "outputs", b"{", "mended.json")
    settings = {
        "SIDECAR_DATABASE_URL": server.url(name, account),
        "SIDECAR_WATCH_DIR": str(tmp_path / "outputs"),
        "SIDECAR_LISTEN": "off",
        "SIDECAR_SETTLE_SECONDS": "0",
    }
    for content in (encode(succeeded()), encode(succeeded())):
        sidecar("run", "--once", cwd=tmp_path, settings=settings)
        (tmp_path / "outputs" / "mended.json").write_bytes(content)
    with server.connect(name, account) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM tts_records")
        assert cursor.fetchone() == (1,)
        with pytest.raises(pymysql.err.OperationalError, match="denied"):
            cursor.execute("DELETE FROM tts_events")


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts need root")
def test_a_mount_point_of_any_name_is_understood(tmp_path: Path) -> None:
    for name in ("声音 outputs", b"\xff\\x".decode("utf-8", "surrogateescape")):
        point = tmp_path / name
        point.mkdir()
        mount("-t", "tmpfs", "-o", "size=64k", "tmpfs", os.fspath(point))
        try:
            assert file_system(point / "below") == "tmpfs"
        finally:
            unmount(point)
