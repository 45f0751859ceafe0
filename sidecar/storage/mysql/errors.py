"""Turns the driver's errors into ours, by the server's error number, here and nowhere else."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sidecar.errors import PermanentSinkError, TablesNotReady, TemporarySinkError
from sidecar.installation import bundled
from sidecar.storage.migrations import MIGRATE_HINT

# Numbers from the servers' own lists: dev.mysql.com/doc/mysql-errors, mariadb.com/kb/en/mariadb-error-codes.
COLUMN_IS_THERE = 1060
DUPLICATE_ENTRY = 1062
ROW_TOO_LARGE = 1118
_ABOUT_THE_DATA = {
    1048,  # column cannot be null
    DUPLICATE_ENTRY,
    ROW_TOO_LARGE,
    1153,  # packet larger than max_allowed_packet
    1264,  # out of range
    1265,  # data truncated
    1292,  # incorrect value
    1197,  # transaction larger than max_binlog_cache_size: half a batch may fit
    1300,  # invalid character string
    1366,  # incorrect string value
    1406,  # data too long
    1644,  # a trigger of the installation's own says no
    1690,  # value out of range
    *range(3140, 3159),  # JSON: invalid, a key or value too long, nested too deep, a number out of range
    3819,  # check constraint
    4025,  # check constraint (MariaDB; its JSON type is one)
    8004,  # transaction too large (TiDB)
}
NO_SUCH_COLUMN = 1054
NO_SUCH_TABLE = 1146
TABLE_ACCESS_DENIED = 1142
_ABOUT_THE_TABLES = {NO_SUCH_COLUMN, NO_SUCH_TABLE}
_ABOUT_OUR_SQL = {1064, 1065, 1136, 1149}  # syntax and column counts: a bug, and a bug crashes

# The host is up and will not take it; of several, another one may.
_NOT_THIS_HOST = {
    1047,  # WSREP has not yet prepared this node (Galera)
    1290,  # --read-only, --super-read-only
    1792,  # read-only transaction
    1836,  # read-only mode
    3100,  # a plugin forbids it (Group Replication)
}

_ABOUT_ITS_SHAPE = {
    ROW_TOO_LARGE,
    1067,  # invalid default
    1069,  # too many keys
    1071,  # key too long
    1117,  # too many columns
    1235,  # not supported
    1845,  # this way of altering is not supported
    1846,  # nor for this reason
    1901,  # an expression that depends on a column (MariaDB)
    3108,  # a generated column depends on a column
    3959,  # a check constraint depends on a column
    4119,  # system-versioned (MariaDB)
}
_UNDONE = {1180, 1213, 3101}  # error during COMMIT (Galera), deadlock, not certified (Group Replication)


_VALUE = re.compile(r"'.*'(?= for (?:column|key|function)\b)|(?<=value: )'.*'$", re.DOTALL)
"""In a message of a server, what it refuses: people's words and names, which are not for logs."""


def belongs_elsewhere(error: BaseException) -> bool:
    """Whether another host of a cluster may take what this one refuses."""
    return bool(error.args) and error.args[0] in _NOT_THIS_HOST


def is_about_the_table(error: BaseException) -> bool:
    """Whether the server refuses to alter a table as it is: neither the account nor the server's state is to blame."""
    return bool(error.args) and error.args[0] in _ABOUT_ITS_SHAPE


def was_undone(error: BaseException | None) -> bool:
    """Whether the server undid the transaction in favour of another one, so that it may be tried again at once."""
    return error is not None and bool(error.args) and error.args[0] in _UNDONE


def classify(error: BaseException, where: str) -> BaseException:
    """Our error for the driver's, by the server's error number. A bug comes back as it is.

    Args:
        where: the database, without password, for the message.
    """
    number = error.args[0] if error.args and isinstance(error.args[0], int) else 0
    message = str(error.args[1]) if len(error.args) > 1 else str(error)
    text = f"{where}: {message} ({number})" if number else f"{where}: {message or type(error).__name__}"
    if number in _ABOUT_THE_DATA:
        said = _VALUE.sub("'...'", message)
        return PermanentSinkError(f"{said} ({number})")
    if number in _ABOUT_THE_TABLES:
        return TablesNotReady(text, hint=MIGRATE_HINT)
    if number in _ABOUT_OUR_SQL:
        return error
    return TemporarySinkError(text, hint=_hint(number, message))


def _hint(number: int, message: str) -> str:
    """A denied command that the shipper never needs was asked for by a command for people."""
    if number in _DENIED and not message.startswith(_SHIPPERS_COMMANDS):
        return (
            "This command needs the account that migrates; as `sidecar init` made it, add "
            "--database-url mysql://tts_migrate@HOST/DATABASE --database-password-file .sidecar-passwords/tts_migrate"
        )
    return _HINTS.get(number, "")


_DENIED = {TABLE_ACCESS_DENIED, 1227}
_SHIPPERS_COMMANDS = ("SELECT", "INSERT", "UPDATE")


_GRANTS = bundled("deploy/mysql/grants.sql")
_HINTS: Mapping[int, str] = {
    1044: f"Grant the account its rights on this database ({_GRANTS}).",
    1045: "Check user and password in SIDECAR_DATABASE_URL or SIDECAR_DATABASE_PASSWORD.",
    1049: "Create the database (sidecar init), or correct its name in SIDECAR_DATABASE_URL.",
    TABLE_ACCESS_DENIED: f"Grant the account SELECT, INSERT and UPDATE on the tables ({_GRANTS}).",
    1205: "Another session holds what this needs (an ALTER, a backup, a long transaction); "
    "SHOW FULL PROCESSLIST names it.",
    **dict.fromkeys(
        (1217, 1451),
        "A table of your own refers to the row: delete there what refers to it, or give that foreign key ON DELETE "
        "CASCADE or SET NULL; then run this again.",
    ),
    1665: "The server writes its binary log as statements, which can go wrong: let it write rows, "
    "SET GLOBAL binlog_format = ROW (or MIXED), and say so in its configuration.",
    2003: "Check host and port in SIDECAR_DATABASE_URL, and that the server runs.",
}
