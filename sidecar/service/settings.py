"""What a person can set: every name, default, unit and bound, and what follows from them."""

from __future__ import annotations

import hashlib
import os
import re
import socket
from datetime import datetime, timezone, tzinfo
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dotenv import dotenv_values
from pydantic import Field, SecretStr
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from sidecar.errors import SettingsError
from sidecar.shipping.tree import folders_below
from sidecar.storage.dsn import Dsn, SqliteDsn, parse_dsn

PREFIX = "SIDECAR_"
ENV_FILE = ".env"
MAX_FOLDERS = 1000
"""Folders of one shipper, those below the named ones included."""
_MAX_FOLDER_LENGTH = 440  # with a file name of 255 characters it fits the path columns


_BELOW = re.compile(r"[/\\]\*\*[/\\]?$")

Seconds = Annotated[float, Field(ge=0, le=86400, allow_inf_nan=False)]
PositiveSeconds = Annotated[float, Field(gt=0, le=86400, allow_inf_nan=False)]


def env_file() -> dict[str, str]:
    """What `.env` in the working folder says of ours, letter by letter: a password may hold ${...}.

    Raises:
        OSError, UnicodeDecodeError: it cannot be read.
    """
    path = Path(ENV_FILE)
    said = dotenv_values(path, interpolate=False, encoding="utf-8") if path.is_file() else {}
    return {name: value for name, value in said.items() if value is not None and name.upper().startswith(PREFIX)}


class Settings(BaseSettings):
    """What a person can set. A field's environment name is SIDECAR_ and its name in capitals."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    watch_dir: Annotated[str, NoDecode] = Field(
        default="outputs",
        description=f"Folders to ship, separated by commas or {os.pathsep!r}. "
        "A folder means its own files; with /** at its end (outputs/**) also those of folders below it, as they come.",
    )
    database_url: SecretStr = Field(
        default=SecretStr("sqlite:///sidecar.db"),
        description="Where the rows go: sqlite:///FILE or mysql://USER:PASSWORD@HOST:PORT/DATABASE. "
        "As a flag without :PASSWORD, which `ps` would show. Several hosts, separated by commas, are tried in turn. "
        "Options: ?unix_socket= ?ssl=off|prefer|on|verify &ssl_ca= &ssl_cert= &ssl_key=",
    )
    database_password: SecretStr | None = Field(
        default=None, description="The database password, where it is not in the URL."
    )
    database_password_file: Path | None = Field(
        default=None, description="A file that holds the database password, such as a systemd credential."
    )
    name: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[\w.@-]+$")] = Field(
        default_factory=lambda: socket.gethostname()[:64] or "sidecar",
        description="Tells the shippers of one database apart; each keeps its own position. Default: the host's name.",
    )
    listen: str = Field(
        default="127.0.0.1:9790",
        description="HOST:PORT for /metrics, /healthz and /readyz; port 0 for a free one; off for none.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="How much is logged.")
    log_format: Literal["auto", "console", "json"] = Field(
        default="auto", description="auto: readable in a terminal, JSON elsewhere."
    )
    watch_mode: Literal["auto", "notify", "poll"] = Field(
        default="auto",
        description="notify: the system announces new files; poll: frequent scans; auto: by the kind of file system, "
        "and by whether anything is announced.",
    )
    event_max_bytes: Annotated[int, Field(ge=1024, le=64 * 1024 * 1024)] = Field(
        default=1024 * 1024, description="Bytes. A larger event file goes to quarantine unread."
    )
    quarantine_max_bytes: Annotated[int, Field(ge=0, le=8 * 1024 * 1024)] = Field(
        default=64 * 1024, description="Bytes of a quarantined file that are kept in the database."
    )
    batch_max_events: Annotated[int, Field(ge=1, le=10_000)] = Field(
        default=1000, description="Events in one transaction at most."
    )
    batch_max_bytes: Annotated[int, Field(ge=1024, le=64 * 1024 * 1024)] = Field(
        default=4 * 1024 * 1024, description="Bytes of event files in one transaction at most."
    )
    statement_bytes: Annotated[int, Field(ge=1024, le=16 * 1024 * 1024)] = Field(
        default=512 * 1024, description="Bytes of one multi-row statement, about."
    )
    settle_seconds: Seconds = Field(
        default=5.0, description="A file younger than this that is not valid JSON may still be being written."
    )
    poll_seconds: PositiveSeconds = Field(default=1.0, description="How often a folder's own mtime is looked at.")
    scan_seconds: PositiveSeconds = Field(
        default=60.0,
        description="A folder that changed is scanned this long after its last scan, whatever was announced.",
    )
    overlap_seconds: PositiveSeconds | None = Field(
        default=None,
        description="Files whose ctime is within this of the position are looked at again. "
        "Default: 2, on a network file system 120.",
    )
    connect_timeout: PositiveSeconds = Field(default=3.0, description="Seconds to connect to the database.")
    read_timeout: PositiveSeconds = Field(default=10.0, description="Seconds for one answer of the database.")
    retry_max_seconds: PositiveSeconds = Field(
        default=2.0,
        description="The longest pause between two attempts; a recovered database is noticed within it.",
    )
    probe_seconds: PositiveSeconds = Field(default=15.0, description="How often an idle shipper asks for the database.")
    drain_seconds: Seconds = Field(default=10.0, description="After SIGTERM, how long what is known is still shipped.")

    web_listen: str = Field(default="127.0.0.1:9791", description="HOST:PORT of `sidecar web`; port 0 for a free one.")
    web_token: SecretStr | None = Field(
        default=None,
        description="Whoever knows it may use `sidecar web`. Needed where that listens beyond this machine.",
    )
    web_token_file: Path | None = Field(default=None, description="A file that holds the token of `sidecar web`.")
    timezone: str = Field(
        default="",
        description="Where days and hours begin for whoever asks, such as Asia/Shanghai. "
        "Default: this machine's. Stored times are UTC.",
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        written = {name.lower().removeprefix(PREFIX.lower()): value for name, value in env_file().items()}
        return init_settings, env_settings, InitSettingsSource(settings_cls, init_kwargs=written)

    @property
    def folders(self) -> list[Path]:
        """The watched folders, absolute; those below one that is named with /** as they are now.

        Raises:
            SettingsError: none is named, one is named twice, its name is too long, or they are too many.
        """
        paths = [path for path, _ in self._named]
        for path, below in self._named:
            if below:
                paths += [each for each in folders_below(path) if each not in paths]
            if len(paths) > MAX_FOLDERS:
                raise SettingsError(
                    f"{PREFIX}WATCH_DIR: more than {MAX_FOLDERS:,} folders", hint="Name those that hold events."
                )
        return paths

    def includes(self, path: Path) -> bool:
        """Whether a folder that lies below a watched one is to be shipped as well."""
        return any(below and root in path.parents for root, below in self._named)

    @property
    def _named(self) -> list[tuple[Path, bool]]:
        """Each folder that is named, and whether those below it are meant too."""
        names = [name.strip() for part in self.watch_dir.split(",") for name in part.split(os.pathsep)]
        named = [
            (Path(_BELOW.sub("", name) or os.sep).expanduser().absolute(), bool(_BELOW.search(name)))
            for name in names
            if name
        ]
        paths = [path for path, _ in named]
        if not paths:
            raise SettingsError(f"{PREFIX}WATCH_DIR names no folder")
        for path in paths:
            if paths.count(path) > 1:
                raise SettingsError(f"{PREFIX}WATCH_DIR names {path} twice")
            if len(str(path)) > _MAX_FOLDER_LENGTH:
                raise SettingsError(
                    f"{PREFIX}WATCH_DIR: a folder's path may have {_MAX_FOLDER_LENGTH} characters: {path}"
                )
        return named

    @property
    def zone(self) -> tzinfo:
        """The time zone in which answers are given.

        Raises:
            SettingsError: there is none of that name.
        """
        if not self.timezone:
            return datetime.now().astimezone().tzinfo or timezone.utc
        try:
            return ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise SettingsError(
                f"{PREFIX}TIMEZONE is {self.timezone!r}", hint="Write a name such as Asia/Shanghai or UTC."
            ) from error

    @property
    def fingerprint(self) -> str:
        """Tells one installation's shipper from another's: of its name and folders, as a hash that reveals neither."""
        return _hash(self.name, *sorted(str(path) for path, _ in self._named))

    @property
    def database_fingerprint(self) -> str:
        """Tells one database from another, however the URL spells it: the account does not count.

        Raises:
            SettingsError: the URL is wrong.
        """
        dsn = self.dsn
        if isinstance(dsn, SqliteDsn):
            return _hash("sqlite", os.path.realpath(dsn.path))
        hosts = ["127.0.0.1" if host in ("localhost", "::1") else host for host, _ in dsn.hosts]
        ports = [str(port) for _, port in dsn.hosts]
        return _hash("mysql", dsn.unix_socket or "", *hosts, *ports, dsn.database)

    @property
    def dsn(self) -> Dsn:
        """The database's address, its password from wherever it was given.

        Raises:
            SettingsError: the URL is wrong, or the password file cannot be read.
        """
        password = self.database_password.get_secret_value() if self.database_password else None
        if self.database_password_file is not None:
            try:
                # An empty file says nothing: an installed service always has one.
                password = self.database_password_file.read_text(encoding="utf-8").rstrip("\r\n") or password
            except (OSError, UnicodeDecodeError) as error:
                raise SettingsError(f"{PREFIX}DATABASE_PASSWORD_FILE cannot be read: {error}") from error
        try:
            return parse_dsn(self.database_url.get_secret_value(), password)
        except SettingsError as error:
            raise SettingsError(f"{PREFIX}DATABASE_URL: {error}", hint=error.hint) from error

    @property
    def listen_address(self) -> tuple[str, int] | None:
        """Host and port, or None for no HTTP.

        Raises:
            SettingsError: it is neither.
        """
        if self.listen.lower() in ("off", ""):
            return None
        return _address("LISTEN", self.listen, ", or off")

    @property
    def web_address(self) -> tuple[str, int]:
        """Host and port of `sidecar web`.

        Raises:
            SettingsError: it is none.
        """
        return _address("WEB_LISTEN", self.web_listen, "")

    @property
    def token(self) -> str | None:
        """The token of `sidecar web`, from wherever it was given.

        Raises:
            SettingsError: its file cannot be read.
        """
        if self.web_token_file is None:
            return self.web_token.get_secret_value() if self.web_token else None
        try:
            return self.web_token_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"{PREFIX}WEB_TOKEN_FILE cannot be read: {error}") from error


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()[:16]


def _address(name: str, text: str, otherwise: str) -> tuple[str, int]:
    host, separator, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not separator or not host or not (port.isascii() and port.isdecimal() and int(port) < 65536):
        raise SettingsError(f"{PREFIX}{name} is {text!r}", hint=f"Write HOST:PORT, such as 127.0.0.1:9790{otherwise}.")
    return host, int(port)
