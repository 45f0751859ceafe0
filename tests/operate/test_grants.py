"""The grants scripts, run as the documentation says, give each role what it needs and nothing more."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pymysql
import pytest

from tests.events import envelope, publish, succeeded
from tests.integration.processes import sidecar
from tests.operate.prometheus import DEPLOY
from tests.servers import Account, MariaDB, Server
from tests.servers.fixtures import SERVER_KINDS
from tests.servers.mariadb import find_program

DENIED = {1044, 1142, 1143, 1227, 1370}


@dataclass
class Installed:
    server: Server
    database: str
    folder: Path

    def account(self, role: str) -> Account:
        return Account(user=f"{self.database}_{role}", password=f"of {role}")

    def settings(self, role: str) -> dict[str, str]:
        url = self.server.url(self.database, self.account(role))
        return {"SIDECAR_DATABASE_URL": url, "SIDECAR_WATCH_DIR": str(self.folder), "SIDECAR_LISTEN": "off"}

    def count(self, subject: str) -> tuple[int, int]:
        """How many records and events there are of a subject."""
        with self.server.connect(self.database) as root, root.cursor() as cursor:
            found = []
            for column, table in (("event_id", "tts_records"), ("subject", "tts_events")):
                cursor.execute(f"SELECT COUNT(*) FROM {table} WHERE {column} = %s", (subject,))
                found.append(cursor.fetchall()[0][0])
        return found[0], found[1]

    def as_role(self, role: str, statement: str) -> int:
        """0 where the role may run the statement, else the server's error number."""
        with self.server.connect(self.database, self.account(role)) as connection, connection.cursor() as cursor:
            try:
                cursor.execute(statement)
            except pymysql.Error as error:
                return int(error.args[0])
        return 0


def run_script(server: Server, name: str, database: str) -> None:
    """Run one of deploy/mysql for another database than tts, as its first lines tell to."""
    script = re.sub("<password of tts_(.*)>", r"'of \1'", (DEPLOY / "mysql" / name).read_text())
    script = script.replace("`tts`", f"`{database}`").replace("'tts_", f"'{database}_")
    script = "\n".join(line for line in script.splitlines() if not line.startswith("--"))
    server.execute(*filter(None, (statement.strip() for statement in script.split(";"))))


@pytest.fixture(scope="module", params=SERVER_KINDS)
def installed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    server: Server = request.getfixturevalue(request.param)
    database = server.create_database()
    folder = tmp_path_factory.mktemp("outputs")
    found = Installed(server, database, folder)
    run_script(server, "accounts.sql", database)
    run_script(server, "grants.sql", database)
    sidecar("migrate", cwd=folder, settings=found.settings("migrate"))
    yield found
    run_script(server, "revoke.sql", database)
    server.drop_database(database)


@pytest.mark.parametrize("kind", SERVER_KINDS)
def test_without_passwords_the_script_is_refused(kind: str, request: pytest.FixtureRequest) -> None:
    server: Server = request.getfixturevalue(kind)
    script = (DEPLOY / "mysql" / "accounts.sql").read_text()
    first = next(line for line in script.splitlines() if not line.startswith("--"))
    with pytest.raises(pymysql.err.ProgrammingError, match="password of tts_migrate"):
        server.execute(first.rstrip(";"))


def test_the_service_ships_with_its_role(installed: Installed, tmp_path: Path) -> None:
    for _ in range(2):  # an insert, then an upsert of the same
        publish(installed.folder, succeeded())
        publish(installed.folder, b"{", name=f"broken{_}.json")
        settings = installed.settings("ship") | {"SIDECAR_SETTLE_SECONDS": "0"}
        sidecar("run", "--once", cwd=tmp_path, settings=settings)
    assert installed.as_role("ship", "SELECT * FROM tts_records") == 0


def test_a_tombstone_ships_without_the_right_to_delete_and_is_obeyed_by_who_has_it(
    installed: Installed, tmp_path: Path
) -> None:
    """As after a restored backup of the database: the record is there, then its tombstone comes."""
    event = succeeded("to be forgotten")
    publish(installed.folder, event)
    sidecar("run", "--once", cwd=tmp_path, settings=installed.settings("ship"))
    data = {"reason": None, "caller": None}
    publish(installed.folder, envelope("record.forgotten", data, subject=event["id"]), name="tombstone.json")
    sidecar("run", "--once", cwd=tmp_path, settings=installed.settings("ship"))
    assert installed.count(event["id"]) == (1, 2)
    sidecar("forget", "--pending", "--yes", cwd=tmp_path, settings=installed.settings("migrate"))
    assert installed.count(event["id"]) == (0, 1)
    assert b"to be forgotten" not in b"".join(path.read_bytes() for path in installed.folder.glob("*.json"))


@pytest.mark.parametrize(
    "verb", [("prune", "--older-than", "2099-01-01", "--remove", "everything"), ("forget", "--text=a")]
)
def test_without_the_right_to_delete_nothing_is_removed(
    installed: Installed, tmp_path: Path, verb: tuple[str, ...]
) -> None:
    publish(installed.folder, succeeded("a"))
    sidecar("run", "--once", cwd=tmp_path, settings=installed.settings("ship"))
    before = {path.name for path in installed.folder.iterdir()}
    done = sidecar(*verb, "--yes", cwd=tmp_path, settings=installed.settings("ship"), check=False)
    assert done.returncode == 1
    assert "DELETE" in done.stderr
    assert "Traceback" not in done.stderr
    assert {path.name for path in installed.folder.iterdir()} == before


def test_the_service_has_exactly_its_grants(installed: Installed) -> None:
    with installed.server.connect() as root, root.cursor() as cursor:
        cursor.execute(f"SHOW GRANTS FOR '{installed.database}_ship'@'%'")
        found = [str(row[0]) for row in cursor.fetchall()]
    granted = {}
    for line in found:
        match = re.match(r"GRANT (.+) ON (\S+) TO", line)
        assert match is not None
        granted[match[2].replace("`", "")] = set(match[1].split(", "))
    assert granted.pop("*.*") == {"USAGE"}
    write, read = {"SELECT", "INSERT", "UPDATE"}, {"SELECT"}
    assert granted == {
        f"{installed.database}.{table}": rights
        for table, rights in {
            "tts_records": write,
            "tts_processes": write,
            "tts_scores": write,
            "tts_tags": write,
            "tts_preferences": write,
            "tts_events": write,
            "sidecar_positions": write,
            "sidecar_quarantine": write,
            "sidecar_migrations": read,
        }.items()
    }


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM tts_records",
        "DELETE FROM tts_events",
        "DROP TABLE tts_records",
        "ALTER TABLE tts_events ADD COLUMN x INT",
        "CREATE TABLE x (x INT)",
        "INSERT INTO sidecar_migrations VALUES (9, 'x', NOW())",
    ],
)
def test_the_service_may_do_nothing_else(installed: Installed, statement: str) -> None:
    assert installed.as_role("ship", statement) in DENIED


def test_readers_only_read(installed: Installed) -> None:
    assert installed.as_role("read", "SELECT COUNT(*) FROM tts_records") == 0
    for statement in ("UPDATE tts_records SET emotion = 'x'", "DELETE FROM tts_events", "CREATE TABLE x (x INT)"):
        assert installed.as_role("read", statement) in DENIED


@pytest.mark.usefixtures("mariadb")  # which says whether there is one
def test_compose_gives_each_role_the_password_of_its_variable(tmp_path: Path) -> None:
    """accounts.sh as MySQL's image runs it, but for the folder that is mounted there."""
    odd = {role: f'{role}\'s \\ "pass" & $HOME `x` 密' for role in ("migrate", "ship", "read")}
    script = (DEPLOY / "compose" / "accounts.sh").read_text()
    assert "/grants/" in script
    client = tmp_path / "mysql"
    (tmp_path / "grants").symlink_to(DEPLOY / "mysql")  # a clone's own path may have spaces
    with MariaDB() as server:
        client.write_text(f'#!/bin/sh\nexec {find_program("mariadb")} --no-defaults -S {server.folder}/s.sock "$@"\n')
        client.chmod(0o755)
        server.execute("ALTER USER root@localhost IDENTIFIED BY 'of root'")
        done = subprocess.run(
            ["bash", "-c", script.replace("/grants/", f"{tmp_path}/grants/")],
            env={
                "PATH": f"{tmp_path}:{os.environ['PATH']}",
                "LANG": "C.UTF-8",
                "MYSQL_ROOT_PASSWORD": "of root",
                **{f"{role.upper()}_PASSWORD": password for role, password in odd.items()},
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
        url = f"mysql://tts_migrate@127.0.0.1:{server.port}/tts"
        sidecar(
            "migrate",
            cwd=tmp_path,
            settings={"SIDECAR_DATABASE_URL": url, "SIDECAR_DATABASE_PASSWORD": odd["migrate"]},
        )
        for role, password in odd.items():
            server.connect(account=Account(user=f"tts_{role}", password=password)).close()
            with pytest.raises(pymysql.err.OperationalError):
                server.connect(account=Account(user=f"tts_{role}", password=f"<password of tts_{role}>"))
