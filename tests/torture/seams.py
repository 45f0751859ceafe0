"""The places between two steps of the shipper, each with a name, where a process can be made to die.

Nothing in the shipper knows of them: its own functions are wrapped, in the process that is to die, by one that sends
SIGKILL to itself when the named place is reached for the n-th time.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any

from pymysql.connections import Connection

from sidecar.shipping.courier import Courier
from sidecar.shipping.folder import Folder
from sidecar.shipping.shipper import Shipper

# What a statement begins with tells which one it is. "After" it, it is sent.
_STATEMENTS = {
    "position": b"UPDATE sidecar_positions",
    "events": b"INSERT INTO tts_events",
    "records": b"INSERT INTO tts_records",
    "quarantine": b"INSERT INTO sidecar_quarantine",
    "mended": b"UPDATE sidecar_quarantine",
}

SEAMS = (
    "after scan",
    "after read",
    *(f"{when} {name} statement" for name in _STATEMENTS for when in ("before", "after")),
    "before commit",
    "after commit",
    "before acknowledge",
    "after acknowledge",
    "during isolation",
    "before drain",
)


def die_at(name: str, count: int) -> None:
    """Make this process die at that place when it is reached for the count-th time."""
    assert name in SEAMS, name
    reached = 0

    def seam(here: str) -> None:
        nonlocal reached
        if here == name:
            reached += 1
            if reached == count:
                os.kill(os.getpid(), signal.SIGKILL)

    _around(Folder, "reconcile", seam, after="after scan")
    _around(Folder, "take", seam, after="after read")
    _around(Folder, "acknowledge", seam, before="before acknowledge", after="after acknowledge")
    _around(Courier, "_isolate", seam, before="during isolation")
    _around(Shipper, "stop", seam, before="before drain")
    _around(Connection, "commit", seam, before="before commit", after="after commit")
    send = Connection._execute_command  # type: ignore[attr-defined]

    def watched(self: Any, command: int, sql: Any) -> None:
        text = sql if isinstance(sql, bytes) else sql.encode("utf-8", "surrogateescape")
        kind = next((kind for kind, head in _STATEMENTS.items() if text.startswith(head)), "")
        seam(f"before {kind} statement")
        send(self, command, sql)
        seam(f"after {kind} statement")

    Connection._execute_command = watched  # type: ignore[attr-defined]


def _around(owner: Any, name: str, seam: Callable[[str], None], *, before: str = "", after: str = "") -> None:
    function = getattr(owner, name)

    def wrapped(*arguments: Any, **named: Any) -> Any:
        seam(before)
        result = function(*arguments, **named)
        seam(after)
        return result

    setattr(owner, name, wrapped)
