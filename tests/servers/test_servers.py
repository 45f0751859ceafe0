"""The test support itself: what the fixtures and the server API promise."""

from __future__ import annotations

import shutil
import ssl
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pymysql
import pytest

from tests.integration.processes import eventually
from tests.running import missing
from tests.servers import MariaDB, Server, ServerFailedError
from tests.servers.certificates import make_certificates

CHINESE = "欢迎 😀"
ROOT = Path(__file__).parents[2]


def alive(pid: int) -> bool:
    """Whether the process runs; one that only waits to be buried does not."""
    try:
        return "zombie" not in Path(f"/proc/{pid}/status").read_text("utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return False


def account_url_parts(url: str) -> tuple[str, str]:
    scheme, rest = url.split("://", 1)
    return scheme, rest.rsplit("@", 1)[-1]


def test_each_test_gets_an_empty_database_that_takes_chinese_and_emoji(
    server: Server, request: pytest.FixtureRequest
) -> None:
    name = server.create_database()
    request.addfinalizer(lambda: server.drop_database(name))
    with server.connect(name, server.owner) as connection, connection.cursor() as cursor:
        cursor.execute("SHOW TABLES")
        assert cursor.fetchall() == ()
        cursor.execute("CREATE TABLE words (word VARCHAR(9))")
        cursor.execute("INSERT INTO words VALUES (%s)", (CHINESE,))
        cursor.execute("SELECT word FROM words")
        assert cursor.fetchall() == ((CHINESE,),)


def test_a_database_url_names_scheme_address_and_database(mysql_url: str) -> None:
    scheme, address = account_url_parts(mysql_url)
    assert scheme == "mysql"
    assert address.startswith("127.0.0.1:")
    assert "/sidecar_" in address


def test_a_database_is_dropped_although_a_connection_still_holds_a_lock(server: Server) -> None:
    name = server.create_database()
    holder = server.connect(name, autocommit=False)
    with holder.cursor() as cursor:
        cursor.execute("CREATE TABLE held (id INT)")
        cursor.execute("INSERT INTO held VALUES (1)")
    server.drop_database(name)
    with pytest.raises(pymysql.err.OperationalError), holder.cursor() as cursor:
        cursor.execute("SELECT 1")
    holder.close()


def test_an_account_may_do_what_it_was_granted_and_nothing_else(server: Server, request: pytest.FixtureRequest) -> None:
    name = server.create_database()
    request.addfinalizer(lambda: server.drop_database(name))
    account = server.create_account([f"SELECT, INSERT, UPDATE ON `{name}`.*"])
    with server.connect(name, account) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        with pytest.raises(pymysql.err.OperationalError, match="denied"):
            cursor.execute("CREATE TABLE forbidden (id INT)")


@pytest.mark.parametrize("end", [Server.stop, Server.kill], ids=["stop", "kill"])
def test_data_port_and_accounts_outlive_the_end_of_the_process(
    own_server: Server, end: Callable[[Server], None]
) -> None:
    name = own_server.create_database()
    port, url = own_server.port, own_server.url(name)
    end(own_server)
    assert not own_server.running
    with pytest.raises(pymysql.err.OperationalError):
        own_server.connect()
    own_server.start()
    assert (own_server.port, own_server.url(name)) == (port, url)
    own_server.connect(name, own_server.owner).close()


def test_a_frozen_server_answers_nothing_until_it_is_thawed(own_server: Server) -> None:
    own_server.freeze()
    with pytest.raises(pymysql.err.OperationalError):
        own_server.connect(read_timeout=1)
    own_server.thaw()
    own_server.connect().close()
    own_server.freeze()  # and a frozen one is ended all the same


def test_options_hold_from_the_restart_that_gives_them(own_server: Server) -> None:
    own_server.restart({"max_connections": 17, "local_infile": True})
    own_server.restart({"local_infile": False})
    with own_server.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT @@max_connections, @@local_infile")
        assert cursor.fetchone() == (17, 0)


def test_a_file_given_as_an_option_can_be_read_by_the_server(own_server: Server, tmp_path: Path) -> None:
    script = tmp_path / "init.sql"
    script.write_text("CREATE DATABASE made_by_init_file;\n", "utf-8")
    own_server.restart({"init_file": script})
    own_server.connect("made_by_init_file").close()


def test_a_server_speaks_tls_with_the_certificates_it_is_given(own_server: Server, tmp_path: Path) -> None:
    files = make_certificates(tmp_path)
    own_server.restart(files.options)
    account = own_server.create_account(require="SSL")
    context = ssl.create_default_context(cafile=str(files.ca))
    with own_server.connect(account=account, ssl=context) as connection, connection.cursor() as cursor:
        cursor.execute("SHOW STATUS LIKE 'Ssl_cipher'")
        row = cursor.fetchone()
    assert row is not None
    assert row[1]
    with pytest.raises(pymysql.err.OperationalError, match="denied"):
        own_server.connect(account=account, ssl_disabled=True)


def test_a_server_that_cannot_start_says_why() -> None:
    try:
        MariaDB.find()
    except RuntimeError as error:
        missing(str(error))
    with pytest.raises(ServerFailedError, match="no_such_option"), MariaDB({"no_such_option": 1}):
        pass


def test_a_server_ends_with_the_process_that_started_it(mariadb: Server) -> None:
    program = (
        "import os, signal\n"
        "from tests.servers import MariaDB\n"
        "server = MariaDB().__enter__()\n"
        "print(server.pid, server.folder, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.stdout, done.stderr
    pid, folder = done.stdout.split()
    try:
        # The kernel sends the signal at once; how soon a server with a full buffer pool is gone is another matter.
        eventually(lambda: not alive(int(pid)), f"the end of {pid}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    assert mariadb.running
