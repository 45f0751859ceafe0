"""The root command."""

from __future__ import annotations

import importlib
import pkgutil

import click

from sidecar import __version__, cli


class _Root(click.Group):
    """Each module beside this one holds the verb of its name, and is imported when the verb or its help is wanted."""

    def list_commands(self, _: click.Context) -> list[str]:
        modules = (each.name for each in pkgutil.iter_modules(cli.__path__) if not each.ispkg)
        return sorted(name for name in modules if f"{cli.__name__}.{name}" != __name__)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        module = importlib.import_module(f"{cli.__name__}.{cmd_name}")
        commands = (each for each in vars(module).values() if isinstance(each, click.Command))
        return next(each for each in commands if each.name == cmd_name)


@click.group(cls=_Root, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
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
