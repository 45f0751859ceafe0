"""Who holds what a statement has waited for in vain: the sessions with the longest open transactions, as far as the
account may see them."""

from __future__ import annotations

from collections.abc import Callable

from sidecar.errors import SidecarError, TemporarySinkError
from sidecar.storage.database import Row

LOCK_WAIT_TIMEOUT = 1205
_OPEN = (
    "SELECT trx_mysql_thread_id, TIMESTAMPDIFF(SECOND, trx_started, NOW()) FROM information_schema.innodb_trx "
    "WHERE trx_mysql_thread_id <> CONNECTION_ID() AND trx_rows_locked > 0 AND trx_state = 'RUNNING' "
    "ORDER BY trx_started LIMIT 3"
)
_SESSIONS = "SHOW FULL PROCESSLIST"  # information_schema's fails on some statements (MySQL)
_ASK = (
    "an administrator sees it by SELECT trx_mysql_thread_id, trx_started FROM information_schema.innodb_trx ORDER BY "
    "trx_started, and ends it by KILL and that number"
)


def held(message: str, query: Callable[[str], list[Row]]) -> TemporarySinkError:
    """The error for a lock that did not come free.

    Args:
        message: the server's.
        query: asks the server, after the transaction has been undone.
    """
    try:
        sessions = {row[0]: row for row in query(_SESSIONS)}
        found = [(int(number), int(seconds or 0)) for number, seconds in query(_OPEN)]
    except SidecarError:  # to see the transactions of others takes the right PROCESS; OceanBase has no such table
        found, sessions = [], {}
    if not found:
        who, cure = "", f"Another session holds what this needs: {_ASK}."
    else:
        who = "; it may be held by " + ", ".join(
            f"session {number}{_described(sessions.get(number))}, whose transaction began {seconds:,} s ago"
            for number, seconds in found
        )
        cure = f"Let that transaction end, or end it: KILL {found[0][0]}."
    return TemporarySinkError(
        f"{message}{who}",
        hint=f"{cure} Then run this again: what was begun is finished. SIDECAR_LOCK_WAIT_SECONDS says for how long to "
        "wait.",
    )


def _described(session: Row | None) -> str:
    return f" of {session[1]}@{session[2]} ({session[4]})" if session else ""
