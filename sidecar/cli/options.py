"""Turns settings into flags, and errors into one line and an exit code."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any

import click

from sidecar import config
from sidecar.errors import SettingsError, SidecarError

EXIT_FAILED = 1
EXIT_USAGE = 2
_SECRETS = ("database_password", "web_token")  # a flag would show it in `ps`


def settings_options(*names: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Add a flag for each named setting, for all where none is named; the command is called with `settings`."""

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        fields = config.fields()
        chosen = [name for name in names or fields if name not in _SECRETS]

        @functools.wraps(command)
        def wrapper(**arguments: Any) -> None:
            overrides = {name: arguments.pop(name) for name in chosen}
            with_errors(lambda: command(settings=_load(overrides), **arguments))

        decorated: Callable[..., None] = wrapper
        for name in reversed(chosen):
            description = f"{fields[name].description}  [{config.environment_name(name)}]"
            flag = f"--{name.replace('_', '-')}"
            decorated = click.option(flag, name, metavar="VALUE", help=description)(decorated)
        return decorated

    return decorate


def with_errors(function: Callable[[], None]) -> None:
    """Run it; an error of ours ends the program with one line instead of a traceback."""
    try:
        function()
    except SettingsError as error:
        fail(error, EXIT_USAGE)
    except SidecarError as error:
        fail(error, EXIT_FAILED)


def fail(error: SidecarError, code: int) -> None:
    text = f"{error}. {error.hint}" if error.hint else str(error)
    click.echo(f"sidecar: {text}", err=True)
    sys.exit(code)


def _load(overrides: dict[str, Any]) -> config.Settings:
    url = overrides.get("database_url")
    if url is not None and ":" in url.partition("://")[2].rpartition("@")[0]:
        raise SettingsError(
            "--database-url holds a password, which `ps` would show",
            hint="Put the URL into SIDECAR_DATABASE_URL or .env, or the password into SIDECAR_DATABASE_PASSWORD.",
        )
    return config.load(overrides)
