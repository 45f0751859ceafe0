"""Database URLs as people write them."""

from __future__ import annotations

import pytest

from sidecar.errors import SettingsError
from sidecar.storage.dsn import MysqlDsn, SqliteDsn, parse_dsn


@pytest.mark.parametrize(
    ("url", "path"),
    [("sqlite:///rows.db", "rows.db"), ("sqlite:////srv/rows.db", "/srv/rows.db"), ("sqlite:///a b/é.db", "a b/é.db")],
)
def test_sqlite(url: str, path: str) -> None:
    assert parse_dsn(url) == SqliteDsn(path=path)


def test_everything_that_a_mysql_url_can_say() -> None:
    dsn = parse_dsn("mysql://an%40na:p%3Aw%2F%23@a,b:3307,[::1]:3308/tts?ssl=verify&ssl_ca=/ca.pem")
    assert dsn == MysqlDsn(
        hosts=(("a", 3306), ("b", 3307), ("::1", 3308)),
        user="an@na",
        password="p:w/#",
        database="tts",
        ssl="verify",
        ssl_ca="/ca.pem",
    )


def test_a_password_from_elsewhere_wins() -> None:
    dsn = parse_dsn("mysql://u:old@h/d", "new")
    assert isinstance(dsn, MysqlDsn)
    assert dsn.password == "new"


def test_a_certificate_authority_alone_means_verification() -> None:
    dsn = parse_dsn("mysql://u@h/d?ssl_ca=/ca.pem")
    assert isinstance(dsn, MysqlDsn)
    assert dsn.ssl == "verify"


def test_a_socket_needs_no_host() -> None:
    dsn = parse_dsn("mysql://u@localhost/d?unix_socket=/run/mysqld/mysqld.sock")
    assert str(dsn) == "mysql://u@/run/mysqld/mysqld.sock/d"


def test_neither_str_nor_repr_shows_the_password() -> None:
    dsn = parse_dsn("mysql://u:hidden@h/d")
    assert "hidden" not in f"{dsn} {dsn!r}"


@pytest.mark.parametrize(
    "url",
    [
        "", "outputs", "postgres://x", "sqlite://", "sqlite:///", "mysql://", "mysql://h/d", "mysql://u@/d", "mysql://u@h",
        "mysql://u@h/", "mysql://u@h/a/b", "mysql://u@h:0/d", "mysql://u@h:x/d", "mysql://u@h:²/d", "mysql://u@h/d?x=1",
        "mysql://u@h/d?ssl=maybe", "mysql://u:hidden@h:99999/d",
    ],
)  # fmt: skip
def test_a_wrong_url_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_dsn(url)
    assert "hidden" not in f"{caught.value} {caught.value.hint}"
