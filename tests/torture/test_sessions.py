"""What a session on the server does when its other end is not there any more."""

from __future__ import annotations

import time
from typing import cast

import pymysql
import pytest

from sidecar.storage.dsn import MysqlDsn, parse_dsn
from sidecar.storage.mysql.connection import Link, MysqlLimits
from sidecar.storage.mysql.sink import MysqlSink
from tests.integration.processes import eventually
from tests.servers import Server

LIMITS = MysqlLimits(connect_timeout=1, read_timeout=1)


def dsn_of(server: Server, name: str) -> MysqlDsn:
    return cast(MysqlDsn, parse_dsn(server.url(name)))


def test_a_shipper_that_vanishes_in_a_transaction_frees_its_locks_in_seconds(server: Server) -> None:
    dsn = dsn_of(server, server.create_database())
    sink = MysqlSink(dsn, LIMITS)
    sink.migrate()
    sink.open_position("studio", "/outputs")
    vanished = Link(dsn, LIMITS)
    with vanished.connected().cursor() as cursor:
        cursor.execute("UPDATE sidecar_positions SET files = 1")  # and nothing more is heard of it
    with server.connect(dsn.database) as connection, connection.cursor() as cursor:
        cursor.execute("SET SESSION innodb_lock_wait_timeout = 60")
        cursor.execute("UPDATE sidecar_positions SET files = 2")
    vanished.give_up()
    sink.close()


def sessions(server: Server, database: str) -> int:
    """How many connections use a database."""
    with server.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM information_schema.processlist WHERE db = %s", (database,))
        row = cursor.fetchone()
    assert row is not None
    return int(row[0])


def test_a_connection_that_was_idle_for_long_is_made_anew_without_an_error(server: Server) -> None:
    database = server.create_database()
    sink = MysqlSink(dsn_of(server, database), LIMITS)
    sink.migrate()
    first = sink.open_position("studio", "/outputs")
    assert sessions(server, database)
    eventually(lambda: not sessions(server, database), "the server's end of it")
    assert sink.open_position("studio", "/outputs") == first
    sink.close()


def test_the_probes_of_an_idle_shipper_share_a_connection(server: Server) -> None:
    link = Link(dsn_of(server, server.create_database()), LIMITS)
    first = link.connected()
    time.sleep(3)  # of the five seconds that these limits give, the share between two probes and more
    assert link.connected() is first
    link.give_up()


def test_a_host_that_accepts_and_says_nothing_costs_the_connect_timeout(own_server: Server) -> None:
    limits = MysqlLimits(connect_timeout=1, read_timeout=30)
    link = Link(dsn_of(own_server, own_server.create_database()), limits)
    own_server.freeze()
    started = time.monotonic()
    try:
        eventually(lambda: _refused(link), "a refusal")
    finally:
        own_server.thaw()
    assert time.monotonic() - started < limits.read_timeout / 2


def _refused(link: Link) -> bool:
    try:
        link.connected()
    except OSError:
        return True
    except Exception as error:  # noqa: BLE001 - whatever the driver calls it
        return "time" in str(error)
    return False


@pytest.mark.oceanbase
def test_oceanbase_ends_a_transaction_that_takes_longer_than_an_answer_may(oceanbase: Server) -> None:
    """That its client is gone it may notice late, and that it is idle too: this bounds how long a dead one locks."""
    link = Link(dsn_of(oceanbase, oceanbase.create_database()), LIMITS)
    with link.connected().cursor() as cursor:
        cursor.execute("CREATE TABLE t (id INT PRIMARY KEY)")

        def ended() -> bool:
            try:
                cursor.execute("INSERT INTO t SELECT COALESCE(MAX(id), 0) + 1 FROM t")  # never idle
            except pymysql.Error as error:
                return bool(error.args[0] == 4012)
            return False

        eventually(ended, "the end of the transaction")
    link.give_up()
