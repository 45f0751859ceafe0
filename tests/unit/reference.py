"""Writes sidecar/README.md, the reference of commands, settings, metrics and columns, from the code."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from sidecar.cli.main import sidecar
from sidecar.service import config
from sidecar.service.metrics.catalogue import Metrics
from sidecar.service.metrics.proxy import ProxyMetrics
from sidecar.storage.columns import COLUMNS, PROCESS_COLUMNS, Column, Facet
from sidecar.storage.said import PREFERENCE_COLUMNS, TAG_COLUMNS
from sidecar.storage.scores import SCORE_COLUMNS

REFERENCE = Path(__file__).parents[2] / "sidecar" / "README.md"

_COMMANDS = """# Reference: commands, settings, metrics and columns

Written from the code by `make docs`.

## Installation

The wheel of `indextts-sidecar`, installed by pip, pipx or uv with Python 3.11 or newer, has every command and the
library page. The extra `report` brings what `sidecar report` and an export to Parquet need besides; without it they
name the command that adds it to the environment at hand. What records is another distribution,
[`indextts-patch`](../indextts_patch).

## Commands

`sidecar COMMAND --help` says more of each, with examples.

| command | meaning |
|---|---|
"""
_SETTINGS = """
## Settings

A flag wins over the environment, the environment over `.env` in the working folder. The flag of `SIDECAR_WATCH_DIR` is
`--watch-dir`, and so on; the database password alone has none, because `ps` would show it.

| setting | default | meaning |
|---|---|---|
"""
_METRICS = """
## Metrics

Served on `/metrics` of `SIDECAR_LISTEN`. `/healthz` answers while the process lives; `/readyz` answers
200 where everything is well, else 503 with the reasons. Always true:
discovered = shipped + quarantined + skipped + pending. Those of `sidecar proxy` are on `SIDECAR_PROXY_METRICS`.

| metric | type | labels | meaning |
|---|---|---|---|
"""
_COLUMNS = """
## Columns of tts_records

Folded from the events in `tts_events`; the source is where an event has the value. Whoever sees `trusted` columns may
also hear the audio; columns for `nobody` are this program's own. `tts_library` has all others, for queries.

| column | kind | unit | source | who sees it | meaning |
|---|---|---|---|---|---|
"""

_PROCESS_COLUMNS = """
## Columns of tts_processes

A row for each process that synthesised, from its `indextts.process.started`; takes are joined to it by `source`.

| column | kind | unit | source | who sees it | meaning |
|---|---|---|---|---|---|
"""


_SCORE_COLUMNS = """
## Columns of tts_scores

A row for each take that `sidecar score` has listened to, from its `indextts.audio.scored`; `event_id` names the take.

| column | kind | unit | source | who sees it | meaning |
|---|---|---|---|---|---|
"""

_TAG_COLUMNS = """
## Columns of tts_tags

A row for each tag that a take has or had, from its `indextts.audio.tagged`; `event_id` names the take.

| column | kind | unit | source | who sees it | meaning |
|---|---|---|---|---|---|
"""

_PREFERENCE_COLUMNS = """
## Columns of tts_preferences

Two rows for each two takes that a person compared, one by each, from the `indextts.audio.preferred` of the one that
was preferred. The sum of `won` over a take's rows is how often it was preferred.

| column | kind | unit | source | who sees it | meaning |
|---|---|---|---|---|---|
"""


def reference() -> str:
    records, processes = [_COLUMNS, *_columns(COLUMNS)], [_PROCESS_COLUMNS, *_columns(PROCESS_COLUMNS)]
    scores = [_SCORE_COLUMNS, *_columns(SCORE_COLUMNS)]
    said = [_TAG_COLUMNS, *_columns(TAG_COLUMNS), _PREFERENCE_COLUMNS, *_columns(PREFERENCE_COLUMNS)]
    return "".join(
        [_COMMANDS, *_commands(), _SETTINGS, *_settings(), _METRICS, *_metrics(), *records, *processes, *scores, *said]
    )


def commands(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    """Every verb with its words, such as ("quarantine list", ...)."""
    if not isinstance(command, click.Group):
        yield " ".join(path), command
        return
    context = click.Context(command)
    for name in sorted(command.list_commands(context)):
        child = command.get_command(context, name)
        assert child is not None
        yield from commands(child, (*path, name))


def _commands() -> Iterator[str]:
    for verb, command in commands(sidecar):
        yield f"| `sidecar {verb}` | {_cell(command.get_short_help_str(limit=1000))} |\n"


def _settings() -> Iterator[str]:
    for name, field in config.fields().items():
        default = config.default(name)
        shown = f"`{default}`" if default else ""
        yield f"| `{config.environment_name(name)}` | {shown} | {_cell(field.description)} |\n"


def _metrics() -> Iterator[str]:
    seen = set()
    for collector in [*Metrics().registry._collector_to_names, *ProxyMetrics().registry._collector_to_names]:
        for family in collector.describe() if hasattr(collector, "describe") else ():
            if family.name.startswith(("sidecar_", "tts_")) and family.name not in seen:
                seen.add(family.name)
                name = f"{family.name}_total" if family.type == "counter" else family.name
                labels = ", ".join(getattr(collector, "_labelnames", ()))
                yield f"| `{name}` | {family.type} | {labels} | {_cell(family.documentation)} |\n"


def _columns(columns: Iterable[Column]) -> Iterator[str]:
    for column in columns:
        paths = [column.source] if isinstance(column.source, str) else column.source
        source = ", else ".join(f"`{path}`" for path in paths)
        told = (
            ""
            if column.facet in (Facet.BASE, Facet.PROCESS, Facet.SCORE, Facet.TAG, Facet.PREFERENCE, Facet.NONE)
            else f" of a {column.facet}"
        )
        cells = (f"`{column.name}`", column.kind, column.unit, source + told, column.audience, _cell(column.meaning))
        yield f"| {' | '.join(cells)} |\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    REFERENCE.write_text(reference(), encoding="utf-8")
