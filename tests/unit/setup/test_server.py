from __future__ import annotations

import socket
from pathlib import Path

import pytest

from sidecar.errors import SettingsError
from sidecar.setup import server
from sidecar.setup.accounts import ROLES, Accounts
from sidecar.setup.database import parse_where
from sidecar.storage.dsn import MysqlDsn, SqliteDsn, parse_dsn


@pytest.mark.parametrize(
    ("text", "user", "hosts", "database"),
    [
        ("mysql", "root", (("127.0.0.1", 3306),), "tts"),
        ("mariadb", "root", (("127.0.0.1", 3306),), "tts"),
        ("mysql://db", "root", (("db", 3306),), "tts"),
        ("mysql://boss@db:3307/index_tts", "boss", (("db", 3307),), "index_tts"),
        ("mysql://127.0.0.1/x", "root", (("127.0.0.1", 3306),), "x"),
        ("mysql://a,b:2/x?ssl=on", "root", (("a", 3306), ("b", 2)), "x"),
    ],
)
def test_a_server_is_named_as_shortly_as_can_be(
    monkeypatch: pytest.MonkeyPatch, text: str, user: str, hosts: tuple[tuple[str, int], ...], database: str
) -> None:
    monkeypatch.setattr(server, "_SOCKETS", ())
    found = parse_where(text)
    assert isinstance(found, MysqlDsn)
    assert (found.user, found.hosts, found.database) == (user, hosts, database)


def test_this_machine_s_server_is_met_at_its_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "s.sock"
    monkeypatch.setattr(server, "_SOCKETS", (str(tmp_path / "none"), str(path)))
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        for text in ("mysql", "mysql://localhost/tts", "mysql://root@localhost"):
            found = server.parse_server(text)
            assert (found.unix_socket, found.hosts) == (str(path), ())
        assert server.parse_server("mysql://127.0.0.1").unix_socket is None


def test_a_file_needs_one_word() -> None:
    assert parse_where("SQLite") == SqliteDsn(path="sidecar.db")
    assert parse_where("sqlite:///rows/x.db") == SqliteDsn(path="rows/x.db")


def test_a_password_is_refused_and_not_repeated() -> None:
    with pytest.raises(SettingsError) as caught:
        parse_where("mysql://root:secret@db/tts")
    assert "secret" not in f"{caught.value} {caught.value.hint}"


@pytest.mark.parametrize("name", ["a-b", "x`y", "a" * 25, "语音", "a b"])
def test_a_name_that_no_account_can_have_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(SettingsError, match="is no name for the database"):
        Accounts(MysqlDsn(hosts=(("db", 1),), user="root", database=name), tmp_path)


def test_each_account_keeps_a_password_of_its_own(tmp_path: Path) -> None:
    accounts = Accounts(server.parse_server("mysql://db/studio"), tmp_path)
    accounts.make_passwords()
    first = [accounts.dsn(role).password for role in ROLES]
    assert len(set(first)) == 3
    assert all(len(password) >= 32 for password in first)
    accounts.make_passwords()
    assert [accounts.dsn(role).password for role in ROLES] == first


def test_the_sql_is_deploy_s_with_names_and_passwords_filled_in(tmp_path: Path) -> None:
    accounts = Accounts(server.parse_server("mysql://db/studio"), tmp_path)
    accounts.make_passwords()
    text = "\n".join(accounts.statements())
    assert "tts_migrate" not in text
    assert "`tts`" not in text
    assert "<" not in text
    for role in ROLES:
        assert f"'studio_{role}'@'%' IDENTIFIED BY '{accounts.dsn(role).password}'" in text
    assert accounts.tables() == {
        "tts_records", "tts_processes", "tts_scores", "tts_tags", "tts_preferences", "tts_events", "sidecar_positions",
        "sidecar_quarantine", "sidecar_migrations",
    }  # fmt: skip


@pytest.mark.parametrize(
    "url",
    [
        "mysql://tts_ship@127.0.0.1:3306/tts",
        "mysql://tts_ship@localhost/tts?unix_socket=/run/mysqld/mysqld.sock",
        "mysql://a%40b@[::1]:3306,db:3307/tts?ssl=verify&ssl_ca=/etc/ssl/ca.pem",
    ],
)
def test_a_url_is_written_as_it_was_read(url: str) -> None:
    dsn = parse_dsn(url)
    assert isinstance(dsn, MysqlDsn)
    assert dsn.url == url
