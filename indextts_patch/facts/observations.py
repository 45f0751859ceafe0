"""What an engine says while it works, and only then: stage times, progress, warnings, computed emotion vectors."""

from __future__ import annotations

import functools

from ..upstream import engines

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re

_MAX_WARNINGS = 1000


@functools.cache
def _pattern(text: str) -> re.Pattern[str]:
    import re  # as late as json, which loads it too

    return re.compile(text)


class Observations:
    """What was observed during one call."""

    def __init__(self) -> None:
        self.stages: dict[str, float] = {}  # seconds
        self.warnings: list[str] = []
        self.truncated: bool | None = None  # whether the speech was cut off; None where this version does not say
        self.vectors: list[list[float]] = []
        self._segments = 0
        self._segments_before = 0

    @property
    def segments(self) -> int | None:
        """Segments that the text was split into, None where no progress was seen."""
        return self._segments_before + self._segments or None

    def line(self, text: str) -> None:
        """A line was printed or logged. Times of several runs in one call (2.5, low VRAM) add up."""
        stage = _pattern(engines.STAGE_LINE).match(text)
        if stage is not None:
            key = engines.STAGES[stage[1]]
            self.stages[key] = round(self.stages.get(key, 0.0) + float(stage[2]), 6)
        elif text.startswith(engines.WARNING_LINE):
            self.warning(text[len(engines.WARNING_LINE) :])

    def progress(self, text: str) -> None:
        """A description of the progress was given."""
        if self.truncated is None:
            self.truncated = False  # an engine that tells its progress would also warn of truncation
        segment = _pattern(engines.SEGMENT).search(text)
        if segment is not None:
            self._segments = max(self._segments, int(segment[2]))
        elif text.startswith(engines.RUN_BEGINS):
            self._segments_before += self._segments
            self._segments = 0

    def warning(self, text: str) -> None:
        """The engine warned."""
        if engines.TRUNCATED in text.lower():
            self.truncated = True
        if len(self.warnings) < _MAX_WARNINGS:
            self.warnings.append(text[:4096])
