"""Events for audio from before the recording: each WAV without an event file gets one of type .discovered.

What a WAV tells is little: its format, its length, its bytes, when it was written. The same WAV always gives the same
event with the same id, so running it twice, or after the event files were lost, makes no second record.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import socket
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import orjson

from sidecar.errors import SidecarError
from sidecar.event.event import Event
from sidecar.event.types import DISCOVERED
from sidecar.upkeep.wav import SUFFIX, facts

UNKNOWN = "recorded afterwards: text, emotion, voice, parameters, model and speed are not known"
_FROM_NAME = re.compile(r"^spk_(\d{9,10})\.wav$", re.IGNORECASE)  # webui.py: outputs/spk_{int(time.time())}.wav
_LONGEST_SYNTHESIS = 6 * 3600.0  # seconds; a file written later than that after its name's time was copied
_CHUNK = 256  # files between two flushes of the folder
_THREADS = 8  # the time goes into reading and fsync, where threads do help


class BackfillFailed(SidecarError):
    """The folder cannot be read or written."""


@dataclass(frozen=True, kw_only=True)
class Survey:
    """What is in a folder."""

    unrecorded: list[str]
    """Names of WAVs without an event file, oldest name first."""
    recorded: int
    """WAVs that have one."""
    young: int
    """WAVs that may still be being written."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of one WAV."""

    name: str
    written: bool
    """Whether an event file was written; not where another program was quicker, or on an error."""
    duration: float | None = None
    """Seconds of audio, where the header tells."""
    error: str = ""


@dataclass
class Tally:
    """What became of all of them."""

    written: int = 0
    taken: int = 0
    seconds: float = 0.0
    without_header: int = 0
    errors: list[Outcome] = field(default_factory=list)

    def add(self, outcome: Outcome) -> None:
        if outcome.error:
            self.errors.append(outcome)
        elif not outcome.written:
            self.taken += 1
        else:
            self.written += 1
            self.seconds += outcome.duration or 0.0
            self.without_header += outcome.duration is None


def survey(folder: Path, *, min_age: float) -> Survey:
    """
    Args:
        min_age: seconds; a younger WAV is left alone, its own recording may be under way.

    Raises:
        BackfillFailed: the folder cannot be listed.
    """
    found: dict[str, float] = {}
    events: set[str] = set()
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                if entry.name.endswith(".json"):
                    events.add(entry.name)
                elif entry.name.lower().endswith(SUFFIX) and entry.is_file(follow_symlinks=False):
                    with contextlib.suppress(FileNotFoundError):
                        found[entry.name] = entry.stat(follow_symlinks=False).st_mtime
    except OSError as error:
        raise BackfillFailed(f"{folder}: {error.strerror}") from error
    missing = {name: mtime for name, mtime in found.items() if f"{name}.json" not in events}
    settled = sorted(name for name, mtime in missing.items() if time.time() - mtime >= min_age)
    return Survey(unrecorded=settled, recorded=len(found) - len(missing), young=len(missing) - len(settled))


def backfill(folder: Path, names: Sequence[str], *, host: str | None = None) -> Iterator[Outcome]:
    """Write an event file for each of those WAVs, one outcome after the other.

    Args:
        host: named in the events' source; this machine's name unless given.

    Raises:
        BackfillFailed: the folder cannot be written.
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
    source = f"indextts://{_host(host)}/backfill"
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="backfill") as pool:
        for start in range(0, len(names), _CHUNK):
            chunk = names[start : start + _CHUNK]
            yield from pool.map(lambda name: _record(folder, name, source), chunk)
            _flush(folder)


def describe(folder: Path, name: str, source: str) -> bytes:
    """The event of one WAV; equal WAVs under equal names give equal bytes.

    Raises:
        OSError: it cannot be read.
    """
    path = folder / name
    mtime = path.stat().st_mtime
    audio = {"path": f"{folder.name}/{name}", **facts(path)}
    ended, started, warnings = _times(name, mtime)
    if "duration" not in audio:
        warnings.append("no WAV header: format and duration are not known")
    data: dict[str, Any] = {"audio": audio, "warnings": [UNKNOWN, *warnings], "recorder": "sidecar backfill"}
    if started is not None:
        data["timing"] = {"started_at": _rfc3339(started)}
    identity = _identity(ended, f"{name}\0{audio['sha256']}")
    return orjson.dumps(
        {
            "specversion": "1.0",
            "id": identity,
            "source": source,
            "sequence": 1,  # nobody counted these; one number for all leaves no gap
            "type": DISCOVERED,
            "subject": identity,
            "time": _rfc3339(ended),
            "datacontenttype": "application/json",
            "dataschema": "urn:indextts:event:1.0",
            "data": data,
        },
        option=orjson.OPT_APPEND_NEWLINE,
    )


def _record(folder: Path, name: str, source: str) -> Outcome:
    try:
        event = Event.decode(describe(folder, name, source))
        written = _publish(folder, f"{name}.json", event.raw)
    except OSError as error:
        return Outcome(name=name, written=False, error=error.strerror or type(error).__name__)
    except SidecarError as error:
        return Outcome(name=name, written=False, error=str(error))
    return Outcome(name=name, written=written, duration=event.data["audio"].get("duration"))


def _times(name: str, mtime: float) -> tuple[float, float | None, list[str]]:
    """When it ended and when it began, unix time, and what is to be said about that."""
    match = _FROM_NAME.match(name)
    if match is None:
        return mtime, None, ["its time is the file's modification time"]
    named = float(match[1])
    if named <= mtime + 1 <= named + _LONGEST_SYNTHESIS:
        return mtime, named, ["its times are the file's modification time and, to the second, the one in its name"]
    return named, named, ["its time is the one in its name: the file was copied or changed later"]


def _identity(moment: float, seed: str) -> str:
    """A UUIDv7 of that moment whose random bits are the hash of the seed."""
    random = int.from_bytes(hashlib.sha256(seed.encode("utf-8", "surrogateescape")).digest()[:10], "big")
    value = (int(moment * 1000) & (1 << 48) - 1) << 80 | random
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    text = f"{value:032x}"
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def _rfc3339(moment: float) -> str:
    return datetime.fromtimestamp(moment, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _host(name: str | None) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name or socket.gethostname()).strip("-")[:100] or "host"


def _publish(folder: Path, name: str, raw: bytes) -> bool:
    """Hidden, flushed to disk, then under its name at once. False where the name is taken."""
    temporary = folder / f".{name}.{os.getpid()}.tmp"
    try:
        with temporary.open("xb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        os.link(temporary, folder / name)
    except FileExistsError:
        return False
    finally:
        with contextlib.suppress(FileNotFoundError):
            temporary.unlink()
    return True


def _flush(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
