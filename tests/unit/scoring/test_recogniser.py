"""Recognisers: real programs and a real server, and all that they do but answer."""

from __future__ import annotations

import io
import os
import shlex
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sidecar.errors import SettingsError
from sidecar.scoring.recogniser import PAUSE_SECONDS, Address, Command, NotHeard
from tests.hearing import Ear, ear, wait_for

WAV = b"RIFF" + b"sound" * 1000
LONG = 60.0  # seconds


@pytest.fixture
def server() -> Iterator[Ear]:
    with ear() as running:
        yield running


def command(program: str, seconds: float = LONG) -> Command:
    return Command(shlex.join([sys.executable, "-c", program]), seconds)


def address(server: Ear, seconds: float = LONG, key: str | None = None) -> Address:
    return Address(server.url, key=key, model="whisper-1", seconds=seconds)


def test_a_program_gets_the_file_and_prints_what_it_hears() -> None:
    heard = command("import sys; print(len(open(sys.argv[1], 'rb').read()), sys.argv[1][-4:], '你好')")
    assert heard.hear(io.BytesIO(WAV)) == f"{len(WAV)} .wav 你好"
    named = Command(shlex.join([sys.executable, "-c", "import sys; print(sys.argv[1:])", "--in={audio}", "-q"]), LONG)
    assert "take.wav', '-q']" in named.hear(io.BytesIO(WAV))
    assert heard.name == Path(sys.executable).name


@pytest.mark.parametrize(
    ("program", "why"),
    [
        ("import sys; print('no model', file=sys.stderr); sys.exit(3)", "ended with 3: no model"),
        ("import sys; sys.exit(1)", "ended with 1: it says nothing"),
        ("import os; os.kill(os.getpid(), 9)", "ended with -9"),
        ("import sys; sys.stdout.buffer.write(b'\\xff')", "not UTF-8"),
        ("while True: print('x' * 100000)", "printed more than"),
    ],
)
def test_a_program_that_fails_says_why(program: str, why: str) -> None:
    with pytest.raises(NotHeard, match=why):
        command(program).hear(io.BytesIO(WAV))


def test_a_program_that_is_not_there_says_so() -> None:
    with pytest.raises(NotHeard, match="No such file"):
        Command("/nowhere/ear", LONG).hear(io.BytesIO(WAV))


def test_a_program_that_takes_too_long_is_ended_with_what_it_started(tmp_path: Path) -> None:
    child = tmp_path / "child"
    program = (
        "import os, time\n"
        f"if os.fork() == 0:\n    open({str(child)!r} + '.new', 'w').write(str(os.getpid()))\n"
        f"    os.rename({str(child)!r} + '.new', {str(child)!r})\n"
        "time.sleep(600)"
    )
    began = time.monotonic()
    with pytest.raises(NotHeard, match="took longer than 3 s"):
        command(program, 3.0).hear(io.BytesIO(WAV))
    assert time.monotonic() - began < 300
    wait_for(lambda: _is_gone(int(child.read_text())))


def _is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return "Z" in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2]


def test_a_server_gets_the_file_as_openai_has_it(server: Ear) -> None:
    server.says = lambda wav: f"{len(wav)} 字"
    assert address(server, key="secret").hear(io.BytesIO(WAV)) == f"{len(WAV)} 字"
    assert server.asked[0]["model"] == b"whisper-1"
    assert server.asked[0]["response_format"] == b"json"
    assert server.headers[0]["Authorization"] == "Bearer secret"
    assert address(server).hear(io.BytesIO(WAV))
    assert "Authorization" not in server.headers[1]


@pytest.mark.parametrize(
    ("status", "body", "why"),
    [
        (401, b'{"error": "no key"}', "answered 401"),
        (301, b"", "answered 301"),
        (200, b"<html>", "not JSON"),
        (200, b"[" * 100_000, "not JSON"),
        (200, b'{"words": []}', 'no "text"'),
        (200, b'{"text": null}', 'no "text"'),
        (200, b"x" * (2 << 20), "more than"),
    ],
)
def test_a_server_that_answers_otherwise_says_why(server: Ear, status: int, body: bytes, why: str) -> None:
    server.status, server.body = status, body
    with pytest.raises(NotHeard, match=why):
        address(server).hear(io.BytesIO(WAV))


def test_a_server_that_answers_a_byte_at_a_time_does_not_hold_anybody_up(server: Ear) -> None:
    server.drips, server.body = 0.5, b" " * 10_000
    began = time.monotonic()
    with pytest.raises(NotHeard, match="no answer within 2 s"):
        address(server, seconds=2.0).hear(io.BytesIO(WAV))
    assert time.monotonic() - began < 300


@pytest.mark.parametrize("status", [429, 503, None])
def test_one_that_is_away_or_busy_is_left_alone_for_a_while(server: Ear, status: int | None) -> None:
    now = 1000.0
    url = server.url
    if status is None:  # a port that nobody listens on
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{free.getsockname()[1]}/v1/audio/transcriptions"
    else:
        server.status, server.body = status, b"busy"
    asked = Address(url, key=None, model="m", seconds=LONG, clock=lambda: now)
    with pytest.raises(NotHeard, match="busy" if status else "refused"):
        asked.hear(io.BytesIO(WAV))
    before = len(server.asked)
    with pytest.raises(NotHeard, match="asked again in a minute"):
        asked.hear(io.BytesIO(WAV))
    assert len(server.asked) == before
    now += PAUSE_SECONDS + 1
    server.status, server.body = 200, b'{"text": "good"}'
    if status is not None:
        assert asked.hear(io.BytesIO(WAV)) == "good"


@pytest.mark.parametrize("url", ["", "localhost:8000", "ftp://a/b", "http://", "http://user:word@host/v1"])
def test_what_is_no_address_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(SettingsError) as refused:
        Address(url, key=None, model="m", seconds=LONG)
    assert "word" not in str(refused.value)


def test_what_is_no_command_is_refused() -> None:
    for wrong in ("", "'half"):
        with pytest.raises(SettingsError):
            Command(wrong, LONG)
