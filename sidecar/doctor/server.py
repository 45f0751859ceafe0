"""The database on a server: reachable, safe, of the right kind, with the tables, the rights and the right clock."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from typing import Any

from sidecar.doctor.findings import Finding, failure, note, ok, warning
from sidecar.errors import SidecarError, TablesNotReady
from sidecar.installation import bundled
from sidecar.storage.database import Database, marks
from sidecar.storage.dsn import MysqlDsn
from sidecar.storage.migrations import MIGRATIONS_TABLE, newer, require_current
from sidecar.wording.plural import count

TABLES = (
    *("tts_records", "tts_processes", "tts_scores", "tts_tags", "tts_preferences", "tts_events"),
    *("sidecar_positions", "sidecar_quarantine"),
)
_OLDEST = {"MariaDB": (10, 5), "MySQL": (8, 0)}
_KINDS = ("MariaDB", "TiDB", "OceanBase")
"""What has its name in its version; the number before it may be of the MySQL that it speaks like."""
_CLOCK_SECONDS = 2.0
_LOOPBACK = ("127.", "localhost", "::1")
_ACCOUNTS_FILE = bundled("deploy/mysql/accounts.sql")
_GRANTS_FILE = bundled("deploy/mysql/grants.sql")
_MIGRATE = f"Run `sidecar init`, or `sidecar migrate` as tts_migrate ({_ACCOUNTS_FILE})."
_GRANTS = f"As an administrator, run {_GRANTS_FILE} for this account."

_CONNECTING: Mapping[int, tuple[str, str]] = {
    1044: ("the account may not use the database", f"Grant it its rights: {_GRANTS_FILE}."),
    1045: (
        "the server does not accept user and password",
        "Correct them in SIDECAR_DATABASE_URL, SIDECAR_DATABASE_PASSWORD or its file; in a URL write @ : / # as "
        "%40 %3A %2F %23. An account with REQUIRE SSL also needs ?ssl=on, and one made for 'localhost' the socket.",
    ),
    1049: (
        "the database does not exist",
        f"Run `sidecar init`, which makes it; or as an administrator {_ACCOUNTS_FILE}.",
    ),
    1130: ("the server does not accept this machine", "Create the account for this machine's address, or for '%'."),
    1040: ("the server has no connection left", "Raise max_connections, or end idle connections."),
    2002: ("the socket does not answer", "Correct unix_socket in SIDECAR_DATABASE_URL; is the server up?"),
    2003: (
        "no server answers at that address",
        "Correct host and port in SIDECAR_DATABASE_URL; is the server up, and does its bind-address allow it? "
        "The unit lets the service reach this machine alone: IPAddressAllow= in a drop-in.",
    ),
    2026: (
        "TLS fails",
        f"The server offers no TLS, or its certificate is not of ssl_ca; see ?ssl= in {bundled('deploy/README.md')}.",
    ),
    3159: ("the server insists on TLS", "Add ?ssl=on (or ssl=verify&ssl_ca=FILE) to SIDECAR_DATABASE_URL."),
}


def cannot_connect(error: SidecarError, dsn: MysqlDsn) -> Finding:
    """Why there is no connection, by the server's error number."""
    number = _number(error)
    text = str(error)
    if "SSL" in text.upper() or "certificate" in text.lower():
        number = 2026
    what, cure = _CONNECTING.get(number, ("the server cannot serve", error.hint or "Look into the server's log."))
    return failure("connection", f"{what}: {text}", cure)


def check_server(database: Database, dsn: MysqlDsn, *, event_max_bytes: int) -> Iterator[Finding]:
    """
    Args:
        database: connected.
        event_max_bytes: SIDECAR_EVENT_MAX_BYTES.

    Raises:
        TemporarySinkError: the database went away.
    """
    yield from _version(database)
    yield from _tls(database, dsn)
    yield from _writable(database)
    yield from _clock(database)
    yield from _zone(database)
    yield from _packets(database, event_max_bytes)
    yield from _character_set(database)
    tables_ready = True
    for finding in _tables(database):
        tables_ready = tables_ready and finding.level != "failure"
        yield finding
    if tables_ready:
        yield from _rights(database)


def _variables(database: Database, *names: str) -> dict[str, str]:
    rows = database.query(f"SHOW GLOBAL VARIABLES WHERE Variable_name IN ({marks(names)})", names)
    return {str(name).lower(): str(value) for name, value in rows}


def _version(database: Database) -> Iterator[Finding]:
    version = str(database.query("SELECT VERSION()")[0][0])
    kind = next((each for each in _KINDS if each.lower() in version.lower()), "MySQL")
    numbers = tuple(int(part) for part in re.findall(r"\d+", version)[:2])
    oldest = _OLDEST.get(kind)
    if oldest and numbers < oldest:
        wanted = ".".join(map(str, oldest))
        yield failure("server", f"{kind} {version} is too old", f"Upgrade the server to {kind} {wanted} or newer.")
    else:
        yield ok("server", f"{kind} {version}")


def _tls(database: Database, dsn: MysqlDsn) -> Iterator[Finding]:
    rows = database.query("SHOW SESSION STATUS LIKE 'Ssl_cipher'")
    cipher = str(rows[0][1]) if rows else ""
    if cipher:
        checked = "certificate checked" if dsn.ssl == "verify" else "certificate not checked"
        yield ok("TLS", f"{cipher}, {checked}")
    elif all(host.startswith(_LOOPBACK) for host, _ in dsn.hosts):
        yield ok("TLS", "none, and none needed: the server is on this machine")
    else:
        yield warning(
            "TLS",
            f"texts and password cross the network to {dsn.where} in the clear",
            "Add ?ssl=verify&ssl_ca=FILE (or ?ssl=on) to SIDECAR_DATABASE_URL.",
        )


def _writable(database: Database) -> Iterator[Finding]:
    if any(value.upper() in ("ON", "1") for value in _variables(database, "read_only", "super_read_only").values()):
        yield failure(
            "server",
            "it is read-only",
            "Name the primary first in SIDECAR_DATABASE_URL, or SET GLOBAL read_only = OFF.",
        )


def _clock(database: Database) -> Iterator[Finding]:
    before = datetime.now(timezone.utc)
    server = database.query("SELECT UTC_TIMESTAMP(6) AS created_at")[0][0]
    after = datetime.now(timezone.utc)
    if not isinstance(server, datetime):  # pragma: no cover - another driver's type
        return
    middle = before + (after - before) / 2
    difference = (server.replace(tzinfo=timezone.utc) - middle).total_seconds()
    if abs(difference) > _CLOCK_SECONDS:
        yield warning(
            "clock",
            f"the server's clock is {abs(difference):,.0f} s {'ahead of' if difference > 0 else 'behind'} ours",
            "Synchronise both: timedatectl set-ntp true. Events carry our time, queries use the server's.",
        )
    else:
        yield ok("clock", f"{abs(difference) * 1000:.0f} ms from the server's")


def _zone(database: Database) -> Iterator[Finding]:
    zones = _variables(database, "time_zone", "system_time_zone")
    zone = zones.get("time_zone", "SYSTEM")
    zone = zones.get("system_time_zone", "") if zone == "SYSTEM" else zone
    if zone.upper() in ("UTC", "GMT", "+00:00", "-00:00", "ETC/UTC"):
        yield ok("time zone", zone)
    else:
        yield note(
            "time zone",
            f"the server's sessions begin in {zone}; the tables hold UTC",
            "In queries compare created_at with UTC_TIMESTAMP(), not NOW(), or SET time_zone = '+00:00' first; "
            "Grafana's data source needs timezone: '+00:00'.",
        )


def _packets(database: Database, event_max_bytes: int) -> Iterator[Finding]:
    allowed = int(_variables(database, "max_allowed_packet")["max_allowed_packet"])
    needed = 2 * event_max_bytes + 65536  # escaped, an event may double
    if allowed < needed:
        yield warning(
            "packets",
            f"max_allowed_packet is {allowed} bytes; the largest event may need {needed}",
            f"SET GLOBAL max_allowed_packet = {max(needed, 16 << 20)}, or lower SIDECAR_EVENT_MAX_BYTES; "
            "larger events go to quarantine.",
        )
    else:
        yield ok("packets", f"up to {allowed} bytes")


def _character_set(database: Database) -> Iterator[Finding]:
    rows = database.query(
        "SELECT TABLE_NAME, COLUMN_NAME, CHARACTER_SET_NAME FROM information_schema.COLUMNS "
        f"WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME IN ({marks(TABLES)}) "
        "AND CHARACTER_SET_NAME NOT IN ('utf8mb4', 'ascii', 'binary') ORDER BY 1, 2",
        TABLES,
    )
    if rows:
        named = ", ".join(f"{table}.{column} ({charset})" for table, column, charset in rows[:3])
        yield failure(
            "character set",
            f"not every text fits into {count(len(rows), 'column')}: {named}",
            f"ALTER TABLE {rows[0][0]} CONVERT TO CHARACTER SET utf8mb4; then sidecar rebuild.",
        )
    charset = str(database.query("SELECT @@character_set_database")[0][0])
    if charset != "utf8mb4":
        yield warning(
            "character set",
            f"the database's default is {charset}; our tables say utf8mb4 themselves, tables of your own would not",
            "ALTER DATABASE ... CHARACTER SET utf8mb4.",
        )
    elif not rows:
        yield ok("character set", "utf8mb4")


def _tables(database: Database) -> Iterator[Finding]:
    rows = database.query("SELECT TABLE_NAME, ENGINE FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()")
    engines: dict[str, Any] = dict(rows)
    missing = [table for table in (*TABLES, MIGRATIONS_TABLE) if table not in engines]
    if len(missing) == len(TABLES) + 1:
        yield failure(
            "tables",
            "there are none that this account may see",
            f"{_MIGRATE} Where they are there already: {_GRANTS}",
        )
        return
    applied = set()
    if MIGRATIONS_TABLE not in missing:
        applied = {str(row[0]) for row in database.query(f"SELECT name FROM {MIGRATIONS_TABLE}")}
        try:
            require_current("mysql", applied)
        except TablesNotReady as error:  # which a missing table may come of
            yield failure("table version", str(error), error.hint)
            return
    if missing:
        cure = f"{_GRANTS} If it is really gone, restore it from a backup, or delete its row in {MIGRATIONS_TABLE} and "
        yield failure(
            "tables", f"not there, or not for this account: {', '.join(missing)}", f"{cure}run `sidecar migrate`."
        )
        return
    unsafe = [table for table in TABLES if engines[table] and str(engines[table]).lower() != "innodb"]
    if unsafe:
        yield failure(
            "tables",
            f"without transactions a crash loses the agreement of rows and position: {', '.join(unsafe)} "
            f"({engines[unsafe[0]]})",
            f"ALTER TABLE {unsafe[0]} ENGINE = InnoDB.",
        )
    if later := newer("mysql", applied):
        yield note(
            "table version",
            f"{later[-1]}, of a newer release than this one",
            "Works: tables only gain what an older program can do without. Upgrade this program when you can.",
        )
    else:
        yield ok("table version", max(applied))


def _rights(database: Database) -> Iterator[Finding]:
    """Rights beyond what is needed, by SHOW GRANTS; the sample event shows whether they suffice."""
    lines = [str(row[0]).upper() for row in database.query("SHOW GRANTS")]
    rights = {
        right.strip()
        for line in lines
        if (match := re.match(r"GRANT (.+?) ON ", line))
        for right in match[1].split(",")
    }
    excess = rights & {"ALL PRIVILEGES", "SUPER", "DROP", "FILE", "GRANT OPTION", "CREATE USER"}
    if excess:
        yield note(
            "rights",
            f"the account may do more than ship: {', '.join(sorted(excess))}",
            f"Ship with an account of {_GRANTS_FILE}; keep this one for `sidecar migrate`.",
        )
    else:
        yield ok("rights", "no more than it needs")


def sample_refused(error: SidecarError) -> Finding:
    """Why the server refused the sample event."""
    number = _number(error)
    if number in (1044, 1142, 1143):
        return failure("sample event", f"a right is missing: {error}", _GRANTS)
    if number in (1366, 1300, 1267):
        return failure(
            "sample event",
            f"a text with 好 and an emoji is refused: {error}",
            "ALTER TABLE ... CONVERT TO CHARACTER SET utf8mb4 for the table of that column.",
        )
    if number in (1114, 1021, 1290, 1836, 28, 3100):
        return failure(
            "sample event", f"the server cannot write: {error}", "Free room on its disk, or end its read-only mode."
        )
    return failure("sample event", str(error), error.hint or "Look into the server's log.")


def _number(error: SidecarError) -> int:
    cause = error.__cause__
    number = cause.args[0] if cause is not None and cause.args else 0
    if isinstance(number, int):
        return number
    match = re.search(r"\((\d{4})\)", str(error))
    return int(match[1]) if match else 0
