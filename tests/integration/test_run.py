"""The real command, as people run it."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sidecar.cli.support.databases import open_database
from sidecar.service.settings import Settings
from sidecar.storage.database import Database
from tests.events import encode, failed, publish, succeeded
from tests.integration.processes import Running, eventually, running, sidecar
from tests.servers import Server

INVALID = Path(__file__).parents[2] / "schema" / "event" / "examples" / "invalid"


@pytest.fixture
def outputs(tmp_path: Path) -> Path:
    folder = tmp_path / "outputs"
    folder.mkdir()
    return folder


@pytest.fixture
def project(tmp_path: Path, outputs: Path, database_url: str) -> dict[str, str]:
    """Settings of a migrated database."""
    settings = {"SIDECAR_DATABASE_URL": database_url, "SIDECAR_NAME": "studio"}
    sidecar("migrate", cwd=tmp_path, settings=settings)
    return settings


@pytest.fixture
def database(project: dict[str, str]) -> Iterator[Database]:
    opened = open_database(Settings(database_url=project["SIDECAR_DATABASE_URL"]))
    yield opened
    opened.close()


def ids(database: Database) -> list[str]:
    return [row[0] for row in database.query("SELECT event_id FROM tts_records ORDER BY event_id")]


def publish_many(folder: Path, count: int) -> list[str]:
    events = [succeeded(f"number {number}") for number in range(count)]
    for event in events:
        publish(folder, event)
    return sorted(event["id"] for event in events)


def conserved(shipper: Running) -> bool:
    """The equation that an alert watches."""
    total = shipper.total
    outcomes = (
        total("sidecar_events_shipped_total")
        + total("sidecar_events_quarantined_total")
        + total("sidecar_files_skipped_total")
        + total("sidecar_pending_events")
    )
    return total("sidecar_events_discovered_total") == outcomes


def test_once_ships_what_is_there_and_a_second_time_changes_nothing(
    tmp_path: Path, outputs: Path, project: dict[str, str], database: Database
) -> None:
    expected = publish_many(outputs, 25)
    for _ in range(2):
        sidecar("run", "--once", cwd=tmp_path, settings=project)
        assert ids(database) == expected


def test_a_running_shipper_ships_what_comes_and_ends_on_sigterm(
    tmp_path: Path, outputs: Path, project: dict[str, str], database: Database
) -> None:
    with running(cwd=tmp_path, settings=project) as shipper:
        eventually(lambda: shipper.get("/readyz")[0] == 200, "ready")
        assert shipper.get("/healthz") == (200, "alive\n")
        expected = publish_many(outputs, 5)
        shipper.shipped(5)
        assert ids(database) == expected
        assert shipper.stop() == 0


def test_sigterm_in_the_middle_of_a_backlog_ships_what_is_known_first(
    tmp_path: Path, outputs: Path, project: dict[str, str], database: Database
) -> None:
    expected = publish_many(outputs, 500)
    with running("--batch-max-events", "5", cwd=tmp_path, settings=project) as shipper:
        eventually(lambda: ids(database), "the first rows")
        assert shipper.stop() == 0
        assert ids(database) == expected


def test_each_invalid_file_is_quarantined_with_its_code_and_its_neighbours_are_shipped(
    tmp_path: Path, outputs: Path, project: dict[str, str], database: Database
) -> None:
    settings = project | {"SIDECAR_SETTLE_SECONDS": "0.2", "SIDECAR_EVENT_MAX_BYTES": "4096"}
    taken = succeeded("the first")
    publish(outputs, taken)
    sidecar("run", "--once", cwd=tmp_path, settings=settings)
    good = publish_many(outputs, 10)
    for code in ("invalid_json", "schema_mismatch", "unsupported_version"):
        publish(outputs, (INVALID / f"{code}.json").read_bytes(), f"{code}.wav.json")
    publish(outputs, succeeded("x" * 5000), "too_large.wav.json")
    (outputs / "unreadable.wav.json").symlink_to("/etc/hostname")
    os.mkfifo(outputs / "unreadable.2.wav.json")
    publish(outputs, succeeded("another", id=taken["id"]), "rejected_by_sink.wav.json")
    publish(outputs, encode(succeeded())[:-40], "invalid_json.2.wav.json")
    publish(outputs, b'{"name": "somebody\'s preset"}', "preset.json")
    with running(cwd=tmp_path, settings=settings) as shipper:
        shipper.shipped(10)
        eventually(lambda: shipper.total("sidecar_events_quarantined_total") == 8, "eight in quarantine")
        assert conserved(shipper)
    rows = database.query("SELECT path, reason, message, content FROM sidecar_quarantine")
    assert len(rows) == 8
    for path, reason, message, content in rows:
        assert Path(path).name.startswith(reason)
        assert message
        assert content or reason == "unreadable"
    assert ids(database) == sorted([taken["id"], *good])


def test_a_half_written_file_is_waited_for(
    tmp_path: Path, outputs: Path, project: dict[str, str], database: Database
) -> None:
    event = succeeded("slowly")
    raw = encode(event)
    with running(cwd=tmp_path, settings=project) as shipper:
        with (outputs / "spk_1.wav.json").open("wb", buffering=0) as file:
            for start in range(0, len(raw), 200):
                file.write(raw[start : start + 200])
                time.sleep(0.05)
        shipper.shipped(1)
        assert shipper.total("sidecar_events_quarantined_total") == 0
    assert ids(database) == [event["id"]]


def test_a_quarantined_file_that_is_mended_is_shipped(
    tmp_path: Path, outputs: Path, project: dict[str, str], database: Database
) -> None:
    event = failed()
    path = publish(outputs, encode(event)[:-9], "spk_1.wav.json")
    with running("--settle-seconds", "0", cwd=tmp_path, settings=project) as shipper:
        eventually(lambda: shipper.total("sidecar_events_quarantined_total") == 1, "quarantined")
        path.write_bytes(encode(event))
        shipper.shipped(1)
    assert database.query("SELECT status FROM sidecar_quarantine") == [("shipped",)]
    assert ids(database) == [event["id"]]


def test_killed_in_the_middle_and_started_again_nothing_is_lost_or_doubled(
    tmp_path: Path, outputs: Path, project: dict[str, str], database: Database
) -> None:
    expected = publish_many(outputs, 3000)
    settings = project | {"SIDECAR_BATCH_MAX_EVENTS": "50"}
    for target in (100, 900):
        with running(cwd=tmp_path, settings=settings) as shipper:
            eventually(lambda: len(ids(database)) >= target, "some rows")  # noqa: B023
            shipper.kill()
    sidecar("run", "--once", cwd=tmp_path, settings=settings)
    assert ids(database) == expected
    assert database.query("SELECT COUNT(*) FROM tts_events") == [(3000,)]


def test_two_shippers_at_once_leave_one_row_an_event(
    tmp_path: Path, outputs: Path, project: dict[str, str], database: Database
) -> None:
    settings = project | {"SIDECAR_BATCH_MAX_EVENTS": "20"}
    with running(cwd=tmp_path, settings=settings) as one, running(cwd=tmp_path, settings=settings) as two:
        expected = publish_many(outputs, 400)
        one.shipped(400)
        two.shipped(400)
        assert ids(database) == expected
    assert database.query("SELECT COUNT(*) FROM tts_events") == [(400,)]
    assert database.query("SELECT COUNT(*) FROM sidecar_quarantine") == [(0,)]


def test_the_database_away_under_load_costs_nothing(tmp_path: Path, outputs: Path, own_server: Server) -> None:
    url = own_server.url(own_server.create_database())
    settings = {"SIDECAR_DATABASE_URL": url}
    sidecar("migrate", cwd=tmp_path, settings=settings)
    expected: list[str] = []
    slowest = 0.0
    stop = threading.Event()

    def write() -> None:
        nonlocal slowest
        while not stop.wait(0.01):
            event = succeeded()
            started = time.monotonic()
            publish(outputs, event)
            slowest = max(slowest, time.monotonic() - started)
            expected.append(event["id"])

    writer = threading.Thread(target=write)
    writer.start()
    try:
        with running(cwd=tmp_path, settings=settings) as shipper:
            eventually(lambda: shipper.total("sidecar_events_shipped_total") > 10, "some shipped")
            own_server.kill()
            eventually(lambda: shipper.get("/readyz")[0] == 503, "not ready while the database is away")
            refused = 'sidecar_sink_attempts_total{outcome="failed"}'
            eventually(lambda: shipper.metrics().get(refused, 0) >= 3, "three attempts that fail")
            own_server.start()
            eventually(lambda: shipper.get("/readyz")[0] == 200, "ready again")
            stop.set()
            writer.join()
            shipper.shipped(len(expected))
            assert conserved(shipper)
            database = open_database(Settings(database_url=url))
            assert ids(database) == sorted(expected)
            database.close()
    finally:
        stop.set()
        writer.join()


def test_a_restored_backup_is_filled_up_again_without_a_restart(
    tmp_path: Path, outputs: Path, project: dict[str, str], database: Database
) -> None:
    """Rows and position are put back together, as a restore does."""
    with running("--probe-seconds", "0.2", cwd=tmp_path, settings=project) as shipper:
        first = publish_many(outputs, 10)
        shipper.shipped(10)
        tables = ("tts_records", "tts_processes", "tts_events", "sidecar_positions")
        for table in tables:
            database.execute(f"CREATE TABLE backup_{table} AS SELECT * FROM {table}")
        second = publish_many(outputs, 10)
        shipper.shipped(20)
        for table in ("sidecar_positions", "tts_records", "tts_events"):
            database.execute(f"DELETE FROM {table}")
            database.execute(f"INSERT INTO {table} SELECT * FROM backup_{table}")
        eventually(lambda: ids(database) == sorted(first + second), f"all rows again: {shipper.log}")


def test_no_secret_is_seen_anywhere(tmp_path: Path, outputs: Path) -> None:
    secret = "s3cr3t-of-the-house"
    settings = {"SIDECAR_DATABASE_URL": f"mysql://anna:{secret}@127.0.0.1:1/tts", "SIDECAR_LOG_LEVEL": "debug"}
    with running(cwd=tmp_path, settings=settings) as shipper:
        eventually(lambda: "127.0.0.1:1" in shipper.get("/readyz")[1], "the reason")
        shown = shipper.log + shipper.get("/metrics")[1] + shipper.get("/readyz")[1]
        shown += Path(f"/proc/{shipper.process.pid}/cmdline").read_text()
        assert secret not in shown
    for arguments in (["migrate"], ["run", "--once"]):
        done = sidecar(*arguments, cwd=tmp_path, settings=settings, check=False)
        assert done.returncode == 1
        assert secret not in done.stdout + done.stderr
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"SIDECAR_WATCHDIR": "x"}, "Did you mean SIDECAR_WATCH_DIR?"),
        ({"SIDECAR_BATCH_MAX_EVENTS": "many"}, "SIDECAR_BATCH_MAX_EVENTS"),
        ({"SIDECAR_BATCH_MAX_EVENTS": "0"}, "SIDECAR_BATCH_MAX_EVENTS"),
        ({"SIDECAR_DATABASE_URL": "postgres://x"}, "SIDECAR_DATABASE_URL"),
        ({"SIDECAR_DATABASE_URL": "mysql://u:hidden@h:port/db"}, "port"),
        ({"SIDECAR_DATABASE_PASSWORD_FILE": "/nowhere"}, "SIDECAR_DATABASE_PASSWORD_FILE"),
        ({"SIDECAR_LISTEN": "9790"}, "SIDECAR_LISTEN"),
        ({"SIDECAR_LISTEN": "127.0.0.1:70000"}, "SIDECAR_LISTEN"),
        ({"SIDECAR_WATCH_DIR": ","}, "SIDECAR_WATCH_DIR"),
        ({"SIDECAR_SETTLE_SECONDS": "nan"}, "SIDECAR_SETTLE_SECONDS"),
    ],
)
def test_a_wrong_setting_is_one_line_and_exit_code_2(tmp_path: Path, settings: dict[str, str], said: str) -> None:
    done = sidecar("run", cwd=tmp_path, settings=settings, check=False)
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert "hidden" not in done.stderr


def test_settings_come_from_flags_before_environment_before_dotenv(tmp_path: Path) -> None:
    for name in ("flag", "environment", "dotenv"):
        (tmp_path / name).mkdir()
        publish(tmp_path / name, succeeded(name))
    (tmp_path / ".env").write_text("SIDECAR_WATCH_DIR=dotenv\nSIDECAR_DATABASE_URL=sqlite:///here.db\n")
    sidecar("migrate", cwd=tmp_path)
    database = open_database(Settings(database_url=f"sqlite:///{tmp_path}/here.db"))
    expected = []
    for arguments, settings, name in (
        ([], {}, "dotenv"),
        ([], {"SIDECAR_WATCH_DIR": "environment"}, "environment"),
        (["--watch-dir", "flag"], {"SIDECAR_WATCH_DIR": "environment"}, "flag"),
    ):
        sidecar("run", "--once", *arguments, cwd=tmp_path, settings=settings)
        expected.append(name)
        assert [row[0] for row in database.query("SELECT text_input FROM tts_records ORDER BY id")] == expected
    database.close()


def test_a_password_on_the_command_line_is_refused(tmp_path: Path) -> None:
    done = sidecar("run", "--database-url", "mysql://u:hidden@h/db", cwd=tmp_path, check=False)
    assert done.returncode == 2
    assert "ps" in done.stderr
    assert "hidden" not in done.stderr


def test_logs_of_a_service_are_one_json_object_a_line(tmp_path: Path, outputs: Path) -> None:
    with running(cwd=tmp_path, settings={}) as shipper:
        shipper.stop()
        lines = [json.loads(line) for line in shipper.log.splitlines()]
    assert {"event", "level", "timestamp"} <= set(lines[0])
    assert lines[-1]["event"] == "stopped"


def test_seventy_folders_are_shipped_within_a_services_limit_of_tasks(tmp_path: Path) -> None:
    """The unit allows 64 tasks. One thread and one inotify instance a folder were a crash loop."""
    folders = [tmp_path / f"outputs-{number}" for number in range(70)]
    for folder in folders:
        folder.mkdir()
        publish(folder, succeeded())
    settings = {
        "SIDECAR_WATCH_DIR": os.pathsep.join(map(str, folders)),
        "SIDECAR_DATABASE_URL": f"sqlite:///{tmp_path / 'sidecar.db'}",
    }
    sidecar("migrate", cwd=tmp_path, settings=settings)
    with running(cwd=tmp_path, settings=settings) as shipper:
        shipper.shipped(70)
        for folder in folders:
            publish(folder, succeeded())
        shipper.shipped(140)
        assert len(os.listdir(f"/proc/{shipper.process.pid}/task")) < 16
        assert shipper.total("sidecar_scan_recovered_total") == 0
        assert shipper.stop() == 0


def dated(folder: Path, day: str) -> Path:
    made = folder / day
    made.mkdir(parents=True)
    publish(made, succeeded())
    return made


def test_folders_below_are_shipped_as_they_come_where_the_settings_say_so(tmp_path: Path, database_url: str) -> None:
    outputs = tmp_path / "outputs"
    first = dated(outputs, "2026-11-25")
    hidden = dated(outputs, ".trash")
    settings = {"SIDECAR_WATCH_DIR": f"{outputs}/**", "SIDECAR_DATABASE_URL": database_url}
    sidecar("migrate", cwd=tmp_path, settings=settings)
    with running(cwd=tmp_path, settings=settings) as shipper:
        shipper.shipped(1)
        second = dated(outputs, "2026-11-26")
        deeper = dated(second, "batch 一")
        shipper.shipped(3)
        publish(deeper, succeeded())
        publish(first, succeeded())
        publish(outputs, succeeded())
        shipper.shipped(6)
        for path in second.rglob("*.json"):
            path.unlink()
        deeper.rmdir()
        second.rmdir()
        publish(first, succeeded())
        shipper.shipped(7)
        eventually(lambda: shipper.get("/readyz")[0] == 200, shipper.log)
        dated(outputs, "2026-11-26")
        shipper.shipped(8)
        metrics = shipper.metrics()
        assert metrics["sidecar_pending_events"] == 0
        assert shipper.stop() == 0
    assert str(hidden) not in shipper.log
    done = sidecar("verify", "--json", "--no-audio", cwd=tmp_path, settings=settings, check=False)
    assert [json.loads(line)["below_not_shipped"] for line in done.stdout.splitlines()] == [[], [], []]
    assert sum(json.loads(line)["event_files"] for line in done.stdout.splitlines()) == 5


def test_event_files_below_that_are_not_shipped_are_told_of(tmp_path: Path) -> None:
    outputs = tmp_path / "outputs"
    below = dated(outputs, "2026-11-25")
    (outputs / "presets" / "one").mkdir(parents=True)
    (outputs / "presets" / "one" / "preset.json").write_text('{"name": "of another program"}')
    settings = {
        "SIDECAR_WATCH_DIR": str(outputs),
        "SIDECAR_DATABASE_URL": f"sqlite:///{tmp_path / 'sidecar.db'}",
        "SIDECAR_LISTEN": "off",
    }
    sidecar("migrate", cwd=tmp_path, settings=settings)
    told = {
        "run": sidecar("run", "--once", cwd=tmp_path, settings=settings).stderr,
        "verify": sidecar("verify", cwd=tmp_path, settings=settings, check=False).stdout,
        "doctor": sidecar("doctor", "--no-service", cwd=tmp_path, settings=settings, check=False).stdout,
    }
    for verb, text in told.items():
        assert str(below) in text.replace("\n", ""), verb
        assert "/**" in text, verb
        assert "presets" not in text, verb
