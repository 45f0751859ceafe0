"""From which day on a series of takes is on another level: change points that can be relied on.

Days are split in two wherever takes enough lie on both sides, and the takes before are compared with those after: by
ranks (Mann and Whitney 1947), which a few wild values do not move and which asks for no distribution; what is only yes
or no, exactly (Fisher 1935). Takes of one day resemble each other, by their text if by nothing else. By how much more
days differ than their takes explain, the comparison is weakened (a design effect). That is learnt from all series
together and from each by itself, the greater counts; from medians, so that the days of a change do not count; and where
few days tell it, Student's distribution allows for that (by Wallace's formula).

The best split counts where chance alone would hardly give one as good anywhere: its p is multiplied by how many splits
were tried and how many series are looked at (Bonferroni). A change too small to matter is none. What is found is looked
at again on both of its sides, so that a fall and a recovery are two changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from math import erfc, exp, lgamma, log1p, sqrt
from statistics import NormalDist, median

LEVEL = 0.05
"""How likely it may be that anything at all is found in series that do not change."""
FEWEST_TAKES = 8
"""On either side."""
FEWEST_DAYS = 2
"""On either side: one bad day is no new level."""
_CHI_SQUARE_MEDIAN = 0.4549  # of one degree of freedom


@dataclass(frozen=True, kw_only=True)
class Step:
    at: date
    """The first day of the new level."""
    before: float
    after: float
    takes_before: int
    takes_after: int


Values = Sequence[tuple[date, float]]
"""A value of each take, with its day; in the order of days."""


@dataclass(frozen=True, kw_only=True)
class Common:
    """What series that are looked at together have in common."""

    series: int
    """How many they are, those of other measures among them."""
    effect: float
    """The design effect: 1 where days differ no more than their takes explain."""
    freedom: int
    """How many days of series that was learnt from, less one for each series."""


def common(several: Iterable[Values], series: int) -> Common:
    """
    Args:
        several: the series of one measure.
        series: how many there are of all measures.
    """
    splits = [split for values in several if (split := _split(values)) is not None]
    return Common(
        series=series,
        effect=_effect([each for split in splits for each in _excesses(split.days, split.place)]),
        freedom=sum(len(split.days) - 1 for split in splits),
    )


def steps(
    values: Values,
    shared: Common,
    *,
    level: Callable[[Sequence[float]], float],
    matters: Callable[[float, float], bool],
) -> list[Step]:
    """The changes of level, in the order of days.

    Args:
        level: of values, such as their median.
        matters: of the levels before and after, whether somebody should hear of it.
    """
    split = _split(values)
    if split is None or not _is_certain(split, shared):
        return []
    place = split.place
    before, after = values[:place], values[place:]
    left = steps(before, shared, level=level, matters=matters)
    right = steps(after, shared, level=level, matters=matters)
    # The levels beside the split end where the next change is.
    near = [value for day, value in before if not left or day >= left[-1].at]
    far = [value for day, value in after if not right or day < right[0].at]
    found = Step(at=after[0][0], before=level(near), after=level(far), takes_before=len(near), takes_after=len(far))
    return [*left, *([found] if matters(found.before, found.after) else []), *right]


@dataclass(frozen=True, kw_only=True)
class _Split:
    """The best one of a series."""

    place: int
    """Of the first take of the new level."""
    distance: float
    """As in a normal distribution, in standard deviations."""
    tried: int
    """How many were."""
    days: Sequence[Sequence[float]]
    """The ranks of each day's takes."""


def _split(values: Values) -> _Split | None:
    """The best split; None where there is none with enough on both sides, or nothing differs."""
    if len(values) < 2 * FEWEST_TAKES:
        return None
    seen = [value for _, value in values]
    ranks, unit = _ranks(seen)
    days = _days(values, ranks)
    binary = len(set(seen)) == 2
    best, place, tried = 0.0, 0, 0
    for before, total in _splits(days, len(values)):
        tried += 1
        distance = _exact(seen, before) if binary else _by_ranks(before, len(values), total, unit)
        if distance > best:
            best, place = distance, before
    return _Split(place=place, distance=best, tried=tried, days=days) if place else None


def _is_certain(split: _Split, shared: Common) -> bool:
    """Whether chance would hardly give one as good in any of the series."""
    effect = max(shared.effect, _effect(_excesses(split.days, split.place)))
    distance = _wallace(split.distance / sqrt(effect), shared.freedom)
    return erfc(distance / sqrt(2)) * split.tried * shared.series < LEVEL


def _splits(days: Sequence[Sequence[float]], count: int) -> Iterator[tuple[int, float]]:
    """For each split with enough on either side: how many takes lie before it, and the sum of their ranks."""
    before, total = 0, 0.0
    for index, of_day in enumerate(days[:-1], 1):
        before += len(of_day)
        total += sum(of_day)
        if min(before, count - before) >= FEWEST_TAKES and min(index, len(days) - index) >= FEWEST_DAYS:
            yield before, total


def _by_ranks(before: int, count: int, total: float, unit: float) -> float:
    """Standard deviations that the sum of the ranks lies from what is expected of a split at random."""
    return abs(total - before * (count + 1) / 2) / sqrt(before * (count - before) * unit) if unit else 0.0


def _exact(seen: Sequence[float], before: int) -> float:
    """The same of what is one of two values, from the hypergeometric distribution."""
    high = max(seen)
    of_all, of_before = seen.count(high), seen[:before].count(high)
    count, expected = len(seen), before * seen.count(high) / len(seen)
    away = 1 if of_before > expected else -1
    term = exp(_log_choose(of_all, of_before) + _log_choose(count - of_all, before - of_before)
               - _log_choose(count, before))  # fmt: skip
    tail, at = 0.0, of_before
    while term > tail * 1e-9 and 0 <= at <= min(of_all, before):
        tail += term
        # From one to the next: one value more (or less) of this kind before the split, and one of the other less.
        if away > 0:
            term *= (of_all - at) * (before - at) / ((at + 1) * (count - of_all - before + at + 1))
        else:
            term *= at * (count - of_all - before + at) / ((of_all - at + 1) * (before - at + 1))
        at += away
    return max(-NormalDist().inv_cdf(min(max(tail, 1e-300), 0.5)), 0.0)


def _log_choose(of: int, some: int) -> float:
    return lgamma(of + 1) - lgamma(some + 1) - lgamma(of - some + 1)


def _wallace(distance: float, freedom: int) -> float:
    """What a Student's t is in standard deviations of a normal distribution (Wallace 1959)."""
    if freedom < 1:
        return 0.0
    return (8 * freedom + 1) / (8 * freedom + 3) * sqrt(freedom * log1p(distance * distance / freedom))


def _ranks(values: Sequence[float]) -> tuple[list[float], float]:
    """Each value's rank from 1 on, equal ones sharing theirs; and the variance of their sum over n m, for a split into
    n and m.
    """
    order = sorted(range(len(values)), key=values.__getitem__)
    ranks, ties, at = [0.0] * len(values), 0.0, 0
    for _, group in groupby(order, key=values.__getitem__):
        equal = list(group)
        for index in equal:
            ranks[index] = at + (len(equal) + 1) / 2
        at += len(equal)
        ties += len(equal) ** 3 - len(equal)
    count = len(values)
    return ranks, (count + 1 - ties / (count * (count - 1))) / 12


def _days(values: Values, ranks: Sequence[float]) -> list[list[float]]:
    pairs = zip((day for day, _ in values), ranks, strict=True)
    return [[rank for _, rank in several] for _, several in groupby(pairs, key=lambda pair: pair[0])]


def _excesses(days: Sequence[Sequence[float]], place: int) -> list[float]:
    """For each day, by how many times the variance that its takes explain its mean lies from the middle of the days on
    its side of the split, squared.
    """
    within, freedom, seen = 0.0, 0, 0
    sides: tuple[list[tuple[int, float]], list[tuple[int, float]]] = ([], [])
    for of_day in days:
        mean = sum(of_day) / len(of_day)
        within += sum((rank - mean) ** 2 for rank in of_day)
        freedom += len(of_day) - 1
        sides[seen >= place].append((len(of_day), mean))
        seen += len(of_day)
    if not freedom or not within:
        return []
    excesses = []
    for side in filter(None, sides):
        middle = median(mean for _, mean in side)
        excesses += [takes * (mean - middle) ** 2 / (within / freedom) for takes, mean in side]
    return excesses


def _effect(excesses: Sequence[float]) -> float:
    return max(1.0, median(excesses) / _CHI_SQUARE_MEDIAN) if excesses else 1.0
