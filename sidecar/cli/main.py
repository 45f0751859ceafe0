"""The root command."""

from __future__ import annotations

import ast
import importlib
import re
from pathlib import Path

import click

from sidecar import __version__, cli

_FOLDER = Path(cli.__path__[0])


class _Root(click.Group):
    """Each module beside this one holds the verb of its name, and is imported when the verb or its help is wanted."""

    def list_commands(self, _: click.Context) -> list[str]:
        return sorted({path.stem for path in _FOLDER.glob("*.py")} - {"__init__", Path(__file__).stem})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        module = importlib.import_module(f"{cli.__name__}.{cmd_name}")
        commands = (each for each in vars(module).values() if isinstance(each, click.Command))
        return next(each for each in commands if each.name == cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """As click does, but no summary is cut short, and none of the verbs imported: that would take half a second."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary(name)) for name in self.list_commands(ctx)])


def summary(verb: str) -> str:
    """The first sentence of the verb's help, out of its source."""
    tree = ast.parse((_FOLDER / f"{verb}.py").read_text(encoding="utf-8"))
    functions = (node for node in tree.body if isinstance(node, ast.FunctionDef))
    command = next(each for each in functions if each.name in (verb, f"{verb}_command"))
    text = (ast.get_docstring(command) or "").partition("\n\n")[0].replace("\n", " ")
    return re.split(r"(?<=\.)\s", text)[0]


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
