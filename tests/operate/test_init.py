"""`sidecar init`, as a newcomer meets it: on bare servers, wrongly answered, interrupted, killed, and run again."""

from __future__ import annotations

import os
import signal
import sqlite3
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pymysql
import pytest

from tests.events import publish, succeeded
from tests.integration.processes import running
from tests.operate.terminal import Dialogue
from tests.servers import Account, Server
from tests.servers.fixtures import SERVER_KINDS

ROOT = Path(__file__).parents[2]
PASSWORDS = ".sidecar-passwords"
UNCHANGED = "Nothing was changed."
SIDECAR = [sys.executable, "-m", "sidecar"]


@dataclass
class Newcomer:
    """A home folder with IndexTTS in it, and what is typed there."""

    home: Path
    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def env(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
        return kept | {"HOME": str(self.home), "PYTHONPATH": str(ROOT)} | self.environment | dict(more or {})

    def init(self, *words: str, code: int = 0, cwd: Path | None = None, **environment: str) -> str:
        """Run it without a terminal; what it said, as one text."""
        done = self.run("init", *words, cwd=cwd, **environment)
        assert done.returncode == code, f"{done.returncode}: {done.stdout}{done.stderr}"
        if code:
            assert done.stderr.count("\n") == 1, done.stderr
            assert done.stderr.startswith("sidecar: "), done.stderr
        self.nothing_told(done.stdout + done.stderr, environment.get("MYSQL_PWD", ""))
        return done.stdout + done.stderr

    def run(self, *words: str, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*SIDECAR, *words],
            cwd=cwd or self.folder,
            env=self.env(environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def dialogue(self, *words: str, cwd: Path | None = None, **environment: str) -> Dialogue:
        return Dialogue(*SIDECAR, "init", *words, cwd=cwd or self.folder, environment=self.env(environment))

    def passwords(self) -> dict[str, str]:
        return {path.name: path.read_text().strip() for path in (self.folder / PASSWORDS).glob("*_*")}

    def settings(self) -> list[str]:
        return (self.folder / ".env").read_text().splitlines()

    def nothing_told(self, text: str, *secrets: str) -> None:
        """No password is in what was said."""
        for secret in (*self.passwords().values(), *(each for each in secrets if each)):
            assert secret not in text

    def left(self) -> dict[str, tuple[bytes, int]]:
        """Every file of the folder but the database's own, with its content and time."""
        files = (path for path in self.folder.rglob("*") if path.is_file() and not path.name.startswith("sidecar.db"))
        return {str(path): (path.read_bytes(), path.stat().st_mtime_ns) for path in files}

    def ships(self) -> None:
        """An event file becomes a row that is found."""
        publish(self.folder / "outputs", succeeded("欢迎光临"))
        shipped = self.run("run", "--once", "--listen", "off")
        assert shipped.returncode == 0, shipped.stderr
        assert "欢迎光临" in self.run("find", "欢迎光临", "--json").stdout


@pytest.fixture
def newcomer(tmp_path: Path) -> Newcomer:
    folder = tmp_path / "index-tts"
    (folder / "indextts").mkdir(parents=True)
    (folder / "webui.py").touch()
    subprocess.run(["git", "init", "--quiet", folder], check=True)
    return Newcomer(home=tmp_path, folder=folder)


@dataclass
class Host:
    """A server with an administrator who logs in from anywhere, and a database that is not there yet."""

    server: Server
    name: str
    administrator: Account

    @property
    def where(self) -> str:
        return f"mysql://{self.administrator.user}@127.0.0.1:{self.server.port}/{self.name}"

    @property
    def password(self) -> str:
        return self.administrator.password

    def query(self, sql: str) -> list[tuple[object, ...]]:
        with self.server.connect() as root, root.cursor() as cursor:
            cursor.execute(sql)
            return list(cursor.fetchall())

    def accounts(self) -> set[str]:
        named = ", ".join(f"'{self.name}_{role}'" for role in ("migrate", "ship", "read"))
        return {str(user) for (user,) in self.query(f"SELECT user FROM mysql.user WHERE user IN ({named})")}


@pytest.fixture(params=SERVER_KINDS)
def host(request: pytest.FixtureRequest) -> Iterator[Host]:
    server: Server = request.getfixturevalue(request.param)
    name = server.create_database()
    server.drop_database(name)
    boss = server.create_account()
    server.execute(f"GRANT ALL PRIVILEGES ON *.* TO '{boss.user}'@'%' WITH GRANT OPTION")
    found = Host(server, name, boss)
    yield found
    server.execute(
        f"DROP USER '{boss.user}'@'%'",
        f"DROP DATABASE IF EXISTS `{name}`",
        *(f"DROP USER '{user}'@'%'" for user in found.accounts()),
    )


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


# Without a server.


def test_from_nothing_to_recording_in_a_file(newcomer: Newcomer) -> None:
    told = newcomer.init("--yes")
    assert newcomer.settings() == ["SIDECAR_DATABASE_URL=sqlite:///sidecar.db"]
    assert mode(newcomer.folder / ".env") == 0o600
    assert "sidecar run" in told.replace("'", "")  # which quote a clone's path with a space
    newcomer.ships()
    seen = subprocess.run(
        ["git", "-C", newcomer.folder, "status", "--porcelain"], capture_output=True, text=True, check=True
    ).stdout
    assert ".env" not in seen
    assert "sidecar.db" not in seen


def test_again_it_changes_nothing(newcomer: Newcomer) -> None:
    newcomer.init("--yes")
    before = newcomer.left()
    assert UNCHANGED in newcomer.init("--yes")
    assert newcomer.left() == before


def test_what_else_is_in_the_settings_stays(newcomer: Newcomer) -> None:
    said = "# mine\r\nGRADIO_PORT=7860\r\nexport SIDECAR_NAME = studio\r\nSIDECAR_LISTEN=off"
    (newcomer.folder / ".env").write_bytes(said.encode())
    (newcomer.folder / ".env").chmod(0o644)
    assert "+ SIDECAR_DATABASE_URL" in newcomer.init("--yes")
    assert (newcomer.folder / ".env").read_bytes().decode().startswith(said)
    assert mode(newcomer.folder / ".env") == 0o600
    assert newcomer.run("doctor").returncode == 0


def test_a_database_that_is_named_already_is_kept(newcomer: Newcomer) -> None:
    (newcomer.folder / ".env").write_text("SIDECAR_DATABASE_URL=sqlite:///rows/tts.db\n")
    (newcomer.folder / "rows").mkdir()
    newcomer.init("--yes")
    assert newcomer.settings() == ["SIDECAR_DATABASE_URL=sqlite:///rows/tts.db"]
    assert (newcomer.folder / "rows" / "tts.db").exists()
    assert "~ SIDECAR_DATABASE_URL" in newcomer.init("--yes", "--database", "sqlite")


def test_what_the_environment_names_is_kept_for_the_next_terminal(newcomer: Newcomer) -> None:
    newcomer.init("--yes", SIDECAR_DATABASE_URL="sqlite:///elsewhere.db")
    assert newcomer.settings() == ["SIDECAR_DATABASE_URL=sqlite:///elsewhere.db"]
    assert UNCHANGED in newcomer.init("--yes")
    error = newcomer.init("--yes", "--database", "sqlite", code=2, SIDECAR_DATABASE_URL="sqlite:///elsewhere.db")
    assert "SIDECAR_DATABASE_URL" in error


def test_it_is_found_from_beside_and_from_within(newcomer: Newcomer) -> None:
    for place in (newcomer.home, newcomer.folder / "indextts"):
        assert f"IndexTTS: {newcomer.folder}" in newcomer.init("--yes", cwd=place)


def test_a_folder_without_anything_of_it_is_refused_unless_it_is_meant(newcomer: Newcomer) -> None:
    plain = newcomer.home / "my 语音 server"
    plain.mkdir()
    error = newcomer.init("--yes", str(plain), code=2)
    assert "webui.py, indextts/ or outputs/" in error
    assert "--force" in error
    assert list(plain.iterdir()) == []
    newcomer.init("--yes", "--force", str(plain))
    newcomer.folder = plain
    newcomer.ships()
    assert UNCHANGED in newcomer.init("--yes")


def test_where_there_is_none_it_says_what_it_looked_for(tmp_path: Path) -> None:
    alone = tmp_path / "alone"
    alone.mkdir()
    error = Newcomer(home=tmp_path, folder=alone).init("--yes", code=2)
    assert "webui.py, indextts/ or outputs/" in error
    assert "sidecar init FOLDER" in error
    assert list(alone.iterdir()) == []


def test_without_a_terminal_it_says_which_flag_is_missing(newcomer: Newcomer) -> None:
    assert "FOLDER" in newcomer.init(code=2)
    assert "--database" in newcomer.init(str(newcomer.folder), code=2)
    newcomer.init(str(newcomer.folder), "--database", "sqlite", "--no-service")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--database", "oracle"], "sqlite, mysql"),
        (["--database", "mysql://root:secret@127.0.0.1/tts"], "MYSQL_PWD"),
        (["--database", "mysql://root@127.0.0.1:1/tts"], "no server answers"),
        (["--database", "mysql://root@127.0.0.1:1/no-such"], "Letters, digits"),
        (["--database", "sqlite:///no/such/folder/x.db"], "folder exists"),
        (["/no/such/folder"], "there is no folder"),
        (["--service"], "systemd"),
    ],
)
def test_a_wrong_answer_is_one_line_with_what_to_do(newcomer: Newcomer, words: list[str], said: str) -> None:
    done = newcomer.run("init", "--yes", *words, PATH=f"{newcomer.home}:/usr/bin:/bin")
    assert done.returncode in (1, 2)
    assert done.stderr.count("\n") == 1, done.stderr
    assert said in done.stderr
    assert "secret" not in done.stderr
    assert not (newcomer.folder / ".env").exists()


def test_settings_that_git_tracks_are_refused(newcomer: Newcomer) -> None:
    git = ["git", "-C", str(newcomer.folder), "-c", "user.name=x", "-c", "user.email=x@x"]
    (newcomer.folder / ".env").write_text("A=1\n")
    subprocess.run([*git, "add", "-f", ".env"], check=True)
    assert "git rm --cached .env" in newcomer.init("--yes", code=2)
    assert newcomer.settings() == ["A=1"]


def test_a_folder_that_cannot_be_written_is_said_before_anything_is_begun(newcomer: Newcomer) -> None:
    mount = f'mount --bind "{newcomer.folder}" "{newcomer.folder}" && mount -o remount,ro,bind "{newcomer.folder}"'
    within = ["unshare", "--mount", "sh", "-c", f'{mount} || exit 99; cd "{newcomer.folder}" && exec "$@"', "sh"]
    done = subprocess.run(
        [*within, *SIDECAR, "init", "--yes"], env=newcomer.env(), capture_output=True, text=True, check=False
    )
    if done.returncode == 99 or "unshare" in done.stderr:
        pytest.skip("a read-only mount needs more rights than this user has")
    assert done.returncode == 1
    assert (
        done.stderr
        == f"sidecar: {newcomer.folder} cannot be written by this user. Run this as its owner, or with sudo.\n"
    )


NOBODY = 65534


def test_what_root_makes_in_somebody_s_folder_is_that_person_s(newcomer: Newcomer) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root makes files for others")
    with tempfile.TemporaryDirectory() as home:
        os.chmod(home, 0o755)
        newcomer.home = Path(home)
        newcomer.folder = Path(home) / "index-tts"
        (newcomer.folder / "outputs").mkdir(parents=True)
        for path in (newcomer.folder, newcomer.folder / "outputs"):
            os.chown(path, NOBODY, NOBODY)
        done = newcomer.run("init", "--yes")
        if "may not read this program" in done.stderr:
            assert os.listdir(newcomer.folder) == ["outputs"]
            pytest.skip("this clone or its Python is for root's eyes alone")
        assert done.returncode == 0, done.stderr
        assert {path.stat().st_uid for path in newcomer.folder.rglob("*")} == {NOBODY}


# On a terminal.


def test_four_questions_with_good_defaults(newcomer: Newcomer) -> None:
    screen = newcomer.dialogue()
    screen.answer("IndexTTS's folder", "\r")
    screen.answer("Database:", "oracle\r")
    screen.answer("Database:", "\r")
    assert screen.end() == 0, screen.shown
    assert newcomer.settings() == ["SIDECAR_DATABASE_URL=sqlite:///sidecar.db"]


@pytest.mark.parametrize("stopped_at", ["IndexTTS's folder", "Database:", "Password of"])
def test_ctrl_c_at_a_question_leaves_all_as_it_was(newcomer: Newcomer, mariadb: Server, stopped_at: str) -> None:
    boss = mariadb.create_account()
    answers = {
        "IndexTTS's folder": "\r",
        "Database:": f"mysql://{boss.user}@127.0.0.1:{mariadb.port}/tts\r",
        "Password of": "",
    }
    screen = newcomer.dialogue()
    for question, keys in answers.items():
        if question == stopped_at:
            screen.interrupt(question)
            break
        screen.answer(question, keys)
    assert screen.end() == 1, screen.shown
    assert screen.shown.splitlines()[-1].startswith("sidecar: stopped."), screen.shown
    assert not (newcomer.folder / ".env").exists()


# With a server.


def test_from_nothing_to_recording_on_a_server(newcomer: Newcomer, host: Host) -> None:
    newcomer.init("--yes", "--database", host.where, MYSQL_PWD=host.password)
    assert newcomer.settings() == [
        f"SIDECAR_DATABASE_URL=mysql://{host.name}_ship@127.0.0.1:{host.server.port}/{host.name}",
        f"SIDECAR_DATABASE_PASSWORD_FILE={PASSWORDS}/{host.name}_ship",
    ]
    assert mode(newcomer.folder / PASSWORDS) == 0o700
    assert {mode(path) for path in (newcomer.folder / PASSWORDS).iterdir()} == {0o600}
    assert len(set(newcomer.passwords().values())) == 3
    newcomer.ships()
    before = newcomer.left()
    assert UNCHANGED in newcomer.init("--yes")
    assert newcomer.left() == before
    assert newcomer.run("rebuild").returncode == 0
    assert "needs the account that migrates" in newcomer.run("index", "--create").stderr
    url = newcomer.settings()[0].partition("=")[2].replace("_ship@", "_migrate@")
    password = f"{PASSWORDS}/{host.name}_migrate"
    indexed = newcomer.run("index", "--create", "--database-url", url, "--database-password-file", password)
    assert indexed.returncode == 0, indexed.stderr


def test_it_tells_of_a_shipper_that_still_ships_elsewhere(newcomer: Newcomer, host: Host) -> None:
    newcomer.init("--yes")
    before = {"SIDECAR_DATABASE_URL": f"sqlite:///{newcomer.folder / 'sidecar.db'}"}
    with running(cwd=newcomer.folder, settings=before) as shipper:
        (newcomer.folder / ".env").write_text(f"SIDECAR_LISTEN=127.0.0.1:{shipper.port}\n")
        told = newcomer.init("--yes", "--database", host.where, MYSQL_PWD=host.password)
    assert f"A shipper is at work (pid {shipper.process.pid}) into sqlite:" in told
    assert "end it first" in told


def test_the_administrator_s_password_is_asked_for_unseen(newcomer: Newcomer, host: Host) -> None:
    screen = newcomer.dialogue("--database", host.where, str(newcomer.folder))
    screen.answer(f"Password of {host.administrator.user}", f"{host.password}\r")
    assert screen.end() == 0, screen.shown
    newcomer.nothing_told(screen.shown, host.password)
    newcomer.ships()


def test_it_is_read_from_a_file(newcomer: Newcomer, host: Host) -> None:
    file = newcomer.home / "boss"
    file.write_text(f"{host.password}\n")
    newcomer.init("--yes", "--database", host.where, "--admin-password-file", str(file))
    newcomer.ships()


def test_root_of_the_socket_needs_no_password(newcomer: Newcomer, own_server: Server) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root is root to a socket")
    if own_server.kind == "mysql":
        own_server.execute("INSTALL PLUGIN auth_socket SONAME 'auth_socket.so'")
    how = "VIA unix_socket" if own_server.kind == "mariadb" else "WITH auth_socket"
    own_server.execute(f"ALTER USER root@localhost IDENTIFIED {how}")
    socket = own_server.folder / "s.sock"
    newcomer.init("--yes", "--database", f"mysql://root@localhost/tts?unix_socket={socket}")
    assert newcomer.settings()[0] == f"SIDECAR_DATABASE_URL=mysql://tts_ship@localhost/tts?unix_socket={socket}"
    newcomer.ships()
    assert UNCHANGED in newcomer.init("--yes")


def test_an_administrator_runs_the_sql_and_it_goes_on_from_there(newcomer: Newcomer, host: Host) -> None:
    words = ("init", "--database", host.where, "--print-sql")
    printed = newcomer.run(*words)
    assert printed.returncode == 0, printed.stderr
    newcomer.nothing_told(printed.stderr)
    assert "this goes on from there" in printed.stderr
    assert newcomer.run(*words).stdout == printed.stdout
    assert host.accounts() == set()
    host.server.execute(*(line for line in printed.stdout.replace("\n   ", " ").split(";\n") if line.strip("\n")))
    newcomer.init("--yes")
    newcomer.ships()
    assert newcomer.run(*words).stdout == ""


def test_on_a_terminal_the_sql_goes_into_a_file(newcomer: Newcomer, host: Host) -> None:
    screen = newcomer.dialogue("--database", host.where, "--print-sql")
    assert screen.end() == 0
    newcomer.nothing_told(screen.shown)
    file = newcomer.folder / PASSWORDS / "accounts.sql"
    assert f"sudo mysql < {file}" in screen.shown
    assert mode(file) == 0o600
    assert "CREATE USER" in file.read_text()


@pytest.mark.parametrize(
    ("grants", "password", "said"),
    [
        ("ALL PRIVILEGES ON *.*", None, "MYSQL_PWD"),
        ("ALL PRIVILEGES ON *.*", "wrong", "does not let"),
        ("SELECT ON *.*", "", "may not create"),
        ("ALL PRIVILEGES ON *.*", "", "may not create"),  # without the right to hand rights on
    ],
)
def test_an_administrator_who_cannot_help_is_one_line(
    newcomer: Newcomer, host: Host, grants: str, password: str | None, said: str
) -> None:
    poor = host.server.create_account([grants])
    where = host.where.replace(host.administrator.user, poor.user)
    given: dict[str, Any] = {} if password is None else {"MYSQL_PWD": password or poor.password}
    error = newcomer.init("--yes", "--database", where, code=1, **given)
    assert said in error
    assert "--print-sql" in error
    assert not (newcomer.folder / ".env").exists()
    newcomer.init("--yes", "--database", host.where, MYSQL_PWD=host.password)


def test_accounts_with_other_passwords_are_renewed_only_where_somebody_says_so(newcomer: Newcomer, host: Host) -> None:
    host.server.execute(f"CREATE USER '{host.name}_ship'@'%' IDENTIFIED BY 'of another installation'")
    words = ("--database", host.where)
    error = newcomer.init("--yes", *words, code=1, MYSQL_PWD=host.password)
    assert f"{host.name}_ship: there already" in error
    assert "--renew-passwords" in error
    screen = newcomer.dialogue(*words, str(newcomer.folder), MYSQL_PWD=host.password)
    screen.answer("Give them these? [y/N]", "n\r")
    assert screen.end() == 1
    host.server.connect(account=Account(user=f"{host.name}_ship", password="of another installation")).close()
    screen = newcomer.dialogue(*words, str(newcomer.folder), MYSQL_PWD=host.password)
    screen.answer("Give them these? [y/N]", "y\r")
    assert screen.end() == 0, screen.shown
    newcomer.ships()
    host.server.execute(f"ALTER USER '{host.name}_read'@'%' IDENTIFIED BY 'changed by hand'")
    told = newcomer.init("--yes", *words, "--renew-passwords", MYSQL_PWD=host.password)
    assert f"new passwords for {host.name}_read" in told
    with pytest.raises(pymysql.err.OperationalError):
        host.server.connect(account=Account(user=f"{host.name}_read", password="changed by hand"))


def test_tables_of_other_programs_are_told_of_and_left_alone(newcomer: Newcomer, host: Host) -> None:
    host.server.execute(f"CREATE DATABASE `{host.name}`", f"CREATE TABLE `{host.name}`.shop (id INT)")
    told = newcomer.init("--yes", "--database", host.where, MYSQL_PWD=host.password)
    assert "1 table of other programs" in told
    assert host.query(f"SELECT COUNT(*) FROM `{host.name}`.shop") == [(0,)]
    newcomer.ships()


ARTICLE = (
    "CREATE TABLE tts_records (id {key}, text_input TEXT NOT NULL, emotion VARCHAR(20) DEFAULT 'neutral', "
    "audio_path VARCHAR(255) NOT NULL, created_at DATETIME DEFAULT CURRENT_TIMESTAMP, duration FLOAT)"
)
OLD_ROW = "INSERT INTO tts_records (text_input, audio_path, duration) VALUES "
OLD_ROWS = OLD_ROW + ", ".join(f"('老 {number}', 'outputs/{number}.wav', 1.5)" for number in range(1000))


def both_are_found(newcomer: Newcomer, told: str) -> None:
    """The article's rows and a new one, after what was told."""
    assert "a table tts_records with 1,000 rows is there; its rows stay and are found" in told
    assert told.index("1,000 rows is there") < told.index("applied")
    newcomer.ships()
    assert newcomer.run("find", "老", "--json", "--limit", "2000").stdout.count("\n") == 1000
    assert UNCHANGED in newcomer.init("--yes")


def test_the_article_s_table_in_a_file_is_told_of_and_taken_over(newcomer: Newcomer) -> None:
    with closing(sqlite3.connect(newcomer.folder / "sidecar.db")) as connection, connection:
        connection.execute(ARTICLE.format(key="INTEGER PRIMARY KEY AUTOINCREMENT"))
        connection.execute(OLD_ROWS)
    both_are_found(newcomer, newcomer.init("--yes"))


def test_the_article_s_table_on_a_server_is_told_of_and_taken_over(newcomer: Newcomer, host: Host) -> None:
    host.server.execute(f"CREATE DATABASE `{host.name}` CHARACTER SET utf8mb4")
    with host.server.connect(host.name) as root, root.cursor() as cursor:
        cursor.execute(ARTICLE.format(key="INT AUTO_INCREMENT PRIMARY KEY"))
        cursor.execute(OLD_ROWS)
    both_are_found(newcomer, newcomer.init("--yes", "--database", host.where, MYSQL_PWD=host.password))


def test_an_account_of_somebody_s_own_is_used_as_it_is(newcomer: Newcomer, host: Host) -> None:
    host.server.execute(f"CREATE DATABASE `{host.name}`")
    own = host.server.create_account([f"ALL PRIVILEGES ON `{host.name}`.*"])
    told = newcomer.init("--yes", SIDECAR_DATABASE_URL=host.server.url(host.name, own))
    newcomer.nothing_told(told, own.password)
    assert host.accounts() == set()
    newcomer.ships()


def test_old_tables_are_brought_up_to_date_without_an_administrator(newcomer: Newcomer, host: Host) -> None:
    newcomer.init("--yes", "--database", host.where, MYSQL_PWD=host.password)
    host.server.execute(
        f"DROP VIEW `{host.name}`.tts_library",
        f"DELETE FROM `{host.name}`.sidecar_migrations WHERE name = '002_views'",
    )
    assert "applied 002_views" in newcomer.init("--yes")


# Killed.

STEPS = [
    ("sidecar.setup.files", "require_untracked", 1),
    ("sidecar.setup.files", "exclude_from_git", 1),
    ("sidecar.setup.accounts", "write_private", 1),
    ("sidecar.setup.accounts", "write_private", 3),
    ("sidecar.setup.server", "_administrate", 1),
    ("sidecar.setup.server", "_administrate", 4),
    ("sidecar.setup.server", "_administrate", 7),
    ("sidecar.setup.server", "_administrate", 16),
    ("sidecar.setup.database", "make_tables", 1),
    ("sidecar.setup.files", "write_private", 1),
    ("sidecar.cli.init", "all_findings", 1),
]
_DIES = """
import importlib, os, signal, sys
module, name, count = sys.argv.pop(1), sys.argv.pop(1), int(sys.argv.pop(1))
module = importlib.import_module(module)
function = getattr(module, name)
calls = 0
def dies(*arguments, **named):
    global calls
    calls += 1
    if calls == count:
        os.kill(os.getpid(), signal.SIGKILL)
    return function(*arguments, **named)
setattr(module, name, dies)
from sidecar.__main__ import main
main()
"""


@pytest.mark.parametrize(("module", "name", "number"), STEPS)
def test_killed_before_a_step_it_is_taken_up(
    newcomer: Newcomer, host: Host, module: str, name: str, number: int
) -> None:
    words = ["init", "--yes", "--database", host.where]
    killed = subprocess.run(
        [sys.executable, "-c", _DIES, module, name, str(number), *words],
        cwd=newcomer.folder,
        env=newcomer.env({"MYSQL_PWD": host.password}),
        capture_output=True,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    newcomer.init(*words[1:], MYSQL_PWD=host.password)
    assert UNCHANGED in newcomer.init("--yes")
    granted = host.query(f"SHOW GRANTS FOR '{host.name}_ship'@'%'")
    assert not [line for (line,) in granted if " CREATE" in str(line)]
