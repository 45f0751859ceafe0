"""Whether the shipper is well, and what is not."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Health:
    """What /readyz answers. A reason for each thing that is not well; empty where all is."""

    reasons: dict[str, str] = field(default_factory=lambda: {"start": "starting"})

    def set(self, what: str, reason: str = "") -> None:
        if reason:
            self.reasons[what] = reason
        else:
            self.reasons.pop(what, None)

    @property
    def status(self) -> str:
        """One line for people."""
        return "; ".join(self.reasons.values()) or "ready"
