"""Turns settings into flags, and errors into one line and an exit code."""

from __future__ import annotations

import functools
import importlib.util
import os
import sys
from collections.abc import Callable
from typing import Any

import click

from sidecar.cli.support.say import say
from sidecar.errors import SettingsError, SidecarError, UsageError
from sidecar.installation import bundled, how_to_install
from sidecar.rights import how_to_read
from sidecar.service import config
from sidecar.service.settings import Settings
from sidecar.service.systemd import Notifier

EXIT_FAILED = 1
EXIT_USAGE = 2
_DRIVERS = ("pymysql", "sqlite3")
DATABASE = ("database_url", "database_password_file", "connect_timeout")
"""The settings of a command that asks the database, for settings_options."""
_SECRETS = ("database_password", "web_token", "upstream_key", "transcribe_key")  # a flag would show it in `ps`
_SECTION = "Settings; in the environment or .env --watch-dir is SIDECAR_WATCH_DIR"


class _SettingOption(click.Option):
    """A flag for a setting; help lists these in a section of their own."""


class Verb(click.Command):
    """A command whose help tells its own options first and the settings that it uses after them."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for title, of_settings in (("Options", False), (_SECTION, True)):
            options = [each for each in self.get_params(ctx) if isinstance(each, click.Option)]
            chosen = [each for each in options if isinstance(each, _SettingOption) is of_settings]
            records = [record for each in chosen if (record := each.get_help_record(ctx)) is not None]
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)


class Verbs(click.Group):
    """A group of such commands."""

    command_class = Verb


def verb(name: str | None = None, **context: Any) -> Callable[[Callable[..., None]], Verb]:
    """Make a command of a function, as click.command does.

    Args:
        context: click's settings for the command line.
    """
    return click.command(name, cls=Verb, context_settings=context)


def settings_options(*names: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Add a flag for each named setting that may be one; the command is called with `settings`."""

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        chosen = [name for name in names if name not in _SECRETS]

        @functools.wraps(command)
        def wrapper(**arguments: Any) -> None:
            overrides = {name: arguments.pop(name) for name in chosen}
            with_errors(lambda: command(settings=_load(overrides), **arguments))

        decorated: Callable[..., None] = wrapper
        for name in reversed(chosen):
            flag = f"--{name.replace('_', '-')}"
            decorated = click.option(
                flag, name, cls=_SettingOption, metavar=config.metavar(name), help=_described(name)
            )(decorated)
        return decorated

    return decorate


def _described(name: str) -> str:
    field = config.fields()[name]
    default = config.default(name)
    return f"{field.description}  [default: {default}]" if default else str(field.description)


def require(*packages: str, extra: str) -> None:
    """Tell early and plainly what a verb needs besides a plain installation.

    Args:
        extra: the extra of this distribution that brings the packages.

    Raises:
        UsageError: some of the packages are not installed.
    """
    missing = [package for package in packages if importlib.util.find_spec(package) is None]
    if missing:
        are = "is" if len(missing) == 1 else "are"
        raise UsageError(f"{', '.join(missing)} {are} not installed", hint=f"Run: {how_to_install(extra)}")


def with_errors(function: Callable[[], None]) -> None:
    """Run it; an error of ours, of the system or of a database driver ends the program with one line."""
    try:
        function()
        return
    except SidecarError as error:
        said = f"{error}. {error.hint}" if error.hint else str(error)
        code = EXIT_USAGE if isinstance(error, (SettingsError, UsageError)) else EXIT_FAILED
    except BrokenPipeError:
        raise  # whoever read our output has gone; click ends quietly
    except OSError as error:
        name = os.fsdecode(error.filename) if isinstance(error.filename, (str, bytes)) else ""
        cure = how_to_read(name) if name and isinstance(error, PermissionError) else ""
        said, code = (
            ". ".join(filter(None, [f"{name}: {error.strerror or error}".removeprefix(": "), cure])),
            EXIT_FAILED,
        )
    except Exception as error:
        if type(error).__module__.partition(".")[0] not in _DRIVERS:
            raise
        hint = f"Is the server one of those in {bundled('deploy/README.md')}? If so, please report it."
        said, code = f"the database refuses a statement of this program: {error}. {hint}", EXIT_FAILED
    say(f"sidecar: {said}", err=True)
    Notifier(config.environment()).status(said, alive=False)  # for `systemctl status`
    sys.exit(code)


def _load(overrides: dict[str, Any]) -> Settings:
    url = overrides.get("database_url")
    if url is not None and ":" in url.partition("://")[2].rpartition("@")[0]:
        raise SettingsError(
            "--database-url holds a password, which `ps` would show",
            hint="Put the URL into SIDECAR_DATABASE_URL or .env, or the password into SIDECAR_DATABASE_PASSWORD.",
        )
    return config.load(overrides)
