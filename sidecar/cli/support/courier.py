"""The courier of commands that ship by themselves: it retries, but not for ever."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

from sidecar.cli.support.databases import open_sink
from sidecar.cli.support.options import DATABASE
from sidecar.service.retry import Retry, RetryPolicy
from sidecar.service.settings import Settings
from sidecar.shipping.courier import Courier
from sidecar.upkeep.redelivery import Redelivery

SHIPPING = (
    *DATABASE,
    "read_timeout",
    "retry_max_seconds",
    "event_max_bytes",
    "quarantine_max_bytes",
    "batch_max_events",
    "statement_bytes",
)
"""The settings of a command that ships by itself, for settings_options."""
_GIVE_UP_SECONDS = 30.0


@contextlib.contextmanager
def open_redelivery(settings: Settings, folder: Path) -> Iterator[Redelivery]:
    """What ships event files of that folder again.

    Raises:
        TablesNotReady, TemporarySinkError: at once, where the database is not ready.
    """
    sink = open_sink(settings)
    sink.check()
    retry = Retry(
        RetryPolicy(max_seconds=settings.retry_max_seconds, give_up_seconds=_GIVE_UP_SECONDS),
        stop=threading.Event(),
        on_failure=lambda _: None,  # another attempt follows; the error of the last one ends the command
        on_success=lambda: None,
    )
    courier = Courier(sink, retry, quarantine_max_bytes=settings.quarantine_max_bytes)
    try:
        yield Redelivery(
            courier=courier,
            shipper=settings.name,
            folder=folder,
            max_bytes=settings.event_max_bytes,
            batch_events=settings.batch_max_events,
        )
    finally:
        courier.close()
