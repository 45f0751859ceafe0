"""Forecast and change points: what was planted is found, and noise is not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sidecar.report.trend import changes, forecast

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
    (found,) = changes(series(values))
    assert abs((found.at - DAYS[120]).days) <= 1
    assert found.before == pytest.approx(0.8, abs=0.03)
    assert found.after == pytest.approx(1.2, abs=0.03)


@pytest.mark.slow
def test_noise_alone_is_no_change() -> None:
    dice = np.random.default_rng(5)
    assert sum(bool(changes(series(dice.normal(1, 0.1, 200)))) for _ in range(20)) <= 1
