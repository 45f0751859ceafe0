"""How many spoiled clips are in doubt for the right reason, and how many good ones are in doubt at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from sidecar.answers.doubts import Doubt, doubts
from sidecar.answers.usual import Pasts, Take
from sidecar.scoring.measures import Scorer, as_data
from tests.scoring.clips import DEFECTS, Clip


@dataclass
class Line:
    """One kind of defect, or the good clips."""

    right: int = 0
    """In doubt, and for the right reason; of good clips none."""
    otherwise: int = 0
    """In doubt for other reasons alone."""
    none: int = 0
    """Not in doubt."""

    @property
    def clips(self) -> int:
        return self.right + self.otherwise + self.none


@dataclass
class Verdict:
    lines: dict[str, Line] = field(default_factory=dict)
    """By defect; good clips under ""."""
    wrong: list[tuple[Clip, Sequence[Doubt]]] = field(default_factory=list)
    """Clips that were not judged rightly."""

    @property
    def right(self) -> int:
        return sum(line.right for defect, line in self.lines.items() if defect)

    @property
    def good_in_doubt(self) -> int:
        return self.lines[""].otherwise

    def table(self) -> str:
        """In Markdown."""
        rows = ["| clips | of them | right reason | another reason | not in doubt |", "|---|---:|---:|---:|---:|"]
        for defect in (*DEFECTS, ""):
            line = self.lines.get(defect, Line())
            rows.append(f"| {defect or 'good'} | {line.clips} | {line.right} | {line.otherwise} | {line.none} |")
        return "\n".join(rows)


def judge(clips: Iterable[Clip], heard: Callable[[], object] = lambda: None, *, opinions: int = 1) -> Verdict:
    """Measure every clip, then doubt each as if the others were its voice's past.

    Args:
        heard: called after each clip.
        opinions: of so many clips DNSMOS hears one.
    """
    scorers, takes = (Scorer(), Scorer(opinions=False)), list[tuple[Clip, Take]]()
    for number, clip in enumerate(clips):
        with clip.path.open("rb") as file:
            measures = as_data(scorers[number % opinions > 0].measure(file, clip.text))
        takes.append((clip, {"event_id": clip.path.name, "voice": clip.voice, "language": clip.language, **measures}))
        heard()
    return compared(takes)


def compared(takes: Sequence[tuple[Clip, Take]]) -> Verdict:
    """Doubt each take as if the others were its voice's past."""
    pasts, verdict = Pasts(take for _, take in takes), Verdict()
    for clip, take in takes:
        found = doubts(take, pasts)
        line = verdict.lines.setdefault(clip.defect, Line())
        right = clip.defect and any(doubt.kind in DEFECTS[clip.defect] for doubt in found)
        if right:
            line.right += 1
        elif found:
            line.otherwise += 1
        else:
            line.none += 1
        if not right and (found or clip.defect):
            verdict.wrong.append((clip, found))
    return verdict
