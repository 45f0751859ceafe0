"""How takes have sounded over time: score, speech rate and doubts by voice, model and emotion, and from which day on
one of them changed.

Voices are looked at first, each by itself in each language. Models and emotions are looked at next, each take beside
what is usual for its voice, so that more takes in a worse voice are no change of the model. A voice that was named is
left out there, so that one voice's fall is not told again of all that it was used with; where every voice of a model
was named, and there are several, the model is looked at with all of them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta, tzinfo
from enum import StrEnum
from statistics import fmean, median

from sidecar.answers import review
from sidecar.answers.doubts import doubts
from sidecar.answers.filters import Filter
from sidecar.answers.steps import FEWEST_TAKES, Step, common, steps
from sidecar.answers.usual import Pasts, Take, language_of, voice_of
from sidecar.storage.database import Database

MOST_TAKES = 20_000
"""So many of the newest scored takes are looked at: a second and a half of a processor."""


class Measure(StrEnum):
    SCORE = "score"
    """DNSMOS P.835, overall, 1 to 5; a median."""
    RATE = "rate"
    """Syllables a second of speech; a median."""
    DOUBTS = "doubts"
    """Share of the takes that are in doubt."""


class By(StrEnum):
    VOICE = "voice"
    MODEL = "model"
    EMOTION = "emotion"


MATTERS: Mapping[Measure, Callable[[float, float], bool]] = {
    Measure.SCORE: lambda before, after: abs(after - before) >= 0.2,
    Measure.RATE: lambda before, after: abs(after - before) >= 0.1 * before,
    Measure.DOUBTS: lambda before, after: abs(after - before) >= 0.15,
}
"""What somebody should hear of, however certain a smaller change is: points, a share of the rate, a share of takes."""


Key = tuple[str, str]
"""Tells groups apart: of a voice what usual.voice_of and language_of say; of others their name."""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """Some takes together."""

    takes: int
    score: float | None
    rate: float | None
    doubts: float


@dataclass(frozen=True, kw_only=True)
class Change:
    """One measure of one group from a day on."""

    measure: Measure
    step: Step

    @property
    def worse(self) -> bool:
        """A rate is neither better nor worse for having changed."""
        higher = self.step.after > self.step.before
        return higher if self.measure is Measure.DOUBTS else self.measure is Measure.SCORE and not higher


@dataclass(frozen=True, kw_only=True)
class Group:
    by: By
    name: str
    """Of a voice its path; of a model its version; of an emotion its label. Empty where it is not known."""
    language: str
    """Of a voice; otherwise empty."""
    whole: Cell
    days: Mapping[date, Cell]
    weeks: Mapping[date, Cell]
    """By their Mondays."""
    changes: Sequence[Change]
    """In the order of days."""


@dataclass(frozen=True, kw_only=True)
class Drift:
    groups: Sequence[Group]
    """Those with changes first, then those with the most takes; voices, models, emotions."""
    whole: Cell
    weeks: Mapping[date, Cell]
    reasons: Mapping[str, int]
    """How many takes are in doubt, by kind of doubt."""
    since: date | None
    """The day of the oldest take, where more takes were asked for than are looked at."""

    def of(self, by: By) -> list[Group]:
        return [group for group in self.groups if group.by is by]

    @property
    def changed(self) -> list[tuple[Group, Change]]:
        """What changed, the latest first."""
        found = [(group, change) for group in self.groups for change in group.changes]
        return sorted(found, key=lambda each: each[1].step.at, reverse=True)


@dataclass(frozen=True, kw_only=True)
class Heard:
    """One take, as it is compared here."""

    day: date
    voice: Key
    names: Mapping[By, str]
    score: float | None
    rate: float | None
    kinds: tuple[str, ...]
    """What it is in doubt for."""

    def value(self, measure: Measure) -> float | None:
        return {Measure.SCORE: self.score, Measure.RATE: self.rate, Measure.DOUBTS: float(bool(self.kinds))}[measure]


def drift(database: Database, wanted: Filter, pasts: Pasts, zone: tzinfo) -> Drift:
    """
    Args:
        wanted: which takes; at most the newest MOST_TAKES of them.
        pasts: what they are doubted by (review.usual).
        zone: where days begin.

    Raises:
        TemporarySinkError: the database cannot serve.
    """
    takes = review.newest(database, MOST_TAKES, wanted)
    heard = [_heard(take, pasts, zone) for take in reversed(takes)]
    heard.sort(key=lambda each: each.day)
    return compare(heard, cut=len(takes) == MOST_TAKES)


def _heard(take: Take, pasts: Pasts, zone: tzinfo) -> Heard:
    return Heard(
        day=take["created_at"].astimezone(zone).date(),
        voice=(voice_of(take), language_of(take)),
        names={
            By.VOICE: str(take["voice"] or ""),
            By.MODEL: str(take["model_version"] or ""),
            By.EMOTION: str(take["emotion"] or ""),
        },
        score=take["mos_overall"],
        rate=take["syllable_rate"],
        kinds=tuple(dict.fromkeys(doubt.kind.value for doubt in doubts(take, pasts))),
    )


def compare(heard: Sequence[Heard], *, cut: bool = False) -> Drift:
    """
    Args:
        heard: in the order of days.
        cut: there were more, which are older.
    """
    parts = {by: _parted(heard, by) for by in By}
    series = len(Measure) * sum(map(len, parts.values()))
    changes = {By.VOICE: _changes(parts[By.VOICE], series, Heard.value)}
    named = {key for key, found in changes[By.VOICE].items() if found}
    beside = _beside(parts[By.VOICE])
    for by in (By.MODEL, By.EMOTION):
        left = {key: _without(takes, named) for key, takes in parts[by].items()}
        changes[by] = _changes(left, series, beside)
    groups = [
        _group(by, key, takes, changes[by][key]) for by, several in parts.items() for key, takes in several.items()
    ]
    order = list(By)
    groups.sort(key=lambda each: (order.index(each.by), not each.changes, -each.whole.takes, each.name))
    return Drift(
        groups=groups,
        whole=_cell(heard),
        weeks=_cells(heard, _monday),
        reasons=Counter(kind for take in heard for kind in take.kinds),
        since=heard[0].day if cut else None,
    )


def _parted(heard: Iterable[Heard], by: By) -> dict[Key, list[Heard]]:
    parts: dict[Key, list[Heard]] = defaultdict(list)
    for take in heard:
        parts[take.voice if by is By.VOICE else (take.names[by], "")].append(take)
    return parts


def _beside(voices: Mapping[Key, Sequence[Heard]]) -> Callable[[Heard, Measure], float | None]:
    """A take's value beside its voice's median, brought back to the level of all; shares as they are."""
    middles: dict[tuple[Key, Measure], float] = {}
    for measure in (Measure.SCORE, Measure.RATE):
        for key, takes in voices.items():
            values = [value for take in takes if (value := take.value(measure)) is not None]
            if len(values) >= FEWEST_TAKES:
                middles[key, measure] = median(values)
    usual = {
        measure: median(found) if (found := [value for (_, of), value in middles.items() if of is measure]) else 0.0
        for measure in Measure
    }

    def beside(take: Heard, measure: Measure) -> float | None:
        seen = take.value(measure)
        if measure is Measure.DOUBTS or seen is None:
            return seen
        middle = middles.get((take.voice, measure))
        if middle is None:
            return None
        return seen / middle * usual[measure] if measure is Measure.RATE else seen - middle + usual[measure]

    return beside


def _without(takes: Sequence[Heard], named: Collection[Key]) -> Sequence[Heard]:
    """The takes of voices that were not named; all of them where each of several voices was."""
    others = [take for take in takes if take.voice not in named]
    several = len({take.voice for take in takes}) > 1
    return others or (takes if several else ())


def _changes(
    parts: Mapping[Key, Sequence[Heard]], series: int, value: Callable[[Heard, Measure], float | None]
) -> dict[Key, list[Change]]:
    found: dict[Key, list[Change]] = {key: [] for key in parts}
    for measure in Measure:
        several = {
            key: [(take.day, seen) for take in takes if (seen := value(take, measure)) is not None]
            for key, takes in parts.items()
        }
        shared = common(several.values(), series)
        level = fmean if measure is Measure.DOUBTS else median
        for key, values in several.items():
            for step in steps(values, shared, level=level, matters=MATTERS[measure]):
                found[key].append(Change(measure=measure, step=step))
    return {key: sorted(changes, key=lambda each: each.step.at) for key, changes in found.items()}


def _group(by: By, key: Key, takes: Sequence[Heard], changes: Sequence[Change]) -> Group:
    return Group(
        by=by,
        name=takes[-1].names[by],
        language=key[1],
        whole=_cell(takes),
        days=_cells(takes, lambda day: day),
        weeks=_cells(takes, _monday),
        changes=changes,
    )


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _cells(takes: Iterable[Heard], of: Callable[[date], date]) -> dict[date, Cell]:
    parts: dict[date, list[Heard]] = defaultdict(list)
    for take in takes:
        parts[of(take.day)].append(take)
    return {at: _cell(several) for at, several in sorted(parts.items())}


def _cell(takes: Sequence[Heard]) -> Cell:
    scores = [take.score for take in takes if take.score is not None]
    rates = [take.rate for take in takes if take.rate is not None]
    return Cell(
        takes=len(takes),
        score=median(scores) if scores else None,
        rate=median(rates) if rates else None,
        doubts=sum(bool(take.kinds) for take in takes) / len(takes) if takes else 0.0,
    )
