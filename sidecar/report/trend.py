"""What a series of days shows: where it is heading, and where it changed.

The forecast is ordinary least squares on the logarithm of the daily count, with a linear trend and one level for each
weekday; its interval is that regression's prediction interval. It says what to expect if the past continues, and is as
wide as the past was erratic. Change points come from the optimal partition into constant segments (PELT), with a
penalty per segment that pure noise hardly ever overcomes.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import ruptures  # type: ignore[import-untyped]
from scipy import stats  # type: ignore[import-untyped]

LEVEL = 0.95
_MIN_DAYS = 28
_MIN_STRETCH = 7
_PENALTY = 6.0  # times log(n), in units of the noise's variance


@dataclass(frozen=True, kw_only=True)
class Forecast:
    trend: pd.Series[float]
    """Where the level was on past days, the week taken out."""
    expected: pd.Series[float]
    """The days to come."""
    total: float
    """What they will come to together: the mean, where `expected` is each day's median."""
    low: pd.Series[float]
    high: pd.Series[float]
    """The prediction interval of LEVEL."""
    monthly_growth: float
    """Relative change of the level in 30 days; 0.1 is 10 % more."""


def forecast(counts: pd.Series[float], days: int = 28) -> Forecast | None:
    """
    Args:
        counts: one value per day, without gaps, whole days only.
        days: how far to look ahead.

    Returns:
        None where there are less than four weeks to fit.
    """
    if len(counts) < _MIN_DAYS:
        return None
    origin = counts.index[0]
    past = _design(counts.index, origin)
    target = np.log1p(counts.to_numpy(dtype=float))
    coefficients, *_ = np.linalg.lstsq(past, target, rcond=None)
    rank = int(np.linalg.matrix_rank(past))
    freedom = max(len(counts) - rank, 1)
    residual = target - past @ coefficients
    variance = float(residual @ residual) / freedom
    ahead = pd.date_range(counts.index[-1] + pd.Timedelta(days=1), periods=days, freq="D")
    future = _design(ahead, origin)
    inverse = np.linalg.pinv(past.T @ past)
    spread = np.sqrt(variance * (1 + np.einsum("ij,jk,ik->i", future, inverse, future)))
    quantile = float(stats.t.ppf((1 + LEVEL) / 2, freedom))
    middle = future @ coefficients
    level = np.log(np.exp(coefficients[1:][np.unique(pd.DatetimeIndex(counts.index).day_of_week)]).mean())
    growth = coefficients[0] * past[:, 0]
    smear = float(np.exp(residual).mean())  # Duan 1983: from the mean of logarithms to that of counts

    def series(values: Any, index: pd.DatetimeIndex) -> pd.Series[float]:
        return pd.Series(np.maximum(np.expm1(values), 0.0), index=index)

    return Forecast(
        trend=series(level + growth, pd.DatetimeIndex(counts.index)),
        expected=series(middle, ahead),
        total=float(np.maximum(np.exp(middle) * smear - 1, 0.0).sum()),
        low=series(middle - quantile * spread, ahead),
        high=series(middle + quantile * spread, ahead),
        monthly_growth=float(np.expm1(coefficients[0] * 30)),
    )


def _design(index: Any, origin: Any) -> Any:
    """The design matrix: days since the origin, then one column for each weekday."""
    dates = pd.DatetimeIndex(index)
    design = np.zeros((len(dates), 8))
    design[:, 0] = (dates - origin).days
    design[np.arange(len(dates)), 1 + dates.day_of_week] = 1
    return design


@dataclass(frozen=True, kw_only=True)
class Change:
    at: pd.Timestamp
    """The first day of the new level."""
    before: float
    after: float


def edges(values: pd.Series[float], noise: float | None = None) -> list[pd.Timestamp]:
    """The first days of new levels of a daily series, each of which lasts a week at least.

    Args:
        noise: the standard deviation of daily values around their level, where it is known.
    """
    known = values.dropna()
    if len(known) < 2 * _MIN_STRETCH:
        return []
    signal = known.to_numpy(dtype=float)
    if noise is None:
        # From the differences between neighbours: a change of level affects only one of them.
        noise = float(np.median(np.abs(np.diff(signal)))) / (0.6745 * np.sqrt(2))
        noise = noise or float(np.std(np.diff(signal))) / np.sqrt(2) or 1e-9
    penalty = _PENALTY * np.log(len(signal)) * noise**2
    # By a linear kernel the cost of a segment is the sum of squares around its mean, as with Pelt(model="l2"): the same
    # partition, found by code in C.
    search = ruptures.KernelCPD(kernel="linear", min_size=_MIN_STRETCH)
    *inner, _ = search.fit(signal - signal.mean()).predict(pen=penalty)
    return [known.index[place] for place in inner]


def changes(
    at: Sequence[pd.Timestamp],
    amounts: pd.Series[float],
    wholes: pd.Series[float],
    matters: Callable[[float, float], bool],
) -> list[Change]:
    """What each change of level came to: the amount over the whole of all days between it and its neighbours.

    Args:
        at: first days of new levels, in order.
        amounts: of each day.
        wholes: of the same days; a level is the sum of the amounts over that of the wholes.
        matters: of the levels before and after, whether a reader should hear of it. A change that does not matter is
            none: the days before and after it are then one stretch.
    """
    kept = list(at)
    while True:
        bounds = [amounts.index[0], *kept, amounts.index[-1] + pd.Timedelta(days=1)]
        levels = [_level(amounts, wholes, left, right) for left, right in itertools.pairwise(bounds)]
        found = [
            Change(at=day, before=before, after=after)
            for day, (before, after) in zip(kept, itertools.pairwise(levels), strict=True)
        ]
        small = [change for change in found if not matters(change.before, change.after)]
        if not small:
            return found
        kept.remove(min(small, key=lambda change: abs(change.after - change.before)).at)


def _level(amounts: pd.Series[float], wholes: pd.Series[float], left: pd.Timestamp, right: pd.Timestamp) -> float:
    inside = (amounts.index >= left) & (amounts.index < right)
    whole = float(wholes[inside].sum())
    return float(amounts[inside].sum()) / whole if whole else 0.0
