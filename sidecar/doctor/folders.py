"""The watched folders: there, readable, announced, on a disk with room, and with an event for each WAV."""

from __future__ import annotations

import os
import shutil
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from sidecar.doctor.findings import Finding, failure, note, ok, warning
from sidecar.event.names import media_type_of
from sidecar.rights import may, this_user
from sidecar.wording.plural import count

_LOW_SHARE, _LOW_BYTES = 0.05, 1 << 30
_FULL_BYTES = 16 << 20  # less than a few syntheses
_LOOKED_AT = 20_000
_RECORDED_SECONDS = 60.0  # as backfill's --min-age

Watch = Callable[[Path], str]
"""Tries to have a folder watched; returns why the system refuses, or ""."""


def check_folder(folder: Path, *, kind: str, announced: bool, mode: str, watch: Watch) -> Iterator[Finding]:
    """
    Args:
        kind: type of its file system; "" where it is unknown.
        announced: whether that type announces changes.
        mode: SIDECAR_WATCH_MODE.
        watch: see Watch.
    """
    name = f"folder {folder}"
    finding = _reachable(folder, name)
    if finding is not None:
        yield finding
        return
    yield from _contents(folder, name)
    yield from _room(folder)
    if not announced:
        if mode == "notify":
            yield failure(
                "watching",
                f"{folder} is on {kind}, where other machines' files are not announced, and SIDECAR_WATCH_MODE=notify",
                "Set SIDECAR_WATCH_MODE=auto or poll.",
            )
        else:
            yield note(
                "watching",
                f"{folder} is on {kind}, so frequent scans take the place of announcements",
                "Nothing to do; new events are noticed within SIDECAR_POLL_SECONDS. A local disk is faster.",
            )
    elif mode != "poll":
        reason = watch(folder)
        if reason:
            yield warning(
                "watching",
                f"the system does not watch {folder}: {reason}; frequent scans take its place",
                "Raise the limits: sysctl fs.inotify.max_user_instances=512 fs.inotify.max_user_watches=65536, "
                "and keep them in /etc/sysctl.d/.",
            )
        else:
            yield ok("watching", f"new files in {folder} are announced ({kind or 'unknown file system'})")


def _reachable(folder: Path, name: str) -> Finding | None:
    try:
        mode = folder.stat().st_mode
    except FileNotFoundError:
        parent = next(each for each in folder.parents if each.exists())
        return failure(
            name,
            f"it does not exist ({parent} does)",
            "Correct SIDECAR_WATCH_DIR, absolute for a service. IndexTTS makes the folder at its first output.",
        )
    except PermissionError:
        return failure(name, f"{this_user()} may not go through a folder above it", _rights_cure(folder))
    except OSError as error:
        return failure(name, f"it cannot be reached: {error.strerror}", "Mount it again, or correct SIDECAR_WATCH_DIR.")
    if not stat.S_ISDIR(mode):
        return failure(name, "it is a file, not a folder", "Name the folder itself in SIDECAR_WATCH_DIR.")
    try:
        with os.scandir(folder) as entries:
            first = next(entries, None)
            if first is not None:
                first.stat(follow_symlinks=False)
    except PermissionError:
        return failure(name, f"{this_user()} may not list it", _rights_cure(folder))
    except OSError as error:
        return failure(name, f"it cannot be listed: {error.strerror}", "Mount it again, or check the disk.")
    return None


def _contents(folder: Path, name: str) -> Iterator[Finding]:
    events = audio = wavs = unrecorded = looked = 0
    unreadable = ""
    with os.scandir(folder) as entries:
        for entry in entries:
            looked += 1
            if looked > _LOOKED_AT:
                break
            if entry.name.startswith("."):
                continue
            if entry.name.endswith(".json"):
                events += 1
                if not unreadable and not may(entry.path, os.R_OK):
                    unreadable = entry.name
            elif media_type_of(entry.name) is not None:
                audio += 1
                if entry.name.lower().endswith(".wav"):  # other formats people make of them
                    wavs += 1
                    unrecorded += _is_unrecorded(entry)
    if unreadable:
        yield failure(name, f"{this_user()} may not read {unreadable} in it", _rights_cure(folder))
    more = "more than " if looked > _LOOKED_AT else ""
    if unrecorded:
        yield warning(
            name,
            f"without an event: {unrecorded:,} of {more}{count(wavs, 'WAV')}; there are {more}"
            f"{count(events, 'JSON file')}",
            "From before the recording: sidecar backfill gives each an event. From now: the TTS runs without the "
            "recording (python -m indextts_patch doctor).",
        )
    elif not unreadable:
        yield ok(name, f"readable; {more}{count(events, 'JSON file')}, {count(audio, 'audio file')}")


def _is_unrecorded(entry: os.DirEntry[str]) -> bool:
    """By names alone, as backfill decides; a younger WAV may still be being recorded."""
    if os.path.lexists(f"{entry.path}.json"):
        return False
    try:
        return time.time() - entry.stat(follow_symlinks=False).st_mtime >= _RECORDED_SECONDS
    except FileNotFoundError:
        return False


def _room(folder: Path) -> Iterator[Finding]:
    disk = shutil.disk_usage(folder)
    free, share = disk.free, disk.free / max(1, disk.total)
    said = f"{free / 1e9:,.1f} GB ({share:.0%}) free on the disk of {folder}"
    cure = "Free some room: sidecar prune shows what could go. Without room the TTS writes neither audio nor events."
    if free < _FULL_BYTES:
        yield failure("disk", said, cure)
    elif share < _LOW_SHARE and free < 20 * _LOW_BYTES:
        yield warning("disk", said, cure)
    else:
        yield ok("disk", said)


def _rights_cure(folder: Path) -> str:
    return (
        f"Let it read: setfacl -m u:indextts-sidecar:rx {folder} (and x on the folders above), or make the user of the "
        "service a member of the folder's group. The service sees no home folder that install.sh was not told of."
    )
