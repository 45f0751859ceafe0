"""What a person can set: every name, default, unit and bound, and what follows from them."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from datetime import tzinfo
from pathlib import Path
from typing import Annotated, Literal

from sidecar.errors import SettingsError
from sidecar.rights import how_to_read
from sidecar.service.localtime import LocalTime
from sidecar.shipping.tree import folders_below
from sidecar.storage.dsn import Dsn, SqliteDsn, parse_dsn

PREFIX = "SIDECAR_"
ENV_FILE = ".env"
MAX_FOLDERS = 1000
"""Folders of one shipper, those below the named ones included."""
_MAX_FOLDER_LENGTH = 440  # with a file name of 255 characters it fits the path columns
_WEB = re.compile(r"^https?://[^\s/]+\S*$")
_BELOW = re.compile(r"[/\\]\*\*[/\\]?$")

_DAY = 86400.0


@dataclass(frozen=True)
class About:
    """What is known of a setting besides its type and default."""

    description: str
    at_least: float | None = None
    above: float | None = None
    at_most: float | None = None
    pattern: str = ""
    """A regular expression that the whole value matches."""
    form: str = ""
    """The same for people."""


def _host_name() -> str:
    import socket

    return socket.gethostname()[:64] or "sidecar"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a person can set. A field's environment name is SIDECAR_ and its name in capitals; config.load checks it."""

    watch_dir: Annotated[
        str,
        About(
            f"Folders to ship, separated by commas or {os.pathsep!r}. "
            "A folder means its own files; with /** at its end (outputs/**) also those of folders below it, as "
            "they come."
        ),
    ] = "outputs"
    database_url: Annotated[
        str,
        About(
            "Where the rows go: sqlite:///FILE or mysql://USER:PASSWORD@HOST:PORT/DATABASE. "
            "As a flag without :PASSWORD, which `ps` would show. Several hosts, separated by commas, are tried in "
            "turn. Options: ?unix_socket= ?ssl=off|prefer|on|verify &ssl_ca= &ssl_cert= &ssl_key="
        ),
    ] = field(default="sqlite:///sidecar.db", repr=False)
    database_password: Annotated[str | None, About("The database password, where it is not in the URL.")] = field(
        default=None, repr=False
    )
    database_password_file: Annotated[
        Path | None, About("A file that holds the database password, such as a systemd credential.")
    ] = None
    name: Annotated[
        str,
        About(
            "Tells the shippers of one database apart; each keeps its own position. Default: the host's name.",
            pattern=r"[\w.@-]{1,64}",
            form="1 to 64 letters, digits or . _ @ -",
        ),
    ] = field(default_factory=_host_name)
    listen: Annotated[
        str, About("HOST:PORT for /metrics, /healthz and /readyz; port 0 for a free one; off for none.")
    ] = "127.0.0.1:9790"
    metrics_voices: Annotated[
        int,
        About(
            "Voices whose scores are series of their own on /metrics, by the speaker prompt's file name, the first "
            "that come; all others are one, other. 0: none is named.",
            at_least=0,
            at_most=1000,
        ),
    ] = 20
    log_level: Annotated[Literal["debug", "info", "warning", "error"], About("How much is logged.")] = "info"
    log_format: Annotated[
        Literal["auto", "console", "json"], About("auto: readable in a terminal, JSON elsewhere.")
    ] = "auto"
    watch_mode: Annotated[
        Literal["auto", "notify", "poll"],
        About(
            "notify: the system announces new files; poll: frequent scans; auto: by the kind of file system, "
            "and by whether anything is announced."
        ),
    ] = "auto"
    event_max_bytes: Annotated[
        int, About("Bytes. A larger event file goes to quarantine unread.", at_least=1024, at_most=64 * 1024 * 1024)
    ] = 1024 * 1024
    quarantine_max_bytes: Annotated[
        int, About("Bytes of a quarantined file that are kept in the database.", at_least=0, at_most=8 * 1024 * 1024)
    ] = 64 * 1024
    batch_max_events: Annotated[int, About("Events in one transaction at most.", at_least=1, at_most=10_000)] = 1000
    batch_max_bytes: Annotated[
        int, About("Bytes of event files in one transaction at most.", at_least=1024, at_most=64 * 1024 * 1024)
    ] = 4 * 1024 * 1024
    statement_bytes: Annotated[
        int, About("Bytes of one multi-row statement, about.", at_least=1024, at_most=16 * 1024 * 1024)
    ] = 512 * 1024
    settle_seconds: Annotated[
        float,
        About("A file younger than this that is not valid JSON may still be being written.", at_least=0, at_most=_DAY),
    ] = 5.0
    poll_seconds: Annotated[float, About("How often a folder's own mtime is looked at.", above=0, at_most=_DAY)] = 1.0
    scan_seconds: Annotated[
        float,
        About(
            "A folder that changed is scanned this long after its last scan, whatever was announced.",
            above=0,
            at_most=_DAY,
        ),
    ] = 60.0
    overlap_seconds: Annotated[
        float | None,
        About(
            "Files whose ctime is within this of the position are looked at again. "
            "Default: 2, on a network file system 120.",
            above=0,
            at_most=_DAY,
        ),
    ] = None
    connect_timeout: Annotated[float, About("Seconds to connect to the database.", above=0, at_most=_DAY)] = 3.0
    read_timeout: Annotated[float, About("Seconds for one answer of the database.", above=0, at_most=_DAY)] = 10.0
    lock_wait_seconds: Annotated[
        float,
        About(
            "How long a command waits for what another session holds in the database; the shipper has half of "
            "SIDECAR_READ_TIMEOUT.",
            above=0,
            at_most=_DAY,
        ),
    ] = 15.0
    retry_max_seconds: Annotated[
        float,
        About(
            "The longest pause between two attempts; a recovered database is noticed within it.", above=0, at_most=_DAY
        ),
    ] = 2.0
    probe_seconds: Annotated[
        float, About("How often an idle shipper asks for the database.", above=0, at_most=_DAY)
    ] = 15.0
    drain_seconds: Annotated[
        float, About("After SIGTERM, how long what is known is still shipped.", at_least=0, at_most=_DAY)
    ] = 10.0
    web_listen: Annotated[str, About("HOST:PORT of `sidecar web`; port 0 for a free one.")] = "127.0.0.1:9791"
    library_url: Annotated[
        str,
        About(
            "Where people open the library, such as https://tts.example: the report links to it. Without it the report "
            "has no links."
        ),
    ] = ""
    web_token: Annotated[
        str | None, About("Whoever knows it may use `sidecar web`. Needed where that listens beyond this machine.")
    ] = field(default=None, repr=False)
    web_token_file: Annotated[Path | None, About("A file that holds the token of `sidecar web`.")] = None
    web_selection_max: Annotated[
        int, About("Takes that the library acts on at once, or packs into one zip.", at_least=1, at_most=100_000)
    ] = 5_000
    web_export_max: Annotated[
        int,
        About("Takes that the library exports at once; `sidecar export` has no limit.", at_least=1, at_most=10_000_000),
    ] = 100_000
    score_patience_seconds: Annotated[
        float,
        About(
            "Seconds that `sidecar score` waits, before each take, for the engine to be silent; then it works beside "
            "it. 0 for not at all.",
            at_least=0,
            at_most=_DAY,
        ),
    ] = 5.0
    transcribe_command: Annotated[
        str,
        About(
            "A program that prints what is said in a WAV file, for `sidecar score`: its words, in which {audio} stands "
            "for the file; else that comes last. Empty for none."
        ),
    ] = ""
    transcribe_url: Annotated[
        str,
        About(
            "Or the address of a server that speaks OpenAI's API, such as "
            "http://127.0.0.1:8000/v1/audio/transcriptions. Empty for none."
        ),
    ] = ""
    transcribe_model: Annotated[str, About("The model that it is asked for.")] = "whisper-1"
    transcribe_key: Annotated[str | None, About("The key that it wants.")] = field(default=None, repr=False)
    transcribe_key_file: Annotated[Path | None, About("A file that holds that key.")] = None
    transcribe_seconds: Annotated[
        float,
        About(
            "Seconds for the transcript of one take; without it the take is scored all the same.", above=0, at_most=_DAY
        ),
    ] = 60.0
    upstream: Annotated[
        str, About("The speech server behind `sidecar proxy`: http://HOST:PORT or https://HOST:PORT.")
    ] = "http://127.0.0.1:8000"
    upstream_key: Annotated[
        str | None, About("The key that the upstream wants. Clients' own keys are never passed on.")
    ] = field(default=None, repr=False)
    upstream_key_file: Annotated[Path | None, About("A file that holds the upstream's key.")] = None
    upstream_ca: Annotated[
        Path | None, About("Certificates (PEM) to trust for an https upstream, instead of the system's.")
    ] = None
    upstream_connect_seconds: Annotated[float, About("Seconds to connect to the upstream.", above=0, at_most=_DAY)] = (
        5.0
    )
    upstream_silence_seconds: Annotated[
        float, About("Seconds that the upstream may say nothing: a long text takes minutes.", above=0, at_most=_DAY)
    ] = 600.0
    proxy_listen: Annotated[str, About("HOST:PORT of `sidecar proxy`; port 0 for a free one.")] = "127.0.0.1:9793"
    proxy_metrics: Annotated[
        str, About("HOST:PORT for the proxy's /metrics, /healthz and /readyz; port 0 for a free one; off for none.")
    ] = "127.0.0.1:9794"
    keys_file: Annotated[
        Path, About("The proxy's keys, written by `sidecar keys`. Without the file it serves this machine alone.")
    ] = Path("sidecar.keys")
    proxy_text: Annotated[
        Literal["store", "hash", "omit"],
        About("What the proxy keeps of texts: all, their SHA-256, or nothing."),
    ] = "store"
    proxy_audio: Annotated[
        Literal["off", "keep"], About("keep: the proxy writes audio, as it came, beside its event.")
    ] = "off"
    proxy_client: Annotated[
        Literal["off", "keep"], About("keep: events have the caller's network address (personal data).")
    ] = "off"
    proxy_pcm_rate: Annotated[
        int | None,
        About("Hertz of raw samples whose answer does not say it, for their duration.", at_least=1, at_most=1_000_000),
    ] = None
    proxy_body_bytes: Annotated[
        int, About("Bytes of one request for speech at most.", at_least=1024, at_most=1024 * 1024 * 1024)
    ] = 16 * 1024 * 1024
    proxy_concurrency: Annotated[
        int, About("Requests at the upstream at once; more are told to come again.", at_least=1, at_most=100_000)
    ] = 200
    proxy_connections: Annotated[
        int, About("Clients' connections at once; the longest silent one makes room.", at_least=1, at_most=100_000)
    ] = 1000
    proxy_request_seconds: Annotated[
        float, About("Seconds that a client may take to send a request.", above=0, at_most=_DAY)
    ] = 60.0
    proxy_stall_seconds: Annotated[
        float, About("Seconds that a client may read nothing of its answer.", above=0, at_most=_DAY)
    ] = 120.0
    proxy_drain_seconds: Annotated[
        float, About("After SIGTERM, how long the proxy lets answers end.", at_least=0, at_most=_DAY)
    ] = 30.0
    timezone: Annotated[
        str,
        About(
            "The time zone in which every time is shown and days begin, for whoever asks, such as Asia/Shanghai. "
            "Default: this machine's. Stored times are UTC."
        ),
    ] = ""

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
            return LocalTime()
        from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

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
        password = self.database_password
        if self.database_password_file is not None:
            try:
                # An empty file says nothing: an installed service always has one.
                password = self.database_password_file.read_text(encoding="utf-8").rstrip("\r\n") or password
            except (OSError, UnicodeDecodeError) as error:
                raise _unreadable("DATABASE_PASSWORD_FILE", self.database_password_file, error) from error
        try:
            return parse_dsn(self.database_url, password)
        except SettingsError as error:
            raise SettingsError(f"{PREFIX}DATABASE_URL: {error}", hint=error.hint) from error

    @property
    def listen_address(self) -> tuple[str, int] | None:
        """Host and port, or None for no HTTP.

        Raises:
            SettingsError: it is neither.
        """
        return _address_or_none("LISTEN", self.listen)

    @property
    def library_address(self) -> str:
        """library_url, checked; empty where it is not known.

        Raises:
            SettingsError: it is no address of a web page.
        """
        if self.library_url and not _WEB.match(self.library_url):
            raise SettingsError(
                f"{PREFIX}LIBRARY_URL is {self.library_url!r}",
                hint="Write what people type into their browser, such as https://tts.example or http://studio:9791.",
            )
        return self.library_url

    @property
    def web_address(self) -> tuple[str, int]:
        """Host and port of `sidecar web`.

        Raises:
            SettingsError: it is none.
        """
        return _address("WEB_LISTEN", self.web_listen, "")

    @property
    def proxy_address(self) -> tuple[str, int]:
        """Host and port of `sidecar proxy`.

        Raises:
            SettingsError: it is none.
        """
        return _address("PROXY_LISTEN", self.proxy_listen, "")

    @property
    def proxy_metrics_address(self) -> tuple[str, int] | None:
        """Host and port of the proxy's metrics, or None for no such pages.

        Raises:
            SettingsError: it is neither.
        """
        return _address_or_none("PROXY_METRICS", self.proxy_metrics)

    @property
    def key_for_upstream(self) -> str | None:
        """The upstream's key, from wherever it was given.

        Raises:
            SettingsError: its file cannot be read.
        """
        return _secret("UPSTREAM_KEY_FILE", self.upstream_key_file, self.upstream_key)

    @property
    def key_for_transcripts(self) -> str | None:
        """The key of what writes transcripts, from wherever it was given.

        Raises:
            SettingsError: its file cannot be read.
        """
        return _secret("TRANSCRIBE_KEY_FILE", self.transcribe_key_file, self.transcribe_key)

    @property
    def token(self) -> str | None:
        """The token of `sidecar web`, from wherever it was given.

        Raises:
            SettingsError: its file cannot be read.
        """
        return _secret("WEB_TOKEN_FILE", self.web_token_file, self.web_token)


def _secret(name: str, path: Path | None, given: str | None) -> str | None:
    if path is None:
        return given or None
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(name, path, error) from error


def _unreadable(name: str, path: Path, error: OSError | UnicodeDecodeError) -> SettingsError:
    reason = getattr(error, "strerror", None) or error
    return SettingsError(f"{PREFIX}{name}: {path} cannot be read: {reason}", hint=how_to_read(path))


def _hash(*parts: str) -> str:
    import hashlib  # loads OpenSSL, and most commands compare nothing

    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()[:16]


def _address_or_none(name: str, text: str) -> tuple[str, int] | None:
    return None if text.lower() in ("off", "") else _address(name, text, ", or off")


def _address(name: str, text: str, otherwise: str) -> tuple[str, int]:
    host, separator, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not separator or not host or not (port.isascii() and port.isdecimal() and int(port) < 65536):
        raise SettingsError(f"{PREFIX}{name} is {text!r}", hint=f"Write HOST:PORT, such as 127.0.0.1:9790{otherwise}.")
    return host, int(port)
