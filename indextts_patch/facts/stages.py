"""Where a call is, and how long it has been in each stage.

Times are taken where calls begin and end, and nothing waits for a GPU: what it still has to do when a call returns is
counted where the host waits for it next.
"""

from __future__ import annotations

import time

from ..guard import Any
from ..upstream.stages import MEASURED, PREPARING, Part


class Stages:
    """The stages of one call, from its beginning on."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}
        self._began = self._since = time.perf_counter()
        self._stage = PREPARING

    def enter(self, part: Part) -> bool:
        """A call of a part begins. Returns whether a stage begins with it."""
        if not part.stage or part.stage == self._stage:
            return False
        self._begin(part.stage, time.perf_counter())
        return True

    def leave(self, part: Part) -> bool:
        """A call of a part is over, and did not fail. Returns whether the next stage begins."""
        if not part.stage or part.stage == part.then:
            return False
        now = time.perf_counter()
        self._count(part.stage, now)
        self._begin(part.then, now)
        return True

    def seconds(self) -> dict[str, float]:
        """Seconds in each stage that is over."""
        return {stage: round(seconds, 6) for stage, seconds in self._seconds.items()}

    def where(self) -> dict[str, Any]:
        """The stage that the call is in, when that began, and the times of those that are over."""
        return {"stage": self._stage, "stage_began": round(self._since - self._began, 6), **self.seconds()}

    def stop(self) -> dict[str, Any]:
        """As `where`, of a call that ends here; what there is of its last stage counts too."""
        where = self.where()
        self._count(self._stage, time.perf_counter())
        return {**where, **self.seconds()}

    def _begin(self, stage: str, now: float) -> None:
        self._stage, self._since = stage, now

    def _count(self, stage: str, now: float) -> None:
        if stage in MEASURED:
            self._seconds[stage] = self._seconds.get(stage, 0.0) + now - self._since
            self._since = now
