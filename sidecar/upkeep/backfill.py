"""Events for audio from before the recording: each WAV without an event file gets one of type .discovered.

A WAV tells little: its format, its length, its bytes, when it was written. The same WAV always gives the same event
with the same id, so running this twice makes no second record. The database is asked by the audio's hash before: what
has a record whose event file was lost needs no other, and what was forgotten is not to come back.
"""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Iterator, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from sidecar.errors import SidecarError
from sidecar.event.event import Event, encode, rfc3339
from sidecar.event.names import EVENT_SUFFIX, printable
from sidecar.event.publish import flush_folder, host_slug, publish_file, uuid7
from sidecar.event.types import DISCOVERED
from sidecar.storage.database import Database, in_chunks
from sidecar.upkeep.erasures import erased_audio
from sidecar.upkeep.inventory import list_names
from sidecar.upkeep.wav import facts, sha256

UNKNOWN = "recorded afterwards: text, emotion, voice, parameters, model and speed are not known"
_FROM_NAME = re.compile(r"^spk_(\d{9,10})\.wav$", re.IGNORECASE)  # webui.py: outputs/spk_{int(time.time())}.wav
_LONGEST_SYNTHESIS = 6 * 3600.0  # seconds; a file written that long after the time in its name was copied
_FILES_PER_FLUSH = 256  # of the folder
_THREADS = 8  # the time goes into reading and fsync, where threads do help


class BackfillFailed(SidecarError):
    """The folder cannot be written."""


@dataclass(frozen=True, kw_only=True)
class Survey:
    """The WAVs of a folder."""

    unrecorded: list[str]
    """Names of those without an event file, sorted."""
    recorded: int
    """How many have one."""
    young: int
    """How many have none because they may still be being written."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What became of one WAV."""

    name: str
    written: bool = False
    """Whether an event file was written: not if another program was quicker, nor after an error."""
    known: bool = False
    """Whether the database has a record of this audio."""
    forgotten: bool = False
    """Whether a record of this audio was forgotten."""
    duration: float | None = None
    """Seconds of audio, where the header says so."""
    error: str = ""


def survey(folder: Path, *, min_age: float) -> Survey:
    """
    Args:
        min_age: seconds; a younger WAV is left alone, because it may still be being recorded.

    Raises:
        FolderUnavailable: the folder cannot be listed.
    """
    names = list_names(folder)
    events = set(names.events)
    wavs = names.wavs
    missing = [name for name in wavs if f"{name}{EVENT_SUFFIX}" not in events]
    settled = sorted(name for name in missing if time.time() - names.audio[name][1] >= min_age)
    return Survey(unrecorded=settled, recorded=len(wavs) - len(missing), young=len(missing) - len(settled))


def backfill(
    folder: Path, names: Sequence[str], database: Database | None, *, host: str | None = None
) -> Iterator[Outcome]:
    """Write an event file for each of those WAVs that the database knows nothing of, and yield what became of each.

    Args:
        database: None where there are no tables yet, and so no records.
        host: goes into the events' source; this machine's name, unless given.

    Raises:
        BackfillFailed: the folder cannot be written.
        TemporarySinkError: the database cannot serve.
    """
    probe = folder / f".backfill-{os.getpid()}.tmp"
    try:
        probe.touch(exist_ok=False)
        probe.unlink()
    except OSError as error:
        raise BackfillFailed(
            f"{folder} cannot be written: {error.strerror}",
            hint="Run it as the user that owns the folder: the service itself only reads it.",
        ) from error
    source = f"indextts://{host_slug(host)}/backfill"
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="backfill") as pool:
        told = _told(database, {digest for digest in pool.map(lambda name: _hash(folder / name), names) if digest})
        for chunk in in_chunks(names, _FILES_PER_FLUSH):
            yield from pool.map(lambda name: _record(folder, name, source, told), chunk)
            flush_folder(folder)


@dataclass(frozen=True, kw_only=True)
class _Told:
    """What the database says of audio, by SHA-256."""

    known: Set[str]
    forgotten: Set[str]


def _told(database: Database | None, wanted: Set[str]) -> _Told:
    if database is None or not wanted:
        return _Told(known=frozenset(), forgotten=frozenset())
    # One pass: there is no index on the hash, which each insert would pay for.
    rows = database.stream("SELECT audio_sha256 FROM tts_records WHERE audio_sha256 IS NOT NULL")
    return _Told(
        known={digest for (digest,) in rows if digest in wanted}, forgotten=wanted & erased_audio(database).keys()
    )


def _hash(path: Path) -> str:
    try:
        return sha256(path)
    except OSError:
        return ""  # said when it is to be recorded


def describe(folder: Path, name: str, source: str) -> bytes:
    """The event of one WAV; equal WAVs under equal names give equal bytes.

    Raises:
        OSError: it cannot be read.
    """
    path = folder / name
    mtime = path.stat().st_mtime
    audio = {"path": f"{printable(folder.name)}/{name}", **facts(path)}
    ended, started, warnings = _times(name, mtime)
    if "duration" not in audio:
        warnings.append("no WAV header: format and duration are not known")
    data: dict[str, Any] = {"audio": audio, "warnings": [UNKNOWN, *warnings], "recorder": "sidecar backfill"}
    if started is not None:
        data["timing"] = {"started_at": rfc3339(_utc(started))}
    seed = f"{name}\0{audio['sha256']}".encode("utf-8", "surrogateescape")
    identity = uuid7(int(ended * 1000), hashlib.sha256(seed).digest()[:10])
    event = encode(
        id=identity,
        source=source,
        sequence=1,  # nobody counted these; one number for all leaves no gap
        type=DISCOVERED,
        subject=identity,
        time=_utc(ended),
        data=data,
    )
    return event + b"\n"


def _record(folder: Path, name: str, source: str, told: _Told) -> Outcome:
    if printable(name) != name:
        return Outcome(name=name, error="its name is not UTF-8, so no event can name it; rename it")
    try:
        event = Event.decode(describe(folder, name, source))
        digest = event.data["audio"]["sha256"]
        if digest in told.known or digest in told.forgotten:
            return Outcome(name=name, known=digest in told.known, forgotten=digest in told.forgotten)
        publish_file(folder, f"{name}.json", event.raw, flush=False)
    except FileExistsError:
        return Outcome(name=name)
    except OSError as error:
        return Outcome(name=name, error=error.strerror or type(error).__name__)
    except SidecarError as error:
        return Outcome(name=name, error=str(error))
    return Outcome(name=name, written=True, duration=event.data["audio"].get("duration"))


def _times(name: str, mtime: float) -> tuple[float, float | None, list[str]]:
    """When it ended and when it began, as unix times, and the warnings that go with them."""
    match = _FROM_NAME.match(name)
    if match is None:
        return mtime, None, ["its time is the file's modification time"]
    named = float(match[1])
    if named <= mtime + 1 <= named + _LONGEST_SYNTHESIS:
        return mtime, named, ["its times are the file's modification time and, to the second, the one in its name"]
    return named, named, ["its time is the one in its name: the file was copied or changed later"]


def _utc(moment: float) -> datetime:
    return datetime.fromtimestamp(moment, timezone.utc)
