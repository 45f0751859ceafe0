"""Batches for tests of what stores them: of some events, as a shipper hands them over."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from sidecar.event.event import Event
from sidecar.storage.sink import Batch, Delivery
from sidecar.storage.sqlsink import SqlSink
from tests.events import encode

NOW = datetime(2026, 11, 22, 12, 0, 0, 123456, tzinfo=timezone.utc)


def delivery(event: dict[str, Any], path: str = "") -> Delivery:
    return Delivery(event=Event.decode(encode(event)), path=path or f"/srv/outputs/{event['id']}.wav.json")


def batch(sink: SqlSink, *events: dict[str, Any] | Delivery, **changes: Any) -> Batch:
    """`changes` replace members of the batch."""
    deliveries = [each if isinstance(each, Delivery) else delivery(each) for each in events]
    values: dict[str, Any] = {
        "shipper": "studio",
        "folder": "/srv/outputs",
        "deliveries": deliveries,
        "quarantined": [],
        "position": sink.open_position("studio", "/srv/outputs"),
        "recorded_at": NOW,
    }
    return Batch(**values | changes)
