"""Reads the settings: from flags, then the environment, then `.env` in the working folder, then their defaults.

What is known of each setting is told here too, for flags and for the reference.
"""

from __future__ import annotations

import dataclasses
import math
import os
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import NoneType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from sidecar.errors import SettingsError
from sidecar.service.settings import ENV_FILE, PREFIX, About, Settings

_METAVARS = {
    "watch_dir": "PATHS",
    "database_url": "URL",
    "database_password_file": "PATH",
    "listen": "HOST:PORT",
    "name": "NAME",
    "connect_timeout": "SECONDS",
    "read_timeout": "SECONDS",
    "web_listen": "HOST:PORT",
    "web_token_file": "PATH",
    "upstream": "URL",
    "upstream_key_file": "PATH",
    "upstream_ca": "PATH",
    "proxy_listen": "HOST:PORT",
    "proxy_metrics": "HOST:PORT",
    "proxy_pcm_rate": "HERTZ",
    "proxy_concurrency": "NUMBER",
    "proxy_connections": "NUMBER",
    "keys_file": "PATH",
    "timezone": "ZONE",
    "library_url": "URL",
    "transcribe_command": "COMMAND",
    "transcribe_url": "URL",
    "transcribe_model": "NAME",
    "transcribe_key_file": "PATH",
}
"""What a value is, where the field's type and the last word of its name do not tell."""


def load(overrides: Mapping[str, Any] | None = None) -> Settings:
    """Read and check the settings.

    Args:
        overrides: fields that a flag has set.

    Raises:
        SettingsError: one is wrong; one line that names it and never repeats a secret.
    """
    given = _written() | {name: value for name, value in (overrides or {}).items() if value is not None}
    settings = Settings(**{name: _checked(name, value) for name, value in given.items()})
    # Each of these may raise, and should do so before anything has begun.
    _ = settings.folders, settings.dsn, settings.listen_address, settings.zone
    return settings


def environment_name(field: str) -> str:
    return PREFIX + field.upper()


@cache
def fields() -> Mapping[str, About]:
    """Every setting: its field name and what is known of it."""
    return {name: hint.__metadata__[0] for name, hint in _hints().items()}


def default(field: str) -> str:
    """What holds where nobody sets it, for people; empty where the description tells, or there is none."""
    value = Settings.__dataclass_fields__[field].default
    if value is None or value is dataclasses.MISSING:
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value)


def metavar(field: str) -> str:
    """What kind of value it takes, for people, such as SECONDS."""
    if field in _METAVARS:
        return _METAVARS[field]
    return "|".join(_choices(_kind(field))) or field.rpartition("_")[2].upper()


def in_file() -> Mapping[str, str]:
    """What `.env` in the working folder says of ours; nothing where there is none.

    Raises:
        SettingsError: it cannot be read, or a name in it has no value.
    """
    try:
        if not Path(ENV_FILE).is_file():
            return {}
        from dotenv import dotenv_values

        # Letter by letter: a password may hold ${...}.
        said = dotenv_values(ENV_FILE, interpolate=False, encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"{Path(ENV_FILE).absolute()} cannot be read: {getattr(error, 'strerror', None) or error}",
            hint="Let this user read it (chmod, or its group), or run the command in another folder.",
        ) from error
    ours = {name: value for name, value in said.items() if name.upper().startswith(PREFIX)}
    for name, value in ours.items():
        if value is None:
            raise SettingsError(f"{name} has no value in {ENV_FILE}", hint=f"Write {name}=VALUE.")
    return {name: value for name, value in ours.items() if value is not None}


def environment() -> Mapping[str, str]:
    """The process's environment; the only place that reads it."""
    return os.environ


def _written() -> dict[str, str]:
    """What .env and the environment say, by field. A misspelt name would silently leave the default in force."""
    known = {environment_name(field): field for field in fields()}
    given: dict[str, str] = {}
    for name, value in (*in_file().items(), *os.environ.items()):
        if not name.upper().startswith(PREFIX):
            continue
        if name.upper() not in known:
            import difflib

            close = difflib.get_close_matches(name.upper(), known, n=1)
            raise SettingsError(f"{name} is no setting", hint=f"Did you mean {close[0]}?" if close else "")
        given[known[name.upper()]] = value
    return given


@cache
def _hints() -> Mapping[str, Any]:
    return get_type_hints(Settings, include_extras=True)


def _kind(field: str) -> Any:
    """The field's type, without None."""
    kind = _hints()[field].__origin__
    return next(each for each in get_args(kind) if each is not NoneType) if NoneType in get_args(kind) else kind


def _choices(kind: Any) -> tuple[str, ...]:
    return get_args(kind) if get_origin(kind) is Literal else ()


def _checked(field: str, value: Any) -> Any:
    """The value in its field's type.

    Raises:
        SettingsError: it has no such type, or is beyond the field's bounds.
    """
    kind, about = _kind(field), fields()[field]
    if kind in (int, float):
        return _number(field, value, kind, about)
    if kind is Path:
        return Path(value)
    if choices := _choices(kind):
        if value not in choices:
            raise _refusal(field, value, f"one of {', '.join(choices)}")
    elif about.pattern and not re.fullmatch(about.pattern, value):
        raise _refusal(field, value, about.form)
    return value


def _number(field: str, value: Any, kind: type[int] | type[float], about: About) -> float:
    try:
        number = kind(value)
    except ValueError:
        number = math.nan
    too_small = (about.at_least is not None and number < about.at_least) or (
        about.above is not None and number <= about.above
    )
    if math.isnan(number) or too_small or (about.at_most is not None and number > about.at_most):
        least = f"more than {about.above:g}" if about.above is not None else f"{about.at_least:.0f} or more"
        what = "a whole number" if kind is int else "a number"
        raise _refusal(field, value, f"{what}, {least}, at most {about.at_most:.0f}")
    return number


def _refusal(field: str, value: Any, wanted: str) -> SettingsError:
    return SettingsError(f"{environment_name(field)} is {str(value)!r}", hint=f"Write {wanted}.")
