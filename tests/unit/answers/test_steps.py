"""Where a series of takes changes its level, and where it does not."""

from __future__ import annotations

from datetime import date, timedelta
from math import comb, erfc, sqrt
from random import Random
from statistics import fmean, median

import pytest

from sidecar.answers import steps as module
from sidecar.answers.steps import Common, Step, Values, common, steps

FIRST = date(2026, 11, 1)


def series(levels: list[float], *, a_day: int = 8, spread: float = 0.2, daily: float = 0.0, seed: int = 1) -> Values:
    random, values = Random(seed), []
    for number, level in enumerate(levels):
        of_day = random.gauss(level, daily)
        values += [(FIRST + timedelta(number), random.gauss(of_day, spread)) for _ in range(a_day)]
    return values


def found(values: Values, shared: Common | None = None) -> list[Step]:
    shared = shared or common([values], 20)
    return steps(values, shared, level=median, matters=lambda before, after: abs(after - before) >= 0.2)


def days(found: list[Step]) -> list[int]:
    return [(step.at - FIRST).days for step in found]


def test_a_fall_is_found_on_its_day_with_the_levels_around_it() -> None:
    (step,) = found(series([3.2] * 18 + [2.7] * 10))
    assert step.at == FIRST + timedelta(18)
    assert (round(step.before, 1), round(step.after, 1)) == (3.2, 2.7)
    assert (step.takes_before, step.takes_after) == (144, 80)


def test_a_fall_and_a_recovery_are_two_changes() -> None:
    first, second = found(series([3.2] * 12 + [2.6] * 6 + [3.2] * 10, a_day=16))
    assert days([first, second]) == [12, 18]
    assert first.takes_after == second.takes_before == 96, "the level between them is that of these days alone"
    assert round(second.after, 1) == 3.2


@pytest.mark.parametrize(
    "values",
    [
        series([3.2] * 28),
        series([3.2] * 14 + [3.1] * 14, a_day=50),
        series([3.2] * 27 + [1.5]),
        series([3.2] * 6 + [1.5] * 2, a_day=1),
        series([3.2] * 28, spread=0.0),
        [],
    ],
    ids=["nothing changes", "too little to matter", "one bad day", "too few takes", "all the same", "nothing"],
)
def test_nothing_is_found_where_nothing_is_to_be_said(values: Values) -> None:
    assert found(values) == []


def test_a_few_wild_values_are_no_change() -> None:
    values = [(day, -50.0 if number % 40 == 39 else value) for number, (day, value) in enumerate(series([3.2] * 28))]
    assert found(values) == []


def test_days_that_differ_by_themselves_are_no_change() -> None:
    """Each day a text of its own: taken one by one these takes would tell of changes that are none."""
    named, blind = 0, 0
    for seed in range(20):
        values = series([3.2] * 28, spread=0.1, daily=0.3, a_day=12, seed=seed)
        named += bool(found(values))
        blind += bool(found(values, Common(series=20, effect=1.0, freedom=10_000)))
        assert common([values], 20).effect > 20
    assert named <= 1
    assert blind <= named + 1, "each series by itself tells it too"


def test_what_days_differ_by_is_learnt_from_all_series() -> None:
    calm = [series([3.2] * 28, seed=seed) for seed in range(8)]
    assert common(calm, 8).effect < 1.5
    assert common(calm, 8).freedom == 8 * 27
    fallen = series([3.2] * 14 + [2.2] * 14, seed=9)
    assert common([*calm, fallen], 9).effect < 1.5, "one that changed does not make the others vary"


def test_a_share_is_compared_exactly() -> None:
    """Three of the first eight and nothing later is rare, but a few series among many show it by chance."""
    few = [(FIRST + timedelta(number // 4), float(number in (1, 4, 6))) for number in range(112)]
    many = [(FIRST + timedelta(number // 8), float(number >= 112 and number % 2)) for number in range(224)]

    def shares(values: Values) -> list[Step]:
        return steps(values, common([values], 20), level=fmean, matters=lambda before, after: before != after)

    assert shares(few) == []
    (step,) = shares(many)
    assert (step.at, step.before, step.after) == (FIRST + timedelta(14), 0.0, 0.5)


def test_the_exact_comparison_is_that_of_the_hypergeometric_distribution() -> None:
    """Of 5 in 10 before and 1 in 20 after the tail is that of drawing 10 of 30, of which 6 are marked."""
    tail = sum(comb(6, drawn) * comb(24, 10 - drawn) for drawn in (5, 6)) / comb(30, 10)
    seen = [1.0] * 5 + [0.0] * 5 + [1.0] + [0.0] * 19
    assert erfc(module._exact(seen, 10) / sqrt(2)) / 2 == pytest.approx(tail)
    assert erfc(module._exact(seen[::-1], 20) / sqrt(2)) / 2 == pytest.approx(tail)


def test_students_distribution_is_met() -> None:
    """97.5 % of Student's t with 10 degrees of freedom lie below 2.228, of a normal distribution below 1.960."""
    assert module._wallace(2.228, 10) == pytest.approx(1.960, abs=0.005)
    assert module._wallace(5.0, 10_000) == pytest.approx(5.0, abs=0.01)
    assert module._wallace(5.0, 0) == 0.0
