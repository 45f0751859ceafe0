"""Reads the settings: from flags, then the environment, then `.env` in the working folder, then their defaults.

What is known of each setting is told here too, for flags and for the reference.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import SecretStr, ValidationError
from pydantic.fields import FieldInfo

from sidecar.errors import SettingsError
from sidecar.service.settings import ENV_FILE, PREFIX, Settings, env_file

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
    "timezone": "ZONE",
}
"""What a value is, where the field's type and the last word of its name do not tell."""


def load(overrides: Mapping[str, Any] | None = None) -> Settings:
    """Read and check the settings.

    Args:
        overrides: fields that a flag has set.

    Raises:
        SettingsError: one is wrong; one line that names it and never repeats a secret.
    """
    given = {name: value for name, value in (overrides or {}).items() if value is not None}
    try:
        _refuse_unknown()
        settings = Settings(**given)
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"{Path(ENV_FILE).absolute()} cannot be read: {getattr(error, 'strerror', None) or error}",
            hint="Let this user read it (chmod, or its group), or run the command in another folder.",
        ) from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = str(first["loc"][0]) if first["loc"] else "?"
        raise SettingsError(f"{PREFIX}{name.upper()}: {first['msg']}") from error
    # Each of these may raise, and should do so before anything has begun.
    _ = settings.folders, settings.dsn, settings.listen_address, settings.zone
    return settings


def environment_name(field: str) -> str:
    return PREFIX + field.upper()


def fields() -> Mapping[str, FieldInfo]:
    """Every setting: its field name and what is known of it."""
    return Settings.model_fields


def default(field: str) -> str:
    """What holds where nobody sets it, for people; empty where the description tells, or there is none."""
    value = Settings.model_fields[field].default
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if value is None or Settings.model_fields[field].default_factory is not None:
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value)


def metavar(field: str) -> str:
    """What kind of value it takes, for people, such as SECONDS."""
    annotation = Settings.model_fields[field].annotation
    if field in _METAVARS:
        return _METAVARS[field]
    if get_origin(annotation) is Literal:
        return "|".join(get_args(annotation))
    return field.rpartition("_")[2].upper()


def environment() -> Mapping[str, str]:
    """The process's environment; the only place that reads it."""
    return os.environ


def _refuse_unknown() -> None:
    """A misspelt name would silently leave the default in force."""
    known = {environment_name(field) for field in Settings.model_fields}
    given = {*os.environ, *env_file()}
    for name in sorted(given):
        if name.upper().startswith(PREFIX) and name.upper() not in known:
            close = difflib.get_close_matches(name.upper(), known, n=1)
            raise SettingsError(f"{name} is no setting", hint=f"Did you mean {close[0]}?" if close else "")
