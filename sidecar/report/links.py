"""Where the report leads into the library: to the very takes that a figure or a row is made of."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from sidecar.answers import address
from sidecar.answers.filters import PROBLEMS, Filter
from sidecar.answers.sums import FAILED


@dataclass(frozen=True, kw_only=True)
class Links:
    """Addresses of takes; all empty where the library's own is not known."""

    library: str
    """Where it answers; empty where that is not known."""
    wanted: Filter
    """Of the report."""

    @property
    def all(self) -> str:
        return self.of(self.wanted)

    @property
    def failed(self) -> str:
        return self.narrowed(status=FAILED)

    @property
    def problems(self) -> str:
        return self.narrowed(status=(PROBLEMS,))

    def request(self, request_hash: str) -> str:
        return self.narrowed(request=request_hash)

    def error(self, error_type: str) -> str:
        """Failures of one kind; those without an error of their own are called by their outcome."""
        return self.narrowed(status=(error_type,)) if error_type in FAILED else self.narrowed(error=error_type)

    def voice(self, voice: str) -> str:
        return self.narrowed(status=FAILED, voice=(voice,)) if voice else ""

    def emotion(self, emotion: str) -> str:
        return self.narrowed(emotion=(emotion,))

    def narrowed(self, **narrower: Any) -> str:
        """Those of the report that are also this."""
        return self.of(replace(self.wanted, **narrower))

    def of(self, wanted: Filter) -> str:
        return address.takes(self.library, wanted) if self.library else ""
