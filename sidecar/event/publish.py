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
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

from sidecar.errors import SidecarError
from sidecar.event.event import Event, encode

# What link(2) says where the file system has no hard links, or allows none here.
_NO_LINKS = {errno.EACCES, errno.EINVAL, errno.EMLINK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EPERM}

_FULL = {errno.ENOSPC, errno.EDQUOT}
_TEMPORARY = ".sidecar-"  # begins the hidden name of what is being written
_MODE = 0o644  # as the recording, and as a TTS that writes its audio
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | sum(getattr(os, name, 0) for name in ("O_CLOEXEC", "O_BINARY"))
_FLUSHING = 8  # files at once: a disk takes many in the time of one
_OPEN_FILES = 100  # at once, at most
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
        self.source = source_of(new_instance(program), host)
        self._sequence = 0
        self._lock = threading.Lock()

    def publish(
        self,
        folder: Path,
        event_type: str,
        subject: str | None,
        data: Mapping[str, Any],
        *,
        identity: str | None = None,
    ) -> Event:
        """Write one event as <id>.json.

        Args:
            folder: a watched folder.
            subject: the record it speaks of; None where it speaks of none.
            data: its facts.
            identity: the event's id, where it follows from what the event says; a new one unless given.

        Raises:
            FileExistsError: the folder has an event of the given id.
            PublishError: the folder cannot be written.
            EventError: the facts do not fit the schema.
        """
        with self._lock:
            event = self._made(event_type, subject, data, 1, identity)
            _put(folder, [event])
            self._sequence += 1
            return event

    def publish_many(
        self, folder: Path, event_type: str, subjects: Sequence[str], data: Mapping[str, Any]
    ) -> list[Event]:
        """Write one event for each subject, all with the same facts, faster than one by one.

        Raises:
            PublishError: the folder cannot be written; some may be there.
            EventError: the facts do not fit the schema.
        """
        with self._lock:
            events = [self._made(event_type, subject, data, number) for number, subject in enumerate(subjects, 1)]
            self._sequence += len(events)  # of one that fails a gap remains: others may lie there after it
            _put(folder, events)
            return events

    def _made(
        self, event_type: str, subject: str | None, data: Mapping[str, Any], number: int, identity: str | None = None
    ) -> Event:
        identity = identity or uuid7()
        return Event.decode(
            encode(
                id=identity,
                source=self.source,
                sequence=self._sequence + number,
                type=event_type,
                subject=subject or identity,
                time=datetime.now(timezone.utc),
                data=data,
            )
        )


def _put(folder: Path, events: Iterable[Event]) -> None:
    try:
        publish_files(folder, ((f"{event.id}.json", event.raw) for event in events))
    except FileExistsError:  # which a fresh id never is
        raise
    except OSError as error:
        message = f"{folder}: an event file cannot be written: {error.strerror}"
        raise PublishError(message, hint=cure(error)) from error


def cure(error: OSError) -> str:
    """What to do where a watched folder cannot be changed."""
    if error.errno in _FULL:
        return "Make room on that disk, and run it again: what is under way is finished then."
    if error.errno == errno.EROFS:
        return "That disk is mounted read-only: mount it for writing, and run it again."
    return "The account needs write access to the watched folder (SIDECAR_WATCH_DIR)."


def sweep(folder: Path) -> None:
    """Remove what processes of this program that were killed have left half-written; who lives is done in a moment.

    Raises:
        OSError: the folder cannot be listed.
    """
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(_TEMPORARY) and entry.name.endswith(".tmp"):
                with contextlib.suppress(OSError):
                    if time.time() - entry.stat(follow_symlinks=False).st_mtime > _CLAIM_SECONDS:
                        os.unlink(entry.path)


def publish_file(folder: Path, name: str, content: bytes, *, flush: bool = True) -> None:
    """Put a new file into a folder, as this module's head says.

    Args:
        name: what it is to be called.
        flush: whether to flush the folder too; a caller with many files does so once for all, by flush_folder.

    Raises:
        FileExistsError: the name is taken, or another writer has claimed it.
        OSError: the file cannot be written.
    """
    _publish(folder, [(name, content)])
    if flush:
        flush_folder(folder)


def publish_files(folder: Path, files: Iterable[tuple[str, bytes]]) -> None:
    """Put new files into a folder, in this order; where one cannot be, those before it may be there.

    Args:
        files: what each is to be called, and what it holds.

    Raises:
        FileExistsError: a name is taken, or another writer has claimed it.
        OSError: a file cannot be written.
    """
    rest = iter(files)
    while some := list(islice(rest, _OPEN_FILES)):
        _publish(folder, some)
    flush_folder(folder)


def _publish(folder: Path, files: Sequence[tuple[str, bytes]]) -> None:
    # Not made from the names: those may be as long as a file system allows.
    hidden = [f"{folder}/{_TEMPORARY}{secrets.token_hex(8)}.tmp" for _ in files]
    left = set(hidden)
    try:
        _write([(temporary, content) for temporary, (_, content) in zip(hidden, files, strict=True)])
        for temporary, (name, _) in zip(hidden, files, strict=True):
            _give_name(temporary, f"{folder}/{name}")
            left.discard(temporary)
    finally:
        for temporary in left:
            with contextlib.suppress(OSError):
                os.unlink(temporary)


def _write(files: Sequence[tuple[str, bytes]]) -> None:
    """Write new files, and wait until the disk has them."""
    with contextlib.ExitStack() as stack:
        written = []
        for path, content in files:
            descriptor = os.open(path, _NEW, _MODE)
            stack.callback(os.close, descriptor)
            done = os.write(descriptor, content)
            while done < len(content):  # a disk that is nearly full takes a part
                done += os.write(descriptor, content[done:])
            written.append(descriptor)
        if len(written) == 1:
            os.fsync(written[0])
            return
        parts = [written[first::_FLUSHING] for first in range(_FLUSHING)]
        with ThreadPoolExecutor(_FLUSHING, thread_name_prefix="flush") as pool:
            for _ in pool.map(_flush, parts):
                pass


def _flush(descriptors: Sequence[int]) -> None:
    for each in descriptors:
        os.fsync(each)


def _give_name(temporary: str, final: str) -> None:
    try:
        os.link(temporary, final)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        _claim_and_rename(Path(temporary), Path(final))
        return
    with contextlib.suppress(OSError):  # one that stays is hidden, and harmless
        os.unlink(temporary)


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


def new_instance(program: str) -> str:
    """A name for this start of this process, such as events and the markers of running calls bear it."""
    started = time.strftime("%Y%m%dT%H%M%S", time.gmtime())
    return f"{program}-{started}-{os.getpid()}-{secrets.token_hex(3)}"


def source_of(instance: str, host: str | None = None) -> str:
    """The source of an instance's events.

    Args:
        host: the machine that it names; this one, unless given.
    """
    return f"indextts://{host_slug(host)}/{instance}"


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
