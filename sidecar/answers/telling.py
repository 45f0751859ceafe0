"""How takes sound over time, in words and tables: the same for page and report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sidecar.answers.drift import By, Cell, Change, Drift, Group, Measure
from sidecar.answers.verdicts import Say

_MOST_GROUPS = 12
"""Of voices, models and emotions each; those that changed come first."""
_WEEKS = 4
"""Of each, the latest."""


@dataclass(frozen=True, kw_only=True)
class Table:
    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]


def sentence(group: Group, change: Change, say: Say) -> str:
    """What changed, from which day on, in words."""
    step = change.step
    direction = "rose" if step.after > step.before else "fell"
    what = say(f"change_of_{group.by}", name=name(group, say))
    return say(f"change_{change.measure}_{direction}", what=what, **asdict(step))


def name(group: Group, say: Say) -> str:
    """What people call it: of a voice the file and the language."""
    if group.by is By.EMOTION:
        return say(f"emotion_{group.name}")
    if group.by is By.MODEL:
        return group.name or say("unnamed_model")
    file = group.name.rpartition("/")[2] or say("unknown_voice")
    return f"{file} ({group.language})" if group.language else file


def unit(measure: Measure, say: Say) -> str:
    """What a measure counts."""
    return say({Measure.SCORE: "mos", Measure.RATE: "speech_rate", Measure.DOUBTS: "in_doubt"}[measure])


def tables(drift: Drift, say: Say) -> list[Table]:
    """Weeks; voices, models and emotions, each as a whole and in its last weeks. Empty where no take has a score."""
    if not drift.whole.takes:
        return []
    head = [say("takes"), *(unit(measure, say) for measure in Measure)]
    weeks = [[f"{at}", *_row(cell)] for at, cell in sorted(drift.weeks.items(), reverse=True)]
    made = [Table(title=say("sound_weeks"), head=[say("week_of"), *head], rows=weeks)]
    for by in By:
        rows = []
        for group in drift.of(by)[:_MOST_GROUPS]:
            rows.append([name(group, say), *_row(group.whole)])
            rows += [[f"· {at}", *_row(cell)] for at, cell in list(group.weeks.items())[-_WEEKS:]]
        made.append(Table(title=say(f"sound_by_{by}"), head=[say(f"by_{by}"), *head], rows=rows))
    return made


def reasons(drift: Drift, say: Say) -> list[tuple[str, int, str]]:
    """How many takes are in doubt, the most frequent reason first: its name, the count, and it with its share."""
    return [
        (say(f"doubt_name_{kind}"), count, f"{count:,} · {count / drift.whole.takes:.1%}")
        for kind, count in sorted(drift.reasons.items(), key=lambda each: -each[1])
    ]


def _row(cell: Cell) -> list[str]:
    score = "–" if cell.score is None else f"{cell.score:.2f}"
    rate = "–" if cell.rate is None else f"{cell.rate:.1f}"
    return [f"{cell.takes:,}", score, rate, f"{cell.doubts:.0%}"]
