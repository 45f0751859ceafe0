"""What the connection reaches into the driver for: fails when the driver's insides change."""

from __future__ import annotations

from urllib.parse import quote

from sidecar.storage.dsn import MysqlDsn, parse_dsn
from sidecar.storage.mysql.connection import Link, MysqlLimits
from tests.servers import Server


def test_the_driver_is_inside_what_it_was(server: Server) -> None:
    name, account = server.create_database(), server.owner
    socket = quote(str(server.folder / "s.sock"), safe="")
    dsn = parse_dsn(f"mysql://{account.user}:{account.password}@/{name}?unix_socket={socket}")
    assert isinstance(dsn, MysqlDsn)
    link = Link(dsn, MysqlLimits(connect_timeout=1, read_timeout=10))
    connection = link.connected()
    assert {"_secure", "_read_timeout", "_force_close"} <= set(dir(connection))
    with connection.cursor() as cursor:
        cursor.execute("SELECT SLEEP(1.5)")  # longer than a connection may take to come up
    link.give_up()
    assert not connection.open
