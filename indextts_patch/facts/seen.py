"""What was seen of one call while its engine worked: what it said, and the calls of its model's parts."""

from __future__ import annotations

from collections.abc import Mapping

from ..guard import Any, attempt
from ..upstream.stages import MEASURED, Part
from . import emotion
from .generation import Generation
from .model import warns_of_truncation
from .observations import Observations
from .stages import Stages
from .values import clean


class Seen:
    """What was seen of one call."""

    def __init__(self) -> None:
        self.said = Observations()
        self.telling: frozenset[str] = frozenset()  # stages and facts that calls of the model's parts will tell
        self._generation = Generation()
        self.begin()

    def begin(self) -> None:
        """The call begins to run."""
        self._stages = Stages()

    def enter(self, part: Part) -> dict[str, Any] | None:
        """A call of a part of the model begins. Returns where the whole call is, if a stage begins."""
        return self._stages.where() if self._stages.enter(part) else None

    def leave(self, part: Part, given: Mapping[str, Any], result: object) -> dict[str, Any] | None:
        """A call of a part of the model has returned; its arguments by name, and its result. Returns as `enter`."""
        if part.tells:
            attempt(self._generation.tell, part.tells, given, result)
        return self._stages.where() if self._stages.leave(part) else None

    def timing(self, *, ended: bool) -> dict[str, Any]:
        """Members of the schema's `timing`: the stages and segments of a call that ended, or broke off, now."""
        broke_off = not ended and not self.telling.isdisjoint(MEASURED)
        return {
            **self.said.stages,
            **(self._stages.stop() if broke_off else self._stages.seconds()),
            "segments": self.said.segments or self._generation.segments,
        }

    def complete(self, data: dict[str, Any], kind: type) -> None:
        """Put what was seen into the facts of a call, in the place of what its arguments had let expect.

        Args:
            data: members of the schema's `synthesis`; those that change are replaced.
            kind: the engine's class.
        """
        generation = self._generation
        if data.get("emotion") is not None:
            data["emotion"] = known = dict(data["emotion"])
            emotion.add_computed(known, self.said.vectors)
            emotion.add_blended(known, generation.alpha)
        params = data.get("params")
        if params is not None:
            data["params"] = {**params, "effective": {**params["effective"], **generation.parameters}}
        data["truncated"] = cut = generation.truncated(self.said.truncated, warns=warns_of_truncation(kind))
        data["generation"] = generation.facts(cut, self.telling)
        data["warnings"] = [clean(text) for text in self.said.warnings]
