"""How rare something is, estimated from the newest records: enough to choose between two ways of finding it."""

from __future__ import annotations

from collections.abc import Sequence

from sidecar.answers.filters import Where
from sidecar.storage.database import Database, Parameter

_SAMPLE = 1000


def shares(database: Database, conditions: Sequence[Where]) -> list[float]:
    """For each condition, the share of the newest records that meet it, 0 to 1."""
    counts, parameters = [], list[Parameter]()
    for parts, values in conditions:
        counts.append(f"AVG(CASE WHEN {' AND '.join(parts)} THEN 1e0 ELSE 0e0 END)")
        parameters += values
    newest = f"SELECT * FROM tts_records ORDER BY created_at DESC LIMIT {_SAMPLE}"
    (averages,) = database.query(f"SELECT {', '.join(counts)} FROM ({newest}) tts_records", parameters)
    return [float(share or 0) for share in averages]
