"""Runs a program beside modules that a test writes for it."""

from __future__ import annotations

import textwrap
from pathlib import Path

from tests.patch.helpers import Run, ok, run

ENGINE = """
    import wave

    def write(path, samples=2205, rate=22050):
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(rate)
            file.writeframes(b"\\1\\0" * samples)
        return path
"""


def program(tmp_path: Path, modules: dict[str, str], body: str, **options: object) -> Run:
    """Run a program in a folder that holds these modules, by their names."""
    for name, source in {"sounding": ENGINE, **modules}.items():
        path = tmp_path.joinpath(*name.split(".")).with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(source), encoding="utf-8")
    return ok(run(tmp_path, textwrap.dedent(body), **options))  # type: ignore[arg-type]
