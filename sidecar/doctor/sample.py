"""A sample event that every installation must be able to store: with 好, an emoji and every kind of column."""

from __future__ import annotations

from datetime import datetime, timezone

from sidecar.errors import Reason
from sidecar.event.event import Event, encode
from sidecar.event.publish import uuid7
from sidecar.event.types import SUCCEEDED
from sidecar.storage.sink import Batch, Delivery, Position, Quarantined

SHIPPER = "sidecar doctor"
_FOLDER = "/sidecar-doctor"


def sample() -> Batch:
    """A batch with one event and one quarantine entry, for a rehearsal."""
    identity = uuid7()
    now = datetime.now(timezone.utc)
    raw = encode(
        id=identity,
        source="indextts://sidecar-doctor/sample",
        sequence=1,
        type=SUCCEEDED,
        subject=identity,
        time=now,
        data={
            "text": "欢迎 🎙 \"'\\",
            "emotion": {"label": "happy"},
            "timing": {"wall": 1.5},
            "model": {"version": "2"},
        },
    )
    return Batch(
        shipper=SHIPPER,
        folder=_FOLDER,
        deliveries=[Delivery(event=Event.decode(raw), path=f"{_FOLDER}/好.json")],
        quarantined=[
            Quarantined(
                path=f"{_FOLDER}/broken.json", reason=Reason.INVALID_JSON, message="a sample", size=1, content=b"{"
            )
        ],
        position=Position(identity="", ctime_ns=0, files=0, revision=0),
        recorded_at=now,
    )
