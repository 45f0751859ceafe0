"""sidecar report"""

from __future__ import annotations

import logging
import warnings
from pathlib import Path

import click

from sidecar.answers.filters import Filter
from sidecar.cli.support.databases import connected
from sidecar.cli.support.filters import filter_options
from sidecar.cli.support.options import DATABASE, require, settings_options, verb
from sidecar.cli.support.say import say
from sidecar.errors import UsageError
from sidecar.service.settings import Settings
from sidecar.wording import codes

_PATH = click.Path(path_type=Path)


@verb()
@settings_options(*DATABASE, "timezone", "library_url")
@filter_options("since", "until", "user", "model", "voice", "emotion", "language")
@click.option("--output", metavar="FILE", type=_PATH, default=Path("report.html"), show_default=True, help="The file.")
@click.option("--png", "pictures", metavar="FOLDER", type=_PATH, help="Also each chart as a PNG in this folder.")
@click.option("--in", "words", type=click.Choice(codes()), default="en", show_default=True, help="Language.")
def report(settings: Settings, wanted: Filter, output: Path, pictures: Path | None, words: str) -> None:
    """Write a report: load, emotions, quality, voices, repeats.

    One HTML file that needs nothing else, with a forecast, changes of quality and what to notice. Chinese in the charts
    wants a font that has it (Debian: fonts-noto-cjk).

    \b
    Example:
        sidecar report --since 90d
        sidecar report --model 2.5 --in zh --output 报告.html --png charts
    """
    require("matplotlib", "pandas", "ruptures", "scipy", extra="report")
    from sidecar.report import build

    # What the libraries say is for programmers; what a reader must know is said below.
    warnings.simplefilter("ignore")
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    library = settings.library_address
    with connected(settings) as database:
        made = build(database, wanted, zone=settings.zone, language=words, library=library)
    try:
        output.write_text(made.html, encoding="utf-8")
        saved = made.save_pictures(pictures) if pictures else []
    except OSError as error:
        raise UsageError(f"{output}: the report cannot be written: {error.strerror}") from error
    for remark in made.remarks:
        say(remark, lead="- ", indent=2)
    say(f"report: {output}" + (f", {len(saved)} charts in {pictures}" if saved else ""))
    for each in made.without_font:
        say(
            f"This machine has no font for {each.name}; the charts show its characters as boxes. "
            f"On Debian: apt install {each.fonts_package}",
            err=True,
        )
