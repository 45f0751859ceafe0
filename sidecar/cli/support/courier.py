"""A courier for commands that ship by themselves: with retries, but not without end."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

from sidecar.cli.support.databases import open_sink
from sidecar.service.config import Settings
from sidecar.service.retry import Attempt, Retry, RetryPolicy
from sidecar.shipping.courier import Courier

SHIPPING = (
    "database_url",
    "database_password_file",
    "connect_timeout",
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
def open_courier(settings: Settings) -> Iterator[Courier]:
    """
    Raises:
        TablesNotReady, TemporarySinkError: at once, where the database is not ready.
    """
    sink = open_sink(settings)
    sink.check()
    retry = Retry(
        RetryPolicy(max_seconds=settings.retry_max_seconds, give_up_seconds=_GIVE_UP_SECONDS),
        stop=threading.Event(),
        on_failure=_ignore,
        on_success=lambda: None,
    )
    courier = Courier(sink, retry, quarantine_max_bytes=settings.quarantine_max_bytes)
    try:
        yield courier
    finally:
        courier.close()


def _ignore(_attempt: Attempt) -> None:
    """A failed attempt is followed by another; the last one's error ends the command."""
