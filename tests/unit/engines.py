"""Writes the table of engines in indextts_patch/README.md from the rows that the patch works with."""

from __future__ import annotations

from pathlib import Path

from indextts_patch.upstream.rows import ENGINES

README = Path(__file__).parents[2] / "indextts_patch" / "README.md"
BEGIN, END = "<!-- engines: written from upstream/rows.py by `make docs` -->\n", "<!-- end of engines -->\n"


def table() -> str:
    """One line an engine."""
    lines = ["| package, versions read | engine | how it was tried | what an event does not say |", "|---|---|---|---|"]
    for engine in ENGINES:
        version = engine.version or " or ".join(engine.versions[1].values())
        around = f"; around `{engine.wraps}`, whose facts its one event has" if engine.wraps else ""
        unknown = "; ".join(engine.unknown) or "-"
        lines.append(
            f"| {engine.package}: {engine.read} | IndexTTS {version}: `{engine.module}.{engine.name}`{around} |"
            f" {engine.tried} | {unknown} |"
        )
    return "".join(f"{line}\n" for line in lines)


def written(content: str) -> str:
    """The README with the table in its place."""
    before, _, rest = content.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}{table()}{END}{after}"


if __name__ == "__main__":
    README.write_text(written(README.read_text(encoding="utf-8")), encoding="utf-8")
