"""Writes event files of this program's own: what people say and do about audio after it was made.

They go into a watched folder, as the TTS's own do, and the shipper carries them. So a rating given while the database
is away is not lost, and the tables can be rebuilt with it.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import socket
import threading
import time
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import orjson

from sidecar.errors import SidecarError
from sidecar.event.event import Event

_UNLINKABLE = {errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK}


class PublishError(SidecarError):
    """An event file could not be written."""


class Publisher:
    """Publishes events under one source; thread-safe.

    Args:
        program: begins the source's instance, such as web.
    """

    def __init__(self, program: str) -> None:
        host = re.sub(r"[^A-Za-z0-9._-]+", "-", socket.gethostname())[:100].strip("-") or "host"
        started = time.strftime("%Y%m%dT%H%M%S", time.gmtime())
        self.source = f"indextts://{host}/{program}-{started}-{os.getpid()}-{secrets.token_hex(3)}"
        self._sequence = 0
        self._lock = threading.Lock()

    def publish(self, folder: Path, kind: str, subject: str | None, data: Mapping[str, Any]) -> Event:
        """Write one event as <id>.json, complete or not at all.

        Args:
            folder: a watched folder.
            kind: the event's type.
            subject: the record it speaks of; None where it speaks of none.
            data: its facts.

        Raises:
            PublishError: the folder cannot be written.
            EventError: the facts do not fit the schema.
        """
        with self._lock:
            identity = uuid7()
            document = {
                "specversion": "1.0",
                "id": identity,
                "source": self.source,
                "sequence": self._sequence + 1,
                "type": kind,
                "subject": subject or identity,
                "time": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
                "datacontenttype": "application/json",
                "dataschema": "urn:indextts:event:1.0",
                "data": data,
            }
            event = Event.decode(orjson.dumps(document))
            try:
                _write(folder, f"{identity}.json", event.raw)
            except OSError as error:
                raise PublishError(
                    f"{folder}: an event file cannot be written: {error.strerror}",
                    hint="The account needs write access to the watched folder (SIDECAR_WATCH_DIR).",
                ) from error
            self._sequence += 1
            return event


def uuid7() -> str:
    """A UUIDv7 of now (RFC 9562): 48 bits of milliseconds, then random bits."""
    value = time.time_ns() // 1_000_000 << 80 | 0x7 << 76 | secrets.randbits(12) << 64 | 0b10 << 62
    text = f"{value | secrets.randbits(62):032x}"
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def _write(folder: Path, name: str, raw: bytes) -> None:
    """Hidden temporary file, fsync, publish without overwriting, fsync of the folder."""
    temporary = folder / f".{name}.tmp"
    try:
        with open(temporary, "xb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(temporary, folder / name)
        except OSError as error:
            if error.errno not in _UNLINKABLE:
                raise
            os.rename(temporary, folder / name)  # no hard links here; the name is a fresh UUID and cannot be taken
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
