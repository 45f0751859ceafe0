"""Puts event files of this program's own into a watched folder: what people say and do about audio after it was made.

They lie there beside the TTS's own, and the shipper carries them. So a rating given while the database is away is not
lost, and the tables can be rebuilt with it.

A file appears whole or not at all, and never in the place of another: it is written under a hidden name that no scan
accepts, flushed to disk, and only then given its own name. A hard link does that in one step and fails where the name
is taken. A rename does not fail, and a placeholder under the name would be read as an empty event; so where a file
system has no hard links (FAT, some FUSE and SMB mounts), writers first claim the name by creating a hidden file beside
it. indextts_patch claims names in the same way, so the two keep each other out as well.
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
from uuid import UUID

from sidecar.errors import SidecarError
from sidecar.event.event import Event, encode

# What link(2) says where the file system has no hard links, or allows none here.
_NO_LINKS = {errno.EACCES, errno.EINVAL, errno.EMLINK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EPERM}

_CLAIM_SECONDS = 60.0  # a claim is held for milliseconds; the process of an older one has died


class PublishError(SidecarError):
    """An event file could not be written."""


class Publisher:
    """Publishes events under one source; thread-safe.

    Args:
        program: begins the source's instance, such as web.
        host: the machine that the source names; this one, unless given.
    """

    def __init__(self, program: str, host: str | None = None) -> None:
        started = time.strftime("%Y%m%dT%H%M%S", time.gmtime())
        self.source = f"indextts://{host_slug(host)}/{program}-{started}-{os.getpid()}-{secrets.token_hex(3)}"
        self._sequence = 0
        self._lock = threading.Lock()

    def publish(
        self, folder: Path, event_type: str, subject: str | None, data: Mapping[str, Any], *, flush: bool = True
    ) -> Event:
        """Write one event as <id>.json.

        Args:
            folder: a watched folder.
            subject: the record it speaks of; None where it speaks of none.
            data: its facts.
            flush: as for publish_file.

        Raises:
            PublishError: the folder cannot be written.
            EventError: the facts do not fit the schema.
        """
        with self._lock:
            identity = uuid7()
            event = Event.decode(
                encode(
                    id=identity,
                    source=self.source,
                    sequence=self._sequence + 1,
                    type=event_type,
                    subject=subject or identity,
                    time=datetime.now(timezone.utc),
                    data=data,
                )
            )
            try:
                publish_file(folder, f"{identity}.json", event.raw, flush=flush)
            except OSError as error:
                raise PublishError(
                    f"{folder}: an event file cannot be written: {error.strerror}",
                    hint="The account needs write access to the watched folder (SIDECAR_WATCH_DIR).",
                ) from error
            self._sequence += 1
            return event


def publish_file(folder: Path, name: str, content: bytes, *, flush: bool = True) -> None:
    """Put a new file into a folder, as this module's head says.

    Args:
        name: what it is to be called.
        flush: whether to flush the folder too; a caller with many files does so once for all, by flush_folder.

    Raises:
        FileExistsError: the name is taken, or another writer has claimed it.
        OSError: the file cannot be written.
    """
    # Not made from the name: that may be as long as a file system allows.
    temporary = folder / f".sidecar-{secrets.token_hex(8)}.tmp"
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(temporary, folder / name)
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            _claim_and_rename(temporary, folder / name)
    finally:
        with contextlib.suppress(OSError):  # one that stays is hidden, and harmless
            temporary.unlink()
    if flush:
        flush_folder(folder)


def _claim_and_rename(temporary: Path, final: Path) -> None:
    claim = final.with_name(f".{final.name}.claim")
    with contextlib.suppress(FileNotFoundError):
        if time.time() - claim.stat().st_mtime > _CLAIM_SECONDS:
            claim.unlink()
    claim.touch(exist_ok=False)
    try:
        if os.path.lexists(final):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(final))
        temporary.rename(final)
    finally:
        with contextlib.suppress(OSError):
            claim.unlink()


def flush_folder(folder: Path) -> None:
    """Flush the names in a folder to disk, so that a power cut takes none of them.

    Raises:
        OSError: the folder cannot be opened or flushed.
    """
    if os.name != "posix":
        return  # Windows cannot open a folder for this
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def host_slug(name: str | None = None) -> str:
    """A machine's name as a source may hold it: this machine's, unless one is given."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name or socket.gethostname()).strip("-")[:100] or "host"


def uuid7(milliseconds: int | None = None, random: bytes | None = None) -> str:
    """A UUIDv7 (RFC 9562).

    Args:
        milliseconds: since 1970; now, unless given.
        random: ten bytes, of which version and variant replace six bits; fresh ones, unless given.
    """
    moment = time.time_ns() // 1_000_000 if milliseconds is None else milliseconds
    value = (moment & (1 << 48) - 1) << 80 | int.from_bytes(random or secrets.token_bytes(10), "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return str(UUID(int=value))
