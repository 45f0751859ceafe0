"""Forgetting a person beside what no program that is asked to could do less of: one DELETE, and unlinking the files."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks import dataset, process
from tests.benchmarks.context import Context
from tests.benchmarks.measure import Row
from tests.benchmarks.shipped import shipped

_AT_MOST = 3.0
_LINEAR = 1.5
_TIMES = 10
"""How many times as many records show whether it is linear."""
_STAY = 10
"""Every so manieth record is somebody else's."""
_WAV_BYTES = 2048
"""So little that neither its reading nor its hashing counts: those are as fast as the disk and the processor are."""
_PERSON = "xiao ming"
_THEIRS = f"tts_records WHERE user_id = '{_PERSON}'"
_DELETES = (f"DELETE FROM tts_events WHERE subject IN (SELECT event_id FROM {_THEIRS})", f"DELETE FROM {_THEIRS}")


def forgetting(context: Context) -> list[Row]:
    """On the server that is measured, and on SQLite beside MariaDB."""
    return [row for kind in context.kinds for row in _measured(context, kind)]


def _measured(context: Context, kind: str) -> Iterator[Row]:
    count = context.count("FORGET_RECORDS", full=20_000, small=300)
    rounds = context.scale(context.rounds + 2, context.rounds)
    ours, theirs = zip(*(_round(context, kind, count) for _ in range(rounds)), strict=True)
    what = f"forget of {count:,} records, {kind}"
    against = "one DELETE of them, and unlinking the files"
    yield Row(
        what=what,
        unit="s",
        ours=ours,
        against=against,
        theirs=theirs,
        at_most=None if context.small else _AT_MOST,
        steady=False,  # on a disk the unlinking is all, in memory it is next to nothing
        note="too few records to judge" if context.small else "",
    )
    if context.small or kind != "sqlite":
        return
    larger, least = _round(context, kind, count * _TIMES)
    yield Row(
        what=f"forget of {count * _TIMES:,} records, {kind}, for each {count:,}",
        unit="s",
        ours=[larger / _TIMES] * rounds,
        against=f"forget of {count:,}",
        theirs=ours,
        at_most=_LINEAR,
        note=f"{larger / least:.2f} times DELETE and unlinking of as many",
    )


def _round(context: Context, kind: str, count: int) -> tuple[float, float]:
    """Seconds of forgetting, the whole command, and of the least there is to do."""
    context.progress(f"forget of {count:,} records on {kind}")
    users = [_PERSON] * count + ["anna"] * (count // _STAY)
    with shipped(context, kind, users, wav_bytes=_WAV_BYTES) as takes:
        ours = process.once(takes.url, "forget", "--user", _PERSON, "--yes", folder=takes.folder).seconds
        _check(takes.folder, count)
    with shipped(context, kind, users, wav_bytes=_WAV_BYTES) as takes:
        names = [name for number in range(count) for name in dataset.names(number)]
        began = time.perf_counter()
        for statement in _DELETES:
            takes.connection.cursor().execute(statement)
        takes.connection.commit()
        for name in names:
            os.unlink(takes.folder / name)
        theirs = time.perf_counter() - began
        _check(takes.folder, count)
    return ours, theirs


def _check(folder: Path, count: int) -> None:
    left = sorted(path.name for path in folder.glob("spk_*"))
    assert left == sorted(name for number in range(count, count + count // _STAY) for name in dataset.names(number))
