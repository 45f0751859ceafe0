"""sidecar export"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import click

from sidecar.answers.filters import Filter
from sidecar.cli.support.databases import connected
from sidecar.cli.support.filters import filter_options
from sidecar.cli.support.options import DATABASE, settings_options, verb
from sidecar.cli.support.progress import track
from sidecar.cli.support.say import say
from sidecar.errors import SidecarError, UsageError
from sidecar.service.settings import Settings
from sidecar.storage.database import Row
from sidecar.upkeep.export import WRITERS, columns, rows
from sidecar.wording.plural import count

_FORMS = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet"}


@verb()
@settings_options(*DATABASE, "timezone")
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path))
@click.option("--format", "form", type=click.Choice(list(WRITERS)), help="[default: by the file's name]")
@click.option("--force", is_flag=True, help="Overwrite a file that is there.")
@filter_options()
def export(settings: Settings, wanted: Filter, file: Path, form: str | None, force: bool) -> None:
    """Write tts_records to a file: CSV, JSON Lines or Parquet.

    Every column, tags and preferences, oldest first, times in UTC. The file appears when it is complete, for this user
    alone to read; - is standard output. In CSV an apostrophe goes before text that a spreadsheet would take for a
    formula. Parquet needs pyarrow.

    \b
    Example:
        sidecar export october.parquet --since 2026-10-01 --until 2026-10-31
        sidecar export - --format jsonl --status failed | jq .error_message
    """
    form = form or _FORMS.get(file.suffix.lower())
    if form is None:
        raise UsageError(f"{file}: the format cannot be told from the name", hint="Say --format csv, jsonl or parquet.")
    conditions, parameters = wanted.where()
    where = " AND ".join(conditions)
    with connected(settings) as database:
        names = columns(database)
        total = int(database.query(f"SELECT COUNT(*) FROM tts_records WHERE {where}", parameters)[0][0])
        found = rows(database, names, (conditions, parameters))
        written = _write(form, names, track(found, "writing", total), file, force=force)
    if str(file) != "-":
        say(f"{count(written, 'record')} in {file}")


def _write(form: str, names: Sequence[str], found: Iterable[Row], file: Path, *, force: bool) -> int:
    if str(file) == "-":
        return WRITERS[form](names, found, sys.stdout.buffer)
    if file.exists() and not force:
        raise UsageError(f"{file} is there already", hint="Choose another name, or say --force.")
    temporary = file.with_name(f".{file.name}.{os.getpid()}.tmp")
    try:
        with open(temporary, "xb", opener=lambda path, flags: os.open(path, flags, 0o600)) as handle:
            count = WRITERS[form](names, found, handle)
        temporary.replace(file)
    except OSError as error:
        raise SidecarError(f"{file}: {error.strerror}") from error
    finally:
        temporary.unlink(missing_ok=True)
    return count
