"""Statements of one transaction that are sent without waiting for each other's answers.

The driver sends a statement when the one before it is answered. Servers read one after the other from the connection
anyway, so a transaction of three statements and a COMMIT needs two waits instead of four: a millisecond of a single
event's delivery. A statement that fails does not keep the later ones from being tried; whoever asks for the answers
rolls all of them back.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import Any

import pymysql
from pymysql.constants import COMMAND
from pymysql.protocol import OKPacketWrapper

from sidecar.storage.mysql.errors import is_about_the_connection


@dataclass(slots=True)
class Answer:
    """What the server says to one statement; known when the pipeline has received it."""

    affected_rows: int = 0
    """As MySQL counts them: for an upsert, one for a new row."""
    insert_id: int = 0


class Pipeline:
    """A context manager: left by an error, it takes the answers that are still to come, so that the next statement, the
    rollback, does not take one of them for its own.

    Args:
        connection: the driver's; its stubs leave out the protocol's methods.
    """

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._awaited: list[tuple[Answer, int]] = []

    def __enter__(self) -> Pipeline:
        return self

    def __exit__(self, *_: object) -> None:
        if self._awaited and self._connection.open:
            with contextlib.suppress(pymysql.Error):
                self.receive()

    def send(self, statement: bytes) -> Answer:
        """Send a statement that gives no rows.

        Raises:
            pymysql.Error: the connection is lost.
        """
        self._connection._execute_command(COMMAND.COM_QUERY, statement)
        answer = Answer()
        self._awaited.append((answer, self._connection._next_seq_id))
        return answer

    def receive(self) -> None:
        """Wait for the answers to everything that was sent.

        Raises:
            pymysql.Error: what the first statement that failed says. The connection is in step again, unless that was
                about the connection itself.
        """
        awaited, self._awaited = self._awaited, []
        failure: pymysql.Error | None = None
        for answer, sequence in awaited:
            self._connection._next_seq_id = sequence
            try:
                packet = OKPacketWrapper(self._connection._read_packet())
            except pymysql.Error as error:
                failure = failure or error
                if is_about_the_connection(error):
                    break
            else:
                answer.affected_rows = packet.affected_rows
                answer.insert_id = packet.insert_id
        if failure is not None:
            raise failure
