"""What a reader should notice, one sentence per observation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sidecar.answers import sums
from sidecar.report.data import Data
from sidecar.report.trend import Change, Forecast, changes, forecast
from sidecar.wording import Word, length

_MIN_DAY = 20  # takes; on a day with fewer, a share says little
_ENOUGH_DAYS = 30
"""Days from which the report can say everything it has to say: a forecast needs four whole weeks."""


@dataclass(frozen=True, kw_only=True)
class Observations:
    """What the days show."""

    forecast: Forecast | None
    by_model: Mapping[str, Sequence[Change]]
    """Changes of the real-time factor."""
    by_share: Mapping[str, Sequence[Change]]
    """Changes of the share of takes that went wrong, by FAULTS."""


def observe(data: Data) -> Observations:
    whole_days = data.days["takes"].iloc[1:-1]  # the first and the last may be incomplete
    return Observations(
        forecast=forecast(whole_days.astype(float)),
        by_model={name: changes(data.rtf[name]) for name in data.rtf.columns},
        by_share={name: _share_changes(data.days, name) for name in sums.FAULTS},
    )


def remarks(data: Data, observed: Observations, word: Word) -> list[str]:
    """The observations in words, those about load first."""
    sentences = []
    if len(data.days) < _ENOUGH_DAYS:
        sentences.append(word("remark_brief", days=len(data.days)))
    if len(data.days) >= sums.FEW_DAYS:
        busiest: Any = data.week.stack().idxmax()
        takes = data.week.loc[busiest[0], busiest[1]]
        sentences.append(word("remark_peak", day=word(f"day{busiest[0]}"), hour=busiest[1], takes=takes))
    if observed.forecast is not None:
        ahead = observed.forecast
        sentences.append(
            word(
                "remark_growth",
                growth=ahead.monthly_growth,
                expected=ahead.expected.sum(),
                low=ahead.low.mean(),
                high=ahead.high.mean(),
            )
        )
    for model, several in observed.by_model.items():
        for change in several:
            if abs(change.after - change.before) >= 0.1 * change.before:
                phrase = "remark_slower" if change.after > change.before else "remark_faster"
                sentences.append(word(phrase, model=model or word("unnamed_model"), **vars(change)))
    for name, several in observed.by_share.items():
        moved = [change for change in several if abs(change.after - change.before) >= 0.005]
        sentences += [word("remark_share", name=word(name), **vars(change)) for change in moved]
    return sentences + _costs(data, word)


def _costs(data: Data, word: Word) -> list[str]:
    sentences = []
    again = data.repeats
    if again.repeats:
        share = again.wasted_seconds / (data.totals["compute_seconds"] or 1)
        wasted = length(again.wasted_seconds, word)
        sentences.append(word("remark_repeats", repeats=again.repeats, share=share, wasted=wasted))
    tried = data.totals["failed"] + data.totals["succeeded"]
    overall = data.totals["failed"] / tried if tried else 0
    if not data.failing.empty:
        worst = data.failing.iloc[0]
        if worst["failures"] >= 5 and worst["failure_rate"] > 2 * overall:
            sentences.append(word("remark_voice", voice=worst["voice"], rate=worst["failure_rate"], overall=overall))
    return sentences


def _share_changes(days: pd.DataFrame, name: str) -> list[Change]:
    """Changes of a share, found on the arcsine of its square root: there, noise is the same at every level."""
    enough = days[days["takes"] >= _MIN_DAY]
    if enough.empty:
        return []
    angles = pd.Series(np.arcsin(np.sqrt((enough[name] / enough["takes"]).to_numpy(dtype=float))), index=enough.index)
    noise = float(np.sqrt((1 / (4 * enough["takes"])).mean()))  # of a binomial share on this scale
    return [
        Change(at=change.at, before=float(np.sin(change.before) ** 2), after=float(np.sin(change.after) ** 2))
        for change in changes(angles, noise)
    ]
