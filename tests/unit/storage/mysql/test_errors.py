"""Errors of the server by their number: the event's fault, the tables', ours, or one that passes."""

from __future__ import annotations

import pymysql
import pytest

from sidecar.errors import PermanentSinkError, TablesNotReady, TemporarySinkError
from sidecar.storage.mysql.errors import belongs_elsewhere, classify


@pytest.mark.parametrize("number", [1062, 1153, 1366, 1406, 3140, 3158, 3819, 4025])
def test_what_the_server_has_against_the_data_is_permanent(number: int) -> None:
    error = classify(pymysql.DataError(number, "no"), "db:3306/tts")
    assert isinstance(error, PermanentSinkError)
    assert str(number) in str(error)


@pytest.mark.parametrize(
    ("number", "said", "told"),
    [
        (1062, "Duplicate entry '李雷's secret' for key 'uq_event'", "Duplicate entry '...' for key 'uq_event' (1062)"),
        (
            1366,
            "Incorrect string value: '\\xE6' for column `t`.`x`",
            "Incorrect string value: '...' for column `t`.`x` (1366)",
        ),
        (1292, "Truncated incorrect DOUBLE value: 'secret'", "Truncated incorrect DOUBLE value: '...' (1292)"),
        (1406, "Data too long for column 'text' at row 1", "Data too long for column 'text' at row 1 (1406)"),
    ],
)
def test_what_is_refused_is_not_repeated(number: int, said: str, told: str) -> None:
    """What is told goes into logs, and events hold people's words and names."""
    assert str(classify(pymysql.DataError(number, said), "db")) == told


@pytest.mark.parametrize("number", [1040, 1045, 1205, 1213, 1290, 2003, 2006, 2013, 9999])
def test_what_may_pass_is_temporary_and_says_where(number: int) -> None:
    error = classify(pymysql.OperationalError(number, "no"), "db:3306/tts")
    assert isinstance(error, TemporarySinkError)
    assert "db:3306/tts" in str(error)


@pytest.mark.parametrize("number", [1054, 1146])
def test_missing_tables_and_columns_name_the_command_that_makes_them(number: int) -> None:
    error = classify(pymysql.ProgrammingError(number, "no"), "db")
    assert isinstance(error, TablesNotReady)
    assert "sidecar migrate" in error.hint


def test_wrong_sql_is_a_bug_and_comes_back_as_it_is() -> None:
    error = pymysql.ProgrammingError(1064, "syntax")
    assert classify(error, "db") is error


@pytest.mark.parametrize(
    ("message", "hint"),
    [("INSERT command denied to user", "grants.sql"), ("DROP command denied to user", "tts_migrate")],
)
def test_a_denied_command_names_the_account_that_may(message: str, hint: str) -> None:
    error = classify(pymysql.OperationalError(1142, message), "db")
    assert isinstance(error, TemporarySinkError)
    assert hint in error.hint


def test_a_host_that_is_read_only_leaves_it_to_another() -> None:
    assert belongs_elsewhere(pymysql.OperationalError(1290, "read-only"))
    assert not belongs_elsewhere(pymysql.OperationalError(1213, "deadlock"))
    assert not belongs_elsewhere(pymysql.OperationalError())
