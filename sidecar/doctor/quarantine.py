"""Files in quarantine that await a decision."""

from __future__ import annotations

from collections.abc import Iterator

from sidecar.doctor.findings import Finding, ok, warning
from sidecar.storage.database import Database
from sidecar.wording.plural import count


def check_quarantine(database: Database) -> Iterator[Finding]:
    """
    Raises:
        TemporarySinkError: the database cannot serve.
    """
    rows = database.query(
        "SELECT reason, COUNT(*) FROM sidecar_quarantine WHERE status = 'quarantined' GROUP BY reason ORDER BY reason"
    )
    total = sum(int(number) for _, number in rows)
    if not total:
        yield ok("quarantine", "empty")
        return
    reasons = ", ".join(f"{number} {reason}" for reason, number in rows)
    yield warning(
        "quarantine",
        f"{count(total, 'file')} could not become rows: {reasons}",
        "`sidecar quarantine list` says why. Mend them, then `sidecar quarantine retry --all`; or put them aside for "
        "good: `sidecar quarantine drop`.",
    )
