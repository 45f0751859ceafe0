"""Forecast and change points: what was planted is found, and noise is not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sidecar.report.trend import changes, edges, forecast

DAYS = pd.date_range("2026-01-01", periods=200, freq="D")


def series(values: object) -> pd.Series[float]:
    return pd.Series(np.asarray(values, dtype=float), index=DAYS)


def test_a_forecasts_interval_holds_what_came() -> None:
    """95 of 100 future days, by weekday and trend, lie within; here at least 90 of each 100 over many histories."""
    dice = np.random.default_rng(7)
    inside = total = 0
    for _ in range(60):
        index = pd.date_range("2026-01-01", periods=148, freq="D")
        level = np.exp(4 + 0.004 * np.arange(148) - 0.9 * (index.day_of_week >= 5) + dice.normal(0, 0.2, 148))
        counts = pd.Series(level, index=index)
        ahead = forecast(counts.iloc[:120])
        assert ahead is not None
        future = counts.iloc[120:]
        inside += int(((future >= ahead.low) & (future <= ahead.high)).sum())
        total += len(future)
    assert 0.92 < inside / total < 0.98


def test_four_weeks_are_the_least_to_learn_from() -> None:
    short = series(np.full(200, 10.0)).iloc[:27]
    assert forecast(short) is None


def test_a_planted_change_is_found_on_its_day() -> None:
    dice = np.random.default_rng(3)
    values = np.where(np.arange(200) < 120, 0.8, 1.2) + dice.normal(0, 0.05, 200)
    (found,) = edges(series(values))
    assert abs((found - DAYS[120]).days) <= 1


def test_a_level_is_the_sum_over_the_sum_of_its_days() -> None:
    """Not the mean of the days' own levels, in which a day of one take counts as much as one of a thousand."""
    wholes = series([1, 99] * 100)
    amounts = series([10 if day % 2 == 0 else 99 * (1 if day < 120 else 2) for day in range(200)])
    (found,) = changes([DAYS[120]], amounts, wholes, lambda before, after: True)
    assert found.before == pytest.approx((10 + 99) / 100)
    assert found.after == pytest.approx((10 + 198) / 100)


def test_days_around_a_change_that_does_not_matter_are_one_stretch() -> None:
    values = series([1.0] * 50 + [1.1] * 50 + [3.0] * 100)
    (found,) = changes([DAYS[50], DAYS[100]], values, series([1] * 200), lambda before, after: after - before > 0.5)
    assert (found.at, found.after) == (DAYS[100], 3.0)
    assert found.before == pytest.approx(1.05)


def test_the_trend_is_straight_to_both_ends() -> None:
    """On a log scale: a mean over a window that is cut off would bend there."""
    index = pd.date_range("2026-01-01", periods=120, freq="D")
    week = np.where(index.day_of_week >= 5, 0.3, 1.0)
    made = forecast(pd.Series(np.expm1(np.log(100 * week) + 0.01 * np.arange(120)), index=index))
    assert made is not None
    steps = np.diff(np.log1p(made.trend.to_numpy()))
    assert len(made.trend) == 120
    assert steps == pytest.approx(np.full(119, 0.01), abs=1e-6)
    mean = (5 * 100 + 2 * 30) / 7
    assert made.trend.iloc[0] == pytest.approx(mean, rel=0.02)


@pytest.mark.slow
def test_noise_alone_is_no_change() -> None:
    dice = np.random.default_rng(5)
    assert sum(bool(edges(series(dice.normal(1, 0.1, 200)))) for _ in range(20)) <= 1
