"""Writes sidecar/README.md, the reference of settings and metrics, from the code."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sidecar.service import config
from sidecar.service.metrics import Metrics

REFERENCE = Path(__file__).parents[2] / "sidecar" / "README.md"

_HEAD = """# Reference: settings and metrics

Written from the code by `make docs`.

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
discovered = shipped + quarantined + skipped + pending.

| metric | type | labels | meaning |
|---|---|---|---|
"""


def reference() -> str:
    return _HEAD + "".join(_settings()) + _METRICS + "".join(_metrics())


def _settings() -> Iterator[str]:
    for name, field in config.fields().items():
        default = config.default(name)
        shown = f"`{default}`" if default else ""
        yield f"| `{config.environment_name(name)}` | {shown} | {_cell(field.description or '')} |\n"


def _metrics() -> Iterator[str]:
    collectors = Metrics().registry._collector_to_names
    for collector in collectors:
        for family in collector.describe() if hasattr(collector, "describe") else ():
            if family.name.startswith(("sidecar_", "tts_")):
                name = f"{family.name}_total" if family.type == "counter" else family.name
                labels = ", ".join(getattr(collector, "_labelnames", ()))
                yield f"| `{name}` | {family.type} | {labels} | {_cell(family.documentation)} |\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    REFERENCE.write_text(reference(), encoding="utf-8")
