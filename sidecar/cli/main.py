"""The root command."""

from __future__ import annotations

import click

from sidecar import __version__
from sidecar.cli.migrate import migrate
from sidecar.cli.run import run


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="sidecar")
def sidecar() -> None:
    """Ships the event files that IndexTTS2 leaves beside its audio into MySQL or SQLite."""


sidecar.add_command(run)
sidecar.add_command(migrate)
