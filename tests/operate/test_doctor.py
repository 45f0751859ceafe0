"""doctor names the cause and the cure of each deliberate misconfiguration; every one here is real."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from click.testing import CliRunner

from sidecar.cli.main import sidecar as root_command
from tests.events import publish, succeeded
from tests.integration.processes import running, sidecar
from tests.operate.scene import make_old_wavs, make_wav
from tests.places import as_nobody
from tests.servers import MariaDB, Server, sqlite_url
from tests.servers.certificates import make_certificates
from tests.servers.instance import free_port

LISTEN = {"SIDECAR_LISTEN": f"127.0.0.1:{free_port()}"}  # where no shipper of this machine is
ROOT = Path(__file__).parents[2]


def findings(text: str) -> list[dict[str, str]]:
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def doctor(settings: Mapping[str, str], *arguments: str) -> list[dict[str, str]]:
    """What doctor finds, in this process."""
    cleared = dict.fromkeys((name for name in os.environ if name.startswith("SIDECAR_")), None)
    done = CliRunner().invoke(root_command, ["doctor", "--json", *arguments], env={**cleared, **LISTEN, **settings})
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    found = findings(done.stdout)
    assert done.exit_code == (1 if any(each["level"] == "failure" for each in found) else 0)
    return found


def blamed(found: list[dict[str, str]], check: str, level: str = "failure") -> dict[str, str]:
    """The one finding of that check and level; all others are well, but for notes."""
    (wanted,) = [each for each in found if each["check"].startswith(check) and each["level"] == level]
    others = [each for each in found if each is not wanted and each["level"] in ("warning", "failure")]
    assert others == []
    assert wanted["cure"]
    return wanted


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "outputs").mkdir()
    publish(tmp_path / "outputs", succeeded())
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def embedded(place: Path) -> dict[str, str]:
    settings = {
        "SIDECAR_WATCH_DIR": str(place / "outputs"),
        "SIDECAR_DATABASE_URL": sqlite_url(place / "sidecar.db"),
        **LISTEN,
    }
    sidecar("migrate", cwd=place, settings=settings)
    return settings


class Site:
    """A server of the tests' own, with a migrated database and the shipper's account."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.database = server.create_database()
        self.owner = {"SIDECAR_DATABASE_URL": server.url(self.database)}
        sidecar("migrate", cwd=server.folder, settings=self.owner)
        self.account = server.create_account(self.grants())

    def grants(self) -> list[str]:
        tables = (
            *("tts_records", "tts_processes", "tts_scores", "tts_tags", "tts_preferences", "tts_events"),
            *("sidecar_positions", "sidecar_quarantine"),
        )
        grants = [f"SELECT, INSERT, UPDATE ON `{self.database}`.{table}" for table in tables]
        return [*grants, f"SELECT ON `{self.database}`.sidecar_migrations"]

    def url(self, **changes: str) -> str:
        return self.server.url(self.database, self.account)

    def execute(self, *statements: str) -> None:
        with self.server.connect(self.database) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)


@pytest.fixture(scope="module")
def own_mariadb(tmp_path_factory: pytest.TempPathFactory, mariadb: Server) -> Iterator[MariaDB]:
    """Reconfigured at will, unlike the shared one (which says whether there is MariaDB at all)."""
    with MariaDB() as server:
        yield server


@pytest.fixture
def site(own_mariadb: MariaDB) -> Site:
    return Site(own_mariadb)


@pytest.fixture
def settings(site: Site, place: Path) -> dict[str, str]:
    return {
        "SIDECAR_WATCH_DIR": str(place / "outputs"),
        "SIDECAR_DATABASE_URL": site.url(),
        "SIDECAR_LISTEN": f"127.0.0.1:{free_port()}",
    }


def test_where_all_is_well_nothing_is_blamed(settings: dict[str, str]) -> None:
    found = doctor(settings)
    assert {each["level"] for each in found} <= {"ok", "note"}
    assert {"server", "TLS", "clock", "packets", "character set", "table version", "rights", "sample event"} <= {
        each["check"] for each in found
    }


def test_the_sample_event_is_undone(settings: dict[str, str], site: Site) -> None:
    doctor(settings)
    with site.server.connect(site.database) as connection, connection.cursor() as cursor:
        for table in (
            "tts_events",
            "tts_records",
            "tts_processes",
            "tts_scores",
            "tts_tags",
            "tts_preferences",
            "sidecar_positions",
            "sidecar_quarantine",
        ):
            cursor.execute(f"SELECT COUNT(*) FROM {table}")
            assert cursor.fetchone() == (0,)


def test_on_mysql_all_is_well_too(mysql: Server, place: Path) -> None:
    site = Site(mysql)
    settings = {"SIDECAR_WATCH_DIR": str(place / "outputs"), "SIDECAR_DATABASE_URL": site.url()}
    assert {each["level"] for each in doctor(settings)} <= {"ok", "note"}


# -- the way to the server


def test_wrong_password(settings: dict[str, str]) -> None:
    finding = blamed(doctor(settings | {"SIDECAR_DATABASE_PASSWORD": "wrong"}), "connection")
    assert "user and password" in finding["message"]
    assert "wrong" not in json.dumps(finding)
    assert "SIDECAR_DATABASE_PASSWORD" in finding["cure"]


def test_wrong_port(settings: dict[str, str], site: Site) -> None:
    url = settings["SIDECAR_DATABASE_URL"].replace(f":{site.server.port}/", f":{free_port()}/")
    finding = blamed(doctor(settings | {"SIDECAR_DATABASE_URL": url}), "connection")
    assert "no server answers" in finding["message"]
    assert "host and port" in finding["cure"]


def test_wrong_host(settings: dict[str, str]) -> None:
    url = settings["SIDECAR_DATABASE_URL"].replace("@127.0.0.1:", "@no-such-host.invalid:")
    assert "no-such-host.invalid" in blamed(doctor(settings | {"SIDECAR_DATABASE_URL": url}), "connection")["message"]


def test_wrong_database(settings: dict[str, str], site: Site) -> None:
    url = site.server.url("elsewhere")
    finding = blamed(doctor(settings | {"SIDECAR_DATABASE_URL": url}), "connection")
    assert "does not exist" in finding["message"]
    assert "sidecar init" in finding["cure"]


def test_wrong_socket(settings: dict[str, str], site: Site) -> None:
    url = settings["SIDECAR_DATABASE_URL"] + "?unix_socket=/nowhere/mysqld.sock"
    assert blamed(doctor(settings | {"SIDECAR_DATABASE_URL": url}), "connection")["cure"]


def test_tls_that_the_server_does_not_offer(settings: dict[str, str]) -> None:
    url = settings["SIDECAR_DATABASE_URL"] + "?ssl=on"
    finding = blamed(doctor(settings | {"SIDECAR_DATABASE_URL": url}), "connection")
    assert "TLS" in finding["message"]


@pytest.mark.usefixtures("mariadb")  # which says whether there is one
def test_tls_with_another_authority_and_an_account_that_insists(place: Path, tmp_path: Path) -> None:
    for name in ("ours", "other"):
        (tmp_path / name).mkdir()
    ours, other = make_certificates(tmp_path / "ours"), make_certificates(tmp_path / "other")
    with MariaDB(ours.options) as server:
        site = Site(server)
        site.account = server.create_account(site.grants(), require="SSL")
        settings = {"SIDECAR_WATCH_DIR": str(place / "outputs")}

        def found(options: str) -> list[dict[str, str]]:
            return doctor(settings | {"SIDECAR_DATABASE_URL": site.url() + options})

        assert "?ssl=on" in blamed(found("?ssl=off"), "connection")["cure"]
        assert "ssl_ca" in blamed(found(f"?ssl=verify&ssl_ca={other.ca}"), "connection")["cure"]
        (tls,) = [each for each in found(f"?ssl=verify&ssl_ca={ours.ca}") if each["check"] == "TLS"]
        assert "certificate checked" in tls["message"]


# -- the account and the tables


def test_missing_grant(settings: dict[str, str], site: Site) -> None:
    site.server.execute(f"REVOKE INSERT ON `{site.database}`.tts_events FROM '{site.account.user}'@'%'")
    finding = blamed(doctor(settings), "sample event")
    assert "tts_events" in finding["message"]
    assert "grants.sql" in finding["cure"]


def test_too_many_grants(settings: dict[str, str], site: Site) -> None:
    finding = blamed(doctor(settings | site.owner), "rights", "note")
    assert "ALL PRIVILEGES" in finding["message"]


def test_missing_tables(settings: dict[str, str], site: Site) -> None:
    empty = site.server.create_database()
    finding = blamed(doctor(settings | {"SIDECAR_DATABASE_URL": site.server.url(empty)}), "tables")
    assert "sidecar migrate" in finding["cure"]


def test_one_missing_table(settings: dict[str, str], site: Site) -> None:
    site.execute("DROP TABLE sidecar_quarantine")
    assert "sidecar_quarantine" in blamed(doctor(settings), "tables")["message"]


def test_old_tables(settings: dict[str, str], site: Site) -> None:
    site.execute("DELETE FROM sidecar_migrations ORDER BY number DESC LIMIT 1")
    assert "sidecar migrate" in blamed(doctor(settings), "table version")["cure"]


def test_future_tables(settings: dict[str, str], site: Site) -> None:
    site.execute("INSERT INTO sidecar_migrations VALUES (999, '999_from_the_future', NOW())")
    finding = blamed(doctor(settings), "table version", "note")
    assert "newer release" in finding["message"]
    assert "Upgrade" in finding["cure"]


def test_latin1_database(settings: dict[str, str], site: Site) -> None:
    site.execute(f"ALTER DATABASE `{site.database}` CHARACTER SET latin1")
    assert "latin1" in blamed(doctor(settings), "character set", "warning")["message"]


def test_latin1_column(settings: dict[str, str], site: Site) -> None:
    site.execute("ALTER TABLE tts_records MODIFY text_input MEDIUMTEXT CHARACTER SET latin1 NOT NULL")
    found = doctor(settings)
    causes = {each["check"]: each for each in found if each["level"] == "failure"}
    assert "tts_records.text_input (latin1)" in causes["character set"]["message"]
    assert "CONVERT TO CHARACTER SET utf8mb4" in causes["character set"]["cure"]
    assert "emoji" in causes["sample event"]["message"]


def test_tables_without_transactions(settings: dict[str, str], site: Site) -> None:
    site.execute("ALTER TABLE tts_records ENGINE = MyISAM")
    assert "InnoDB" in blamed(doctor(settings), "tables")["cure"]


# -- the server's ways


@contextlib.contextmanager
def set_global(server: Server, name: str, value: str) -> Iterator[None]:
    with server.connect() as connection, connection.cursor() as cursor:
        cursor.execute(f"SELECT @@GLOBAL.{name}")
        row = cursor.fetchone()
        assert row is not None
        cursor.execute(f"SET GLOBAL {name} = {value}")
        try:
            yield
        finally:
            cursor.execute(f"SET GLOBAL {name} = %s", row)


def test_wrong_time_zone(settings: dict[str, str], site: Site) -> None:
    with set_global(site.server, "time_zone", "'+08:00'"):
        finding = blamed(doctor(settings), "time zone", "note")
    assert "+08:00" in finding["message"]
    assert "UTC_TIMESTAMP" in finding["cure"]


def test_wrong_clock(settings: dict[str, str], site: Site) -> None:
    with set_global(site.server, "init_connect", "'SET SESSION timestamp = UNIX_TIMESTAMP() - 90'"):
        finding = blamed(doctor(settings), "clock", "warning")
    assert re.search(r"\b(89|9\d) s behind", finding["message"])


def test_small_packets(settings: dict[str, str], site: Site) -> None:
    with set_global(site.server, "max_allowed_packet", "65536"):
        finding = blamed(doctor(settings), "packets", "warning")
    assert "max_allowed_packet" in finding["cure"]


def test_read_only_server(settings: dict[str, str], site: Site) -> None:
    with set_global(site.server, "read_only", "1"):
        causes = {each["check"]: each for each in doctor(settings) if each["level"] == "failure"}
    assert "read-only" in causes["server"]["message"]
    assert "primary" in causes["server"]["cure"]
    assert set(causes) == {"server", "sample event"}


# -- the folder


def test_missing_folder(embedded: dict[str, str], place: Path) -> None:
    finding = blamed(doctor(embedded | {"SIDECAR_WATCH_DIR": str(place / "output")}), "folder")
    assert "does not exist" in finding["message"]
    assert "SIDECAR_WATCH_DIR" in finding["cure"]


def test_a_file_in_the_place_of_the_folder(embedded: dict[str, str], place: Path) -> None:
    (place / "file").touch()
    assert "not a folder" in blamed(doctor(embedded | {"SIDECAR_WATCH_DIR": str(place / "file")}), "folder")["message"]


def test_wavs_without_events(embedded: dict[str, str], place: Path) -> None:
    (place / "silent").mkdir()
    make_old_wavs(place / "silent", 3)
    (place / "silent" / "made of one by hand.mp3").touch()
    finding = blamed(doctor(embedded | {"SIDECAR_WATCH_DIR": str(place / "silent")}), "folder", "warning")
    assert "3 of 3 WAVs" in finding["message"]
    assert "sidecar backfill" in finding["cure"]


def test_one_wav_that_no_event_names(embedded: dict[str, str], place: Path) -> None:
    (name,) = make_old_wavs(place / "outputs", 1)
    make_wav(place / "outputs" / "being_recorded.wav")
    finding = blamed(doctor(embedded), "folder", "warning")
    assert "1 of 2 WAVs" in finding["message"]
    assert "python -m indextts_patch doctor" in finding["cure"]
    publish(place / "outputs", succeeded(), name=f"{name}.json")
    assert {each["level"] for each in doctor(embedded)} <= {"ok", "note"}


@contextlib.contextmanager
def somebody_else(place: Path) -> Iterator[None]:
    if os.geteuid() != 0:
        pytest.skip("only root can become somebody who may not")
    with as_nobody(place, "doctor"):
        yield


@pytest.mark.parametrize("mode", [0o700, 0o711])
def test_unreadable_folder(embedded: dict[str, str], place: Path, mode: int) -> None:
    place.chmod(0o777)
    (place / "sidecar.db").chmod(0o666)
    (place / "outputs").chmod(mode)
    with somebody_else(place):
        finding = blamed(doctor(embedded), "folder")
    assert "may not" in finding["message"]
    assert "setfacl" in finding["cure"]


def test_unreadable_event_file(embedded: dict[str, str], place: Path) -> None:
    place.chmod(0o777)
    (place / "sidecar.db").chmod(0o666)
    next((place / "outputs").glob("*.json")).chmod(0o600)
    with somebody_else(place):
        assert "may not read" in blamed(doctor(embedded), "folder")["message"]


def in_namespace(place: Path, settings: Mapping[str, str], *, flags: list[str], setup: str) -> list[dict[str, str]]:
    """Run doctor in Linux namespaces of its own, where its world can be made as bad as wanted."""
    unshare = shutil.which("unshare")
    command = [unshare or "unshare", *flags, "sh", "-c"]
    if unshare is None or subprocess.run([*command, setup], cwd=place, capture_output=True, check=False).returncode:
        pytest.skip("no namespaces here, or the kernel's settings are read-only")
    script = f"{setup} && exec {shlex.quote(sys.executable)} -m sidecar doctor --json"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **settings}
    done = subprocess.run([*command, script], cwd=place, env=environment, capture_output=True, text=True, check=False)
    found = findings(done.stdout)
    assert found, done.stderr
    return found


def test_no_inotify_instances_left(embedded: dict[str, str], place: Path) -> None:
    found = in_namespace(
        place,
        embedded,
        flags=["--user", "--map-root-user"],
        setup="echo 0 > /proc/sys/user/max_inotify_instances",
    )
    finding = blamed(found, "watching", "warning")
    assert "fs.inotify.max_user_instances" in finding["cure"]


def test_full_disk(embedded: dict[str, str], place: Path) -> None:
    (place / "small").mkdir()
    url = sqlite_url(place / "small" / "sidecar.db")
    setup = (
        f"mount -t tmpfs -o size=1m none {place}/small && cp {place}/sidecar.db {place}/small/ && "
        f"mkdir {place}/small/outputs && (head -c 2m /dev/zero > {place}/small/zeros 2>/dev/null || true)"
    )
    settings = {"SIDECAR_DATABASE_URL": url, "SIDECAR_WATCH_DIR": str(place / "small" / "outputs")}
    found = in_namespace(place, embedded | settings, flags=["--mount"], setup=setup)
    causes = {each["check"]: each for each in found if each["level"] == "failure"}
    assert "sidecar prune" in causes["disk"]["cure"]
    assert "Free room" in causes["sample event"]["cure"]


# -- the embedded database


def test_no_file_yet(embedded: dict[str, str], place: Path) -> None:
    url = sqlite_url(place / "other.db")
    assert "sidecar migrate" in blamed(doctor(embedded | {"SIDECAR_DATABASE_URL": url}), "tables")["cure"]


def test_no_folder_for_the_file(embedded: dict[str, str], place: Path) -> None:
    url = sqlite_url(place / "nowhere" / "sidecar.db")
    assert "no folder" in blamed(doctor(embedded | {"SIDECAR_DATABASE_URL": url}), "database")["message"]


def test_another_program_s_file(embedded: dict[str, str], place: Path) -> None:
    (place / "other.db").write_bytes(b"This is no database at all, whatever its name says.\n" * 100)
    url = sqlite_url(place / "other.db")
    finding = blamed(doctor(embedded | {"SIDECAR_DATABASE_URL": url}), "sample event")
    assert "SIDECAR_DATABASE_URL" in finding["cure"]


def test_a_file_that_may_not_be_written(embedded: dict[str, str], place: Path) -> None:
    (place / "sidecar.db").chmod(0o644)
    with somebody_else(place):
        assert "chown" in blamed(doctor(embedded), "database")["cure"]


# -- what waits for a person


@pytest.mark.parametrize("server", ["embedded", "settings"])
def test_files_in_quarantine(request: pytest.FixtureRequest, place: Path, server: str) -> None:
    chosen: dict[str, str] = request.getfixturevalue(server)
    (place / "outputs" / "broken.json").write_bytes(b"{")
    (place / "outputs" / "folder.json").mkdir()
    sidecar("run", "--once", "--listen", "off", "--settle-seconds", "0", cwd=place, settings=chosen)
    finding = blamed(doctor(chosen), "quarantine", "warning")
    assert "2 files could not become rows: 1 invalid_json, 1 unreadable" in finding["message"]
    assert "sidecar quarantine list" in finding["cure"]
    sidecar("quarantine", "drop", "--all", cwd=place, settings=chosen)
    assert {each["level"] for each in doctor(chosen)} <= {"ok", "note"}


# -- settings and service


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("SIDECAR_WATCHDIR", "outputs", "SIDECAR_WATCH_DIR"),
        ("SIDECAR_BATCH_MAX_EVENTS", "0", "SIDECAR_BATCH_MAX_EVENTS"),
        ("SIDECAR_DATABASE_URL", "postgres://u@h/d", "sqlite and mysql"),
        ("SIDECAR_DATABASE_PASSWORD_FILE", "/nowhere/password", "SIDECAR_DATABASE_PASSWORD_FILE"),
        ("SIDECAR_LISTEN", "9790", "SIDECAR_LISTEN"),
    ],
)
def test_a_wrong_setting_is_one_line_and_exit_code_2(
    embedded: dict[str, str], place: Path, name: str, value: str, said: str
) -> None:
    done = sidecar("doctor", cwd=place, settings=embedded | {name: value}, check=False)
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_password_that_everybody_may_read(settings: dict[str, str], place: Path, site: Site) -> None:
    path = place / "password"
    path.write_text(site.account.password)
    path.chmod(0o644)
    finding = blamed(doctor(settings | {"SIDECAR_DATABASE_PASSWORD_FILE": str(path)}), "settings", "warning")
    assert "chmod" in finding["cure"]
    path.chmod(0o640)
    assert {each["level"] for each in doctor(settings | {"SIDECAR_DATABASE_PASSWORD_FILE": str(path)})} <= {
        "ok",
        "note",
    }


def test_another_program_on_the_port(embedded: dict[str, str]) -> None:
    class Other(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(404)

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    with HTTPServer(("127.0.0.1", 0), Other) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        where = f"127.0.0.1:{server.server_address[1]}"
        finding = blamed(doctor(embedded | {"SIDECAR_LISTEN": where}), "service")
        server.shutdown()
    assert "another program" in finding["message"]


def test_a_program_that_speaks_no_http_on_the_port(embedded: dict[str, str], own_mariadb: MariaDB) -> None:
    finding = blamed(doctor(embedded | {"SIDECAR_LISTEN": f"127.0.0.1:{own_mariadb.port}"}), "service")
    assert "another program" in finding["message"]


def test_another_project_s_shipper_on_the_port(embedded: dict[str, str], place: Path) -> None:
    (place / "theirs").mkdir()
    theirs = embedded | {"SIDECAR_WATCH_DIR": str(place / "theirs"), "SIDECAR_LISTEN": "127.0.0.1:0"}
    with running(cwd=place, settings=theirs) as shipper:
        shipper.shipped(0)
        ours = embedded | {"SIDECAR_LISTEN": f"127.0.0.1:{shipper.port}"}
        finding = blamed(doctor(ours), "service")
        status = sidecar("status", cwd=place, settings=ours, check=False)
    assert "other folders" in finding["message"]
    assert "SIDECAR_LISTEN" in finding["cure"]
    assert "restart" in finding["cure"]
    assert (status.returncode, "another name or other folders" in status.stdout) == (1, True)


def test_a_shipper_that_ships_into_another_database(embedded: dict[str, str], place: Path, database_url: str) -> None:
    """Its settings were changed since, or it reads others than the person who asks."""
    other = database_url if database_url.startswith("mysql") else f"sqlite:///{place / 'other.db'}"
    sidecar("migrate", cwd=place, settings=embedded | {"SIDECAR_DATABASE_URL": other})
    with running(cwd=place, settings=embedded | {"SIDECAR_LISTEN": "127.0.0.1:0"}) as shipper:
        shipper.shipped(1)
        ours = {"SIDECAR_LISTEN": f"127.0.0.1:{shipper.port}", "SIDECAR_DATABASE_URL": other}
        finding = blamed(doctor(embedded | ours), "service")
        status = sidecar("status", cwd=place, settings=embedded | ours, check=False)
    assert "another database" in finding["message"]
    assert "Restart" in finding["cure"]
    assert (status.returncode, "another database" in status.stdout) == (1, True)


def test_a_port_that_is_taken_and_silent(embedded: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        where = f"127.0.0.1:{taken.getsockname()[1]}"
        assert "another program" in blamed(doctor(embedded | {"SIDECAR_LISTEN": where}), "service")["message"]


def test_no_shipper_and_a_shipper(embedded: dict[str, str], place: Path) -> None:
    assert "no shipper runs" in blamed(doctor(embedded), "service", "note")["message"]
    with running(cwd=place, settings=embedded | {"SIDECAR_LISTEN": "127.0.0.1:0"}) as shipper:
        shipper.shipped(1)
        found = doctor(embedded | {"SIDECAR_LISTEN": f"127.0.0.1:{shipper.port}"})
    assert {each["level"] for each in found} == {"ok"}


def test_people_see_a_sign_a_cause_and_a_cure(embedded: dict[str, str], place: Path) -> None:
    done = sidecar("doctor", cwd=place, settings=embedded | {"SIDECAR_WATCH_DIR": "nowhere"}, check=False)
    assert done.returncode == 1
    assert "FAILURE folder" in done.stdout
    assert "→ Correct SIDECAR_WATCH_DIR" in done.stdout
