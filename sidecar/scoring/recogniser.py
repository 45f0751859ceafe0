"""Programs and servers that write down what is said in a WAV file. None comes with this program: whoever has one names
it, as a command or by its address.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import secrets
import shlex
import signal
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, Protocol
from urllib.parse import urlsplit

from sidecar.errors import SettingsError, SidecarError

CONNECT_SECONDS = 5.0
"""To reach an address at all."""
PAUSE_SECONDS = 60.0
"""So long an address that does not serve is left alone; takes are scored without a transcript meanwhile."""
_MOST_BYTES = 1 << 20  # of an answer
_SAID = 300  # characters of what a failing program or server says
_BUSY = (429, 500, 502, 503, 504)


class NotHeard(SidecarError):
    """There is no transcript; the message says why."""


class Recogniser(Protocol):
    """What writes down what it hears."""

    name: str
    """What it is called in events."""

    def hear(self, file: BinaryIO) -> str:
        """What is said in an open WAV file.

        Raises:
            NotHeard: it could not be written down.
        """


class Command:
    """A program that prints what it hears.

    Args:
        command: its words; {audio} stands for the file's path, which comes last where it is not named.
        seconds: that it may take.

    Raises:
        SettingsError: it is no command.
    """

    def __init__(self, command: str, seconds: float) -> None:
        try:
            words = shlex.split(command)
        except ValueError as error:
            raise SettingsError(f"SIDECAR_TRANSCRIBE_COMMAND is {command!r}: {error}") from error
        if not words:
            raise SettingsError("SIDECAR_TRANSCRIBE_COMMAND is empty")
        self._words = words if any("{audio}" in word for word in words) else [*words, "{audio}"]
        self._seconds = seconds
        self.name = Path(words[0]).name[:64]

    def hear(self, file: BinaryIO) -> str:
        """As of a Recogniser."""
        # A copy, for a file's path may name another file by now.
        with tempfile.TemporaryDirectory(prefix="sidecar-heard-") as folder:
            path = Path(folder) / "take.wav"
            with path.open("wb") as copy:
                file.seek(0)
                while block := file.read(_MOST_BYTES):
                    copy.write(block)
            return self._run([word.replace("{audio}", str(path)) for word in self._words])

    def _run(self, words: list[str]) -> str:
        with tempfile.TemporaryFile() as complaints:
            try:
                process = subprocess.Popen(
                    words,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=complaints,
                    start_new_session=os.name == "posix",
                )
            except OSError as error:
                raise NotHeard(f"{words[0]}: {error.strerror or error}") from error
            assert process.stdout is not None
            late = threading.Event()

            def end_late() -> None:
                late.set()
                _end(process)

            timer = threading.Timer(self._seconds, end_late)
            timer.daemon = True
            timer.start()
            try:
                printed = process.stdout.read(_MOST_BYTES + 1)
                code = process.wait() if len(printed) <= _MOST_BYTES else 0
            finally:  # a signal that ends this program ends that one too
                timer.cancel()
                _end(process)
                process.wait()
                process.stdout.close()
            if late.is_set():
                raise NotHeard(f"{self.name} took longer than {self._seconds:g} s")
            if len(printed) > _MOST_BYTES:
                raise NotHeard(f"{self.name} printed more than {_MOST_BYTES:,} bytes")
            if code:
                complaints.seek(0)
                raise NotHeard(f"{self.name} ended with {code}: {_last_line(complaints.read(_MOST_BYTES))}")
        return _text(printed)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill it, with what it has started."""
    with contextlib.suppress(OSError):
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)


def _last_line(complaints: bytes) -> str:
    lines = complaints.decode("utf-8", "replace").split("\n")
    return next((line.strip()[:_SAID] for line in reversed(lines) if line.strip()), "it says nothing")


def _text(raw: bytes) -> str:
    try:
        return raw.decode().strip().replace("\0", "")
    except UnicodeDecodeError as error:
        raise NotHeard("what was written down is not UTF-8") from error


class Address:
    """A server that speaks OpenAI's /v1/audio/transcriptions.

    Args:
        url: the whole address, of http or https.
        key: that it asks for; None for none.
        model: that it is asked for.
        seconds: that an answer may take, whatever the server does meanwhile.
        clock: seconds.

    Raises:
        SettingsError: it is no address.
    """

    def __init__(
        self,
        url: str,
        *,
        key: str | None,
        model: str,
        seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
            raise SettingsError(
                "SIDECAR_TRANSCRIBE_URL is no address",
                hint="Write it like http://127.0.0.1:8000/v1/audio/transcriptions; a key goes into its own setting.",
            )
        self._parts, self._key, self._model, self._seconds, self._clock = parts, key, model, seconds, clock
        self._again_at, self._why = 0.0, ""
        self.name = model[:64]

    def hear(self, file: BinaryIO) -> str:
        """As of a Recogniser."""
        if self._clock() < self._again_at:
            raise NotHeard(f"{self._why}; it is asked again in a minute")
        file.seek(0)
        content = file.read()
        box: list[Any] = []
        # In a thread: no timeout of a socket ends what looks a name up, or what answers a byte at a time.
        asking = threading.Thread(target=self._ask, args=(content, box), name="transcribe", daemon=True)
        asking.start()
        asking.join(self._seconds)
        answer = box[0] if box else TimeoutError(f"no answer within {self._seconds:g} s")
        if isinstance(answer, (OSError, http.client.HTTPException)):
            self._pause(f"{self._parts.netloc}: {getattr(answer, 'strerror', None) or answer or 'no answer'}")
        if isinstance(answer, BaseException):
            raise answer
        status, body = answer
        if status != 200:
            said = f"{self._parts.netloc} answered {status}: {_last_line(body)}"
            if status in _BUSY:
                self._pause(said)
            raise NotHeard(said)
        return _of_answer(body)

    def _pause(self, why: str) -> None:
        self._again_at, self._why = self._clock() + PAUSE_SECONDS, why
        raise NotHeard(why)

    def _ask(self, content: bytes, box: list[Any]) -> None:
        try:
            box.append(self._answer(content))
        except Exception as error:  # noqa: BLE001 - raised again where it was asked for
            box.append(error)

    def _answer(self, content: bytes) -> tuple[int, bytes]:
        parts = self._parts
        assert parts.hostname is not None
        connection = (
            http.client.HTTPSConnection(
                parts.hostname, parts.port, timeout=CONNECT_SECONDS, context=ssl.create_default_context()
            )
            if parts.scheme == "https"
            else http.client.HTTPConnection(parts.hostname, parts.port, timeout=CONNECT_SECONDS)
        )
        with contextlib.closing(connection):
            connection.connect()
            connection.sock.settimeout(self._seconds)
            kind, body = _form(content, self._model)
            headers = {"Content-Type": kind, "Accept": "application/json", "Connection": "close"}
            if self._key:
                headers["Authorization"] = f"Bearer {self._key}"
            connection.request("POST", parts.path + (f"?{parts.query}" if parts.query else ""), body, headers)
            with contextlib.closing(connection.getresponse()) as response:
                answer = response.read(_MOST_BYTES + 1)
        if len(answer) > _MOST_BYTES:
            raise NotHeard(f"{parts.netloc} answered more than {_MOST_BYTES:,} bytes")
        return response.status, answer


def _form(content: bytes, model: str) -> tuple[str, bytes]:
    """Content type and body of multipart/form-data."""
    boundary = secrets.token_hex(16)
    fields = {"model": model, "response_format": "json", "temperature": "0"}
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="take.wav"\r\n'
    parts += [f"{head}Content-Type: audio/wav\r\n\r\n".encode(), content, f"\r\n--{boundary}--\r\n".encode()]
    return f"multipart/form-data; boundary={boundary}", b"".join(parts)


def _of_answer(body: bytes) -> str:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise NotHeard("the answer is not JSON") from error
    text = answer.get("text") if isinstance(answer, dict) else None
    if not isinstance(text, str):
        raise NotHeard('the answer has no "text"')
    return text.strip().replace("\0", "")
