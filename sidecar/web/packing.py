"""The audio of many takes as one zip, sent while it is made: memory stays flat, and no disk is needed.

WAVs hardly shrink, so they are stored as they are. The last file, records.csv, names each take's file, and why there is
none where there is none.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from datetime import tzinfo
from pathlib import Path
from typing import Any, BinaryIO, cast

from zipstream import ZIP_STORED, ZipStream

from sidecar.answers import search
from sidecar.answers.audio import Audio, opened
from sidecar.answers.naming import Distinct, download_name
from sidecar.answers.said import Said, said
from sidecar.storage.database import in_chunks
from sidecar.upkeep.export import write_csv
from sidecar.web.pool import Pool

_AT_ONCE = 200  # takes whose facts are in memory
_PART = 256 * 1024  # bytes read at once
_IN_MEMORY = 1024 * 1024  # bytes of records.csv, before it goes to a temporary file
_FACTS = (
    *("event_id", "created_at", "text_input", "emotion", "voice", "user_id", "duration", "rating", "take_note"),
    *("status", "audio_path"),
)
COLUMNS = ("file", "missing", *_FACTS, "favourite", "tags")
"""Of records.csv."""


def packed(
    pool: Pool, folders: Sequence[Path], event_ids: Sequence[str], zone: tzinfo, *, begin: bytes = b""
) -> Iterator[bytes]:
    """The zip, part by part.

    Args:
        pool: lends a connection now and then, never while somebody waits for the next part.
        event_ids: in the order in which the takes are packed.
        zone: in which days begin.
        begin: of records.csv.

    Raises:
        TemporarySinkError: the database cannot serve; what was made so far is no whole zip.
    """
    zip_ = ZipStream(compress_type=ZIP_STORED)
    distinct = Distinct()
    with cast(BinaryIO, tempfile.SpooledTemporaryFile(_IN_MEMORY)) as listed:
        listed.write(begin)
        write_csv(COLUMNS, (), listed)
        for chunk in in_chunks(event_ids, _AT_ONCE):
            with pool.lend() as database:
                records = search.those(database, chunk)
                found = opened(database, folders, records)
                told = said(database, chunk)
            for record, audio in found:
                name = distinct.name(download_name(record, zone)) if isinstance(audio, Audio) else ""
                if isinstance(audio, Audio):
                    zip_.add(_read(audio), name, size=audio.size)
                    yield from zip_.all_files()
                missing = "" if isinstance(audio, Audio) else audio.value
                of = told.get(str(record["event_id"]), Said())
                facts = (record[fact] for fact in _FACTS)
                write_csv(None, [(name, missing, *facts, int(of.favourite), ", ".join(of.tags))], listed)
        listed.seek(0)
        zip_.add(_parts(listed), "records.csv")
        yield from zip_.finalize()


def _read(audio: Audio) -> Iterator[bytes]:
    with audio.file as file:
        yield from _parts(file)


def _parts(file: Any) -> Iterator[bytes]:
    while part := file.read(_PART):
        yield part
