"""Sentences: wrapped between words in a terminal, one line each everywhere else."""

from __future__ import annotations

import os
import sys

import click

from sidecar.service import config

_HANGING = 2
_COLUMNS = 80  # of a terminal that does not say
_COMMAND = " Run: "


def say(text: str, *, lead: str = "", indent: int = 0, err: bool = False) -> None:
    """Print a sentence.

    What is to be copied is left whole: a word that is longer than a line, and the command that follows "Run:", which
    has a line of its own.

    Args:
        text: may have one colour, and begin with blanks, by which its other lines are indented too.
        lead: what stands before it on the first line; may have colours.
        indent: blanks before every line after the first.
        err: to stderr.
    """
    stream = sys.stderr if err else sys.stdout
    if text.startswith(" "):
        lead, text = " " * (len(text) - len(text.lstrip(" "))), text.lstrip(" ")
        indent = len(lead) + _HANGING
    lines = [text]
    if stream.isatty():
        text, runs, command = text.partition(_COMMAND)
        lines = wrapped(
            text + runs.rstrip(),
            os.get_terminal_size(stream.fileno()).columns or _COLUMNS,
            first=_columns(lead),
            rest=indent,
        )
        lines += [command] * bool(runs)
    colored = False if config.environment().get("NO_COLOR") else None
    click.echo(lead + f"\n{' ' * indent}".join(lines), err=err, color=colored)


def wrapped(text: str, width: int, *, first: int, rest: int) -> list[str]:
    """
    Args:
        width: columns of the terminal.
        first: columns that are taken on the first line.
        rest: on every other.
    """
    lines = [""]
    room = width - first
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if _columns(longer) > room and (lines[-1] or first > rest):
            lines.append(word)
            room = width - rest
        else:
            lines[-1] = longer
    return lines


def _columns(text: str) -> int:
    """How wide a terminal shows it."""
    from rich.cells import cell_len  # here: a service has no terminal

    return cell_len(click.unstyle(text))
