"""sidecar report"""

from __future__ import annotations

from pathlib import Path

import click

from sidecar.answers.filters import Filter
from sidecar.cli.support.databases import connected
from sidecar.cli.support.filters import filter_options
from sidecar.cli.support.options import DATABASE, require, settings_options, verb
from sidecar.errors import UsageError
from sidecar.service.settings import Settings
from sidecar.wording import codes

_PATH = click.Path(path_type=Path)


@verb()
@settings_options(*DATABASE, "timezone")
@filter_options("since", "until", "user", "model", "voice", "emotion", "language")
@click.option("--output", metavar="FILE", type=_PATH, default=Path("report.html"), show_default=True, help="The file.")
@click.option("--png", "pictures", metavar="FOLDER", type=_PATH, help="Also each chart as a PNG in this folder.")
@click.option("--in", "words", type=click.Choice(codes()), default="en", show_default=True, help="Language.")
def report(settings: Settings, wanted: Filter, output: Path, pictures: Path | None, words: str) -> None:
    """Write a report: load with its forecast, emotions, quality with its changes, voices, repeats; and what to notice.

    One HTML file that needs nothing else. Chinese in the charts wants a font that has it (Debian: fonts-noto-cjk).

    \b
    Example:
        sidecar report --since 90d
        sidecar report --model 2.5 --in zh --output 报告.html --png charts
    """
    require("matplotlib", "pandas", "ruptures", "scipy", extra="report")
    from sidecar.report import build

    with connected(settings) as database:
        made = build(database, wanted, zone=settings.zone, language=words)
    try:
        output.write_text(made.html, encoding="utf-8")
        saved = made.save_pictures(pictures) if pictures else []
    except OSError as error:
        raise UsageError(f"{output}: the report cannot be written: {error.strerror}") from error
    for remark in made.remarks:
        click.echo(f"- {remark}")
    click.echo(f"report: {output}" + (f", {len(saved)} charts in {pictures}" if saved else ""))
