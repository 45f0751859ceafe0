"""The root command."""

from __future__ import annotations

import click

from sidecar import __version__
from sidecar.cli.backfill import backfill_command
from sidecar.cli.doctor import doctor
from sidecar.cli.export import export
from sidecar.cli.find import find
from sidecar.cli.forget import forget
from sidecar.cli.index import index
from sidecar.cli.migrate import migrate
from sidecar.cli.prune import prune_command
from sidecar.cli.quarantine import quarantine
from sidecar.cli.rate import rate
from sidecar.cli.rebuild import rebuild_command
from sidecar.cli.replay import replay
from sidecar.cli.report import report
from sidecar.cli.run import run
from sidecar.cli.stats import stats
from sidecar.cli.status import status
from sidecar.cli.timeline import timeline
from sidecar.cli.top import top
from sidecar.cli.verify import verify_command
from sidecar.cli.web import web


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="sidecar")
def sidecar() -> None:
    """Ships the event files that IndexTTS2 leaves beside its audio into MySQL or SQLite, and answers from there.

    Run it in IndexTTS2's folder, or say --watch-dir; without a database named, the rows are in sidecar.db.

    \b
    Example:
        sidecar migrate && sidecar run
        sidecar doctor
        sidecar find 欢迎 --since 3d
    """


sidecar.add_command(run)
sidecar.add_command(migrate)
sidecar.add_command(find)
sidecar.add_command(stats)
sidecar.add_command(timeline)
sidecar.add_command(rate)
sidecar.add_command(index)
sidecar.add_command(backfill_command)
sidecar.add_command(verify_command)
sidecar.add_command(replay)
sidecar.add_command(quarantine)
sidecar.add_command(rebuild_command)
sidecar.add_command(export)
sidecar.add_command(prune_command)
sidecar.add_command(status)
sidecar.add_command(top)
sidecar.add_command(web)
sidecar.add_command(doctor)
sidecar.add_command(report)
sidecar.add_command(forget)
