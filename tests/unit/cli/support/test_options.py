"""An error that a person can meet is one line that says what to do next."""

from __future__ import annotations

import os
import socket
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pymysql
import pytest
from click.testing import CliRunner

from sidecar.cli.main import sidecar
from sidecar.cli.support.options import EXIT_FAILED, EXIT_USAGE, with_errors
from sidecar.errors import SettingsError, SidecarError, UsageError
from tests.places import NOBODY, as_nobody


def raising(error: Exception) -> None:
    raise error


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (UsageError("--max-size is 'x'", hint="Write it like 50GB."), EXIT_USAGE, "--max-size is 'x'. Write it like"),
        (SidecarError("it is gone"), EXIT_FAILED, "sidecar: it is gone"),
        (PermissionError(13, "Permission denied", "/srv/a.db"), EXIT_FAILED, "sidecar: /srv/a.db: Permission denied"),
        (pymysql.err.ProgrammingError(1064, "You have an error in your SQL"), EXIT_FAILED, "refuses a statement"),
        (sqlite3.ProgrammingError("wrong number of bindings"), EXIT_FAILED, "refuses a statement"),
    ],
)
def test_an_error_ends_the_program_with_one_line(
    error: Exception, code: int, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        with_errors(lambda: raising(error))
    assert caught.value.code == code
    said = capsys.readouterr().err
    assert line in said
    assert said.count("\n") == 1


def test_systemd_shows_the_line_that_ended_the_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # a socket's path has room for about 100 characters
    monkeypatch.setenv("NOTIFY_SOCKET", "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind("notify")
        systemd.setblocking(False)
        with pytest.raises(SystemExit):
            with_errors(lambda: raising(SettingsError("SIDECAR_NAME is wrong", hint="Write another.")))
        assert systemd.recv(4096) == b"STATUS=SIDECAR_NAME is wrong. Write another."


def test_a_bug_keeps_its_traceback() -> None:
    with pytest.raises(KeyError):
        with_errors(lambda: raising(KeyError("x")))


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith("SIDECAR_"):
            monkeypatch.delenv(name)
    return tmp_path


@pytest.fixture
def nobody(elsewhere: Path) -> Iterator[None]:
    """Somebody whom rights hold back: root is not."""
    if os.geteuid() != 0:
        yield
        return
    with as_nobody(elsewhere, "find", "doctor", "stats", "status"):
        yield


def test_an_env_file_that_is_no_text_is_told(elsewhere: Path) -> None:
    (elsewhere / ".env").write_bytes(b"SIDECAR_NAME=\xff\n")
    result = CliRunner().invoke(sidecar, ["find"])
    assert (result.exit_code, result.stderr.count("\n")) == (EXIT_USAGE, 1)
    assert f"{elsewhere / '.env'} cannot be read" in result.stderr


@pytest.mark.slow
def test_an_env_file_that_may_not_be_read_is_told(elsewhere: Path, nobody: None) -> None:
    if os.geteuid() == os.stat(elsewhere).st_uid:
        (elsewhere / ".env").touch(0o000)
    else:
        os.seteuid(0)
        (elsewhere / ".env").touch(0o600)
        os.seteuid(NOBODY)
    result = CliRunner().invoke(sidecar, ["status"])
    assert (result.exit_code, result.stderr.count("\n")) == (EXIT_USAGE, 1)
    assert "cannot be read: Permission denied. Let this user read it" in result.stderr


@pytest.mark.slow
@pytest.mark.parametrize("verb", [["find"], ["doctor", "--no-service"], ["stats", "emotions"]])
def test_a_database_that_may_not_be_reached_is_told(elsewhere: Path, nobody: None, verb: list[str]) -> None:
    shut = elsewhere / "shut"
    user = os.geteuid()
    os.seteuid(os.stat(elsewhere).st_uid)
    shut.mkdir(mode=0o000)
    os.seteuid(user)
    result = CliRunner().invoke(sidecar, [*verb, "--database-url", f"sqlite:///{shut}/sidecar.db"])
    assert result.exit_code != 0
    assert not isinstance(result.exception, OSError), result.exception
    assert "Permission denied" in result.output
