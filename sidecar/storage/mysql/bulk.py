"""LOAD DATA LOCAL from memory: half the server's work for short rows, where the server allows it.

It takes rows as they are or warns: a row that is there already, a value too long, whatever a multi-row upsert would
have folded or refused. So it is a way for rows that are taken for new: any warning undoes the transaction, and the
batch goes the way of the upserts, which tells known from new and permanent from temporary.

The server answers the statement with the name of a file that it wants to read. The driver would open that file, any
file that the server names; that way stays switched off. What is sent here is the rows at hand, whatever the name.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pymysql
from pymysql.constants import CLIENT, COMMAND
from pymysql.protocol import OKPacketWrapper

from sidecar.errors import SidecarError
from sidecar.storage.mysql.errors import is_about_the_connection

CLIENT_FLAG = CLIENT.LOCAL_FILES
"""The protocol's flag alone: the driver's own option, which opens files, stays off."""
_PACKET_BYTES = 128 * 1024
_FEWEST_ROWS = 64
"""Below it the extra round trip costs more than it saves."""
_LONGEST_FIELD_BYTES = 200
"""On average. The server reads these lines character by character: with longer fields VALUES is as fast."""
_MOST_SKIPPED = 64


class NotAllNew(SidecarError):
    """A row that was taken for new was not taken as it is. The transaction must be undone."""


def load(connection: Any, statement: bytes, rows: Sequence[bytes], stamp: bytes = b"") -> None:
    """Store the rows, each of them and exactly.

    Args:
        connection: the driver's, made with CLIENT_FLAG; its stubs leave out the protocol's methods.
        statement: see load_statement.
        stamp: what every row ends with.

    Raises:
        NotAllNew: some row was not taken as it is, or the server takes none in this way.
        pymysql.Error: the connection is lost.
    """
    try:
        connection._execute_command(COMMAND.COM_QUERY, statement)
        answer = connection._read_packet()
        if answer.is_load_local_packet():
            content = memoryview((stamp + b"\n").join([*rows, b""]))
            for first in range(0, len(content), _PACKET_BYTES):
                connection.write_packet(content[first : first + _PACKET_BYTES])
            connection.write_packet(b"")
            answer = connection._read_packet()
    except pymysql.Error as error:
        if is_about_the_connection(error):
            raise
        raise NotAllNew(f"the server refuses LOAD DATA: {error}") from error
    result = OKPacketWrapper(answer)
    if result.affected_rows != len(rows) or result.warning_count:
        raise NotAllNew(f"{result.affected_rows} of {len(rows)} rows taken, {result.warning_count} warnings")


def load_statement(table: str, columns: Sequence[str]) -> bytes:
    """The statement for rows as sidecar.storage.mysql.rows renders them."""
    return (
        f"LOAD DATA LOCAL INFILE 'rows' INTO TABLE {table} CHARACTER SET utf8mb4 "
        "FIELDS TERMINATED BY ',' ENCLOSED BY '\"' ESCAPED BY '\\\\' LINES TERMINATED BY '\\n' "
        f"({', '.join(columns)})"
    ).encode()


def is_worth_it(rows: Sequence[bytes], fields: int) -> bool:
    """Whether rows of that many fields cost the server less this way."""
    return len(rows) >= _FEWEST_ROWS and sum(map(len, rows)) <= len(rows) * fields * _LONGEST_FIELD_BYTES


class Patience:
    """How long rows are not taken for new after that was wrong: a folder that is shipped again, file by file known,
    should not be tried that way with each batch."""

    def __init__(self) -> None:
        self._skip = 0
        self._refusals = 0

    def allows(self) -> bool:
        """Whether to try now; counts as a batch."""
        if self._skip:
            self._skip -= 1
            return False
        return True

    def refused(self) -> None:
        self._refusals += 1
        self._skip = min(2**self._refusals, _MOST_SKIPPED)

    def taken(self) -> None:
        self._refusals = 0
