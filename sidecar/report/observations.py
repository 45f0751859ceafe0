"""What a reader should notice, one sentence per observation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

import numpy as np
import pandas as pd

from sidecar.answers import sums
from sidecar.answers.telling import sentence
from sidecar.report.comparison import Comparison
from sidecar.report.data import Data
from sidecar.report.trend import Change, Forecast, changes, edges, forecast
from sidecar.wording import Word, length
from sidecar.wording.moments import minute

_MIN_DAY = 20  # takes; on a day with fewer, a share says little
_SATURDAY = 5
_MOST_CHANGES = 12  # of how takes sound, the latest first
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
        by_model={
            name: changes(edges(data.rtf[name]), data.computing[name], data.audio[name], _much_slower_or_faster)
            for name in data.rtf.columns
        },
        by_share={name: _share_changes(data.days, name) for name in sums.FAULTS},
    )


def _much_slower_or_faster(before: float, after: float) -> bool:
    return abs(after - before) >= 0.1 * before


def _many_more_or_fewer(before: float, after: float) -> bool:
    return abs(after - before) >= 0.005


def remarks(data: Data, observed: Observations, zone: tzinfo, word: Word) -> list[str]:
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
        # From the lowest bound to the highest: of every such day, 95 in 100 will lie between.
        weekend = pd.DatetimeIndex(ahead.low.index).day_of_week >= _SATURDAY
        sentences.append(
            word(
                "remark_growth",
                growth=ahead.monthly_growth,
                expected=ahead.total,
                low=ahead.low[~weekend].min(),
                high=ahead.high[~weekend].max(),
                weekend_low=ahead.low[weekend].min(),
                weekend_high=ahead.high[weekend].max(),
            )
        )
    for model, several in observed.by_model.items():
        for change in several:
            phrase = "remark_slower" if change.after > change.before else "remark_faster"
            sentences.append(word(phrase, model=model or word("unnamed_model"), **vars(change)))
    for name, several in observed.by_share.items():
        sentences += [word("remark_share", name=word(name), **vars(change)) for change in several]
    sentences += [sentence(group, change, word) for group, change in data.drift.changed[:_MOST_CHANGES]]
    return sentences + _compared(data.compared, zone, word) + _costs(data, word)


def _compared(compared: Comparison | None, zone: tzinfo, word: Word) -> list[str]:
    if compared is None:
        return []
    now, before = compared.now, compared.before
    sentences = [
        word(
            "remark_compared",
            since=minute(now.wanted.since, zone) if now.wanted.since else "",
            until=minute(now.wanted.until, zone) if now.wanted.until else "",
            takes=now.takes,
            takes_before=before.takes,
            change=now.takes / before.takes - 1,
            audio=length(now.audio_seconds, word),
            audio_before=length(before.audio_seconds, word),
            failed=now.failure_rate,
            failed_before=before.failure_rate,
        )
    ]
    if now.rtf is not None and before.rtf is not None:
        sentences.append(word("remark_compared_rtf", rtf=now.rtf, rtf_before=before.rtf))
    return sentences


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
    return changes(edges(angles, noise), days[name], days["takes"], _many_more_or_fewer)
