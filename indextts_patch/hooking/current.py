"""The outermost call that runs in this thread or task."""

from __future__ import annotations

from contextvars import ContextVar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..record import Record

CURRENT: ContextVar[Record | None] = ContextVar("indextts_patch_current", default=None)
