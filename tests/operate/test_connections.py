"""The ways to a server that people use: TLS, sockets, caching_sha2_password, several hosts; each ships an event."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from sidecar.storage.dsn import MysqlDsn, parse_dsn
from sidecar.storage.mysql.connection import Link, MysqlLimits
from sidecar.storage.mysql.database import MysqlDatabase
from tests.events import publish, succeeded
from tests.integration.processes import running, sidecar
from tests.servers import MariaDB, MySQL, Server
from tests.servers.certificates import Certificates, make_certificates
from tests.servers.fixtures import SERVER_KINDS
from tests.servers.instance import free_port


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module", params=SERVER_KINDS)
def tls_server(request: pytest.FixtureRequest, certificates: Certificates) -> Iterator[Server]:
    """A server of this module's own that speaks TLS."""
    request.getfixturevalue(request.param)  # says whether there is one
    kind = {"mariadb": MariaDB, "mysql": MySQL}[request.param]
    with kind(certificates.options) as server:
        yield server


def ships(place: Path, url: str, **settings: str) -> None:
    """The URL's server has tables, and takes an event by it."""
    folder = place / "outputs"
    folder.mkdir(exist_ok=True)
    event = succeeded()
    publish(folder, event)
    sidecar("run", "--once", "--listen", "off", cwd=place, settings={"SIDECAR_DATABASE_URL": url, **settings})
    dsn = parse_dsn(url)
    assert isinstance(dsn, MysqlDsn)
    database = MysqlDatabase(dsn)
    try:
        assert database.query("SELECT COUNT(*) FROM tts_records WHERE event_id = ?", [event["id"]]) == [(1,)]
    finally:
        database.close()


def cipher(url: str) -> str:
    dsn = parse_dsn(url)
    assert isinstance(dsn, MysqlDsn)
    database = MysqlDatabase(dsn)
    try:
        return str(database.query("SHOW SESSION STATUS LIKE 'Ssl_cipher'")[0][1])
    finally:
        database.close()


@pytest.fixture
def tls_url(tls_server: Server, tmp_path: Path) -> str:
    url = tls_server.url(tls_server.create_database())
    sidecar("migrate", cwd=tmp_path, settings={"SIDECAR_DATABASE_URL": url})
    return url


def test_tls_as_the_url_says(tls_url: str, tmp_path: Path, certificates: Certificates) -> None:
    for options, encrypted in (
        ("", True),
        ("?ssl=off", False),
        ("?ssl=on", True),
        (f"?ssl=verify&ssl_ca={quote(str(certificates.ca))}", True),
        (f"?ssl_ca={quote(str(certificates.ca))}", True),
    ):
        assert bool(cipher(tls_url + options)) == encrypted, options
    ships(tmp_path, f"{tls_url}?ssl=verify&ssl_ca={quote(str(certificates.ca))}")


@pytest.mark.parametrize("options", ["", "?ssl=on"])
def test_where_no_certificate_is_looked_at_none_is_read(tls_url: str, options: str) -> None:
    """All that a machine trusts takes 25 ms to read, at every connection of every command."""
    dsn = parse_dsn(tls_url + options)
    assert isinstance(dsn, MysqlDsn)
    link = Link(dsn, MysqlLimits())
    read = link.connected().ctx.cert_store_stats()  # type: ignore[attr-defined]
    link.give_up()
    assert read["x509"] == 0


def test_a_certificate_of_nobody_known_is_refused(tls_url: str, tmp_path: Path) -> None:
    done = sidecar("migrate", cwd=tmp_path, settings={"SIDECAR_DATABASE_URL": f"{tls_url}?ssl=verify"}, check=False)
    assert done.returncode == 1
    assert "certificate" in done.stderr.lower()


def test_the_socket(server: Server, tmp_path: Path) -> None:
    database = server.create_database()
    socket = str(server.folder / "s.sock")
    if len(socket) > 100:
        short = tmp_path / "s"
        short.symlink_to(socket)
        socket = str(short)
    url = f"{server.url(database)}?unix_socket={quote(socket)}"
    sidecar("migrate", cwd=tmp_path, settings={"SIDECAR_DATABASE_URL": url})
    ships(tmp_path, url)
    server.drop_database(database)


@pytest.mark.parametrize("way", ["?ssl=off", "?ssl=on", "socket"])
def test_caching_sha2_password(mysql: Server, tmp_path: Path, way: str) -> None:
    """MySQL's default; over plain TCP the password goes under the server's RSA key, and never in the clear."""
    database = mysql.create_database()
    sidecar("migrate", cwd=tmp_path, settings={"SIDECAR_DATABASE_URL": mysql.url(database)})
    account = mysql.create_account([f"SELECT, INSERT, UPDATE ON `{database}`.*"])
    with mysql.connect() as root, root.cursor() as cursor:
        cursor.execute("SELECT plugin FROM mysql.user WHERE user = %s", (account.user,))
        assert cursor.fetchone() == ("caching_sha2_password",)
        cursor.execute("FLUSH PRIVILEGES")  # forget cached passwords: the full exchange
    options = f"?unix_socket={quote(str(mysql.folder / 's.sock'))}" if way == "socket" else way
    ships(tmp_path, mysql.url(database, account) + options)
    mysql.drop_database(database)


def test_several_hosts_the_first_of_which_is_down(mysql_url: str, tmp_path: Path) -> None:
    sidecar("migrate", cwd=tmp_path, settings={"SIDECAR_DATABASE_URL": mysql_url})
    dead = f"127.0.0.1:{free_port()}"
    ships(tmp_path, mysql_url.replace("@", f"@{dead},{dead},"), SIDECAR_RETRY_MAX_SECONDS="0.1")


@pytest.mark.mariadb
def test_a_host_that_became_read_only_sends_to_the_next(mariadb: Server, tmp_path: Path) -> None:
    """As after a failover where the old primary comes back as a replica."""
    name = mariadb.create_database()
    (tmp_path / "outputs").mkdir()
    with MariaDB() as other:
        other.create_database(name)
        grants = [f"SELECT, INSERT, UPDATE ON `{name}`.*"]
        account = other.create_account(grants, user=f"both_{name}", password="secret")
        mariadb.create_account(grants, user=account.user, password=account.password)
        for server in (mariadb, other):
            sidecar("migrate", cwd=tmp_path, settings={"SIDECAR_DATABASE_URL": server.url(name)})
        url = other.url(name, account).replace(f":{other.port}/", f":{other.port},127.0.0.1:{mariadb.port}/")
        settings = {"SIDECAR_DATABASE_URL": url, "SIDECAR_RETRY_MAX_SECONDS": "0.1"}
        with running(cwd=tmp_path, settings=settings) as shipper:
            publish(tmp_path / "outputs", succeeded())
            shipper.shipped(1)
            other.execute("SET GLOBAL read_only = 1")
            publish(tmp_path / "outputs", succeeded())
            shipper.shipped(2)
        with mariadb.connect(name) as root, root.cursor() as cursor:
            cursor.execute("SELECT COUNT(*) FROM tts_records")
            row = cursor.fetchone()
        assert row is not None
        assert row[0] >= 1
    mariadb.drop_database(name)


def test_two_hosts_ship_into_one_database_at_once(mysql_url: str, tmp_path: Path) -> None:
    """Rows are told apart by their source, positions by the shippers' names."""
    sidecar("migrate", cwd=tmp_path, settings={"SIDECAR_DATABASE_URL": mysql_url})
    places = [tmp_path / host for host in ("studio", "render")]
    for place in places:
        (place / "outputs").mkdir(parents=True)
    settings = [{"SIDECAR_DATABASE_URL": mysql_url, "SIDECAR_NAME": place.name} for place in places]
    with running(cwd=places[0], settings=settings[0]) as first, running(cwd=places[1], settings=settings[1]) as second:
        for number in range(1, 301):
            for place in places:
                publish(place / "outputs", succeeded(source=f"indextts://{place.name}/1", sequence=number))
        first.shipped(300)
        second.shipped(300)
    dsn = parse_dsn(mysql_url)
    assert isinstance(dsn, MysqlDsn)
    database = MysqlDatabase(dsn)
    counts = database.query(
        "SELECT source, COUNT(*), COUNT(DISTINCT event_id) FROM tts_records GROUP BY source ORDER BY 1"
    )
    assert counts == [("indextts://render/1", 300, 300), ("indextts://studio/1", 300, 300)]
    assert database.query("SELECT shipper FROM sidecar_positions ORDER BY 1") == [("render",), ("studio",)]
    database.close()
