"""The pages that count: charts, and repeated requests."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from sidecar.answers import questions, sums
from sidecar.answers.filters import Filter, parse
from sidecar.web import charts
from sidecar.web.rendering import language_of, render
from sidecar.web.state import State, state
from sidecar.wording import Word, translator

_PERIODS = ("7d", "30d", "90d", "365d", "")
_MANY_DAYS = 120


def counts(request: Request) -> Response:
    """The charts."""
    given = {name: request.query_params.get(name, "") for name in ("since", "user", "model")}
    if "since" not in request.query_params:
        given["since"] = "30d"
    word = translator(language_of(request))
    values = _counted(state(request), given, word)
    return render(request, "charts.html", given=given, periods=_PERIODS, **values)


def repeats(request: Request) -> Response:
    shared = state(request)
    given = {"since": request.query_params.get("since", "")}
    made_again = shared.remembered(questions.repeats, _coarse(parse(given, zone=shared.zone)))
    return render(request, "repeats.html", made_again=made_again, given=given, periods=_PERIODS)


def _coarse(wanted: Filter) -> Filter:
    """From a whole minute on, so that a reload within the minute gets the answer that is remembered."""
    return wanted if wanted.since is None else replace(wanted, since=wanted.since.replace(second=0, microsecond=0))


def _counted(shared: State, given: dict[str, str], word: Word) -> dict[str, Any]:
    wanted = _coarse(parse(given, zone=shared.zone))
    usage = shared.remembered(questions.usage, wanted)
    activity = shared.remembered(questions.activity, wanted)
    emotions = sums.emotions(usage)
    whole = sum(row["takes"] for row in emotions)
    return {
        "totals": sums.totals(usage),
        "made_again": shared.remembered(questions.repeats, wanted),
        "users": sums.users(usage)[:12],
        "voices": shared.remembered(questions.voices, wanted)[:12],
        "errors": shared.remembered(questions.errors, wanted)[:8],
        "choices": shared.choices(),
        "pictures": {
            **_over_time(activity, shared, word),
            "emotions": charts.bars(
                [
                    (word("emotion_" + row["emotion"]), row["takes"], f"{row['takes']:,} · {row['takes'] / whole:.1%}")
                    for row in emotions[:10]
                ],
                word("emotions"),
            ),
        },
    }


def _over_time(activity: sums.Counts, shared: State, word: Word) -> dict[str, Markup]:
    """Load, the week, speed and quality, each by the name of its heading: by hour and in sums over a few days, by day
    over more, by week over many.
    """
    if not activity:
        return {}
    days = sums.by_day(activity, shared.zone)
    span = (days[-1]["day"] - days[0]["day"]).days + 1
    if span < sums.FEW_DAYS:
        hours = {row["at"]: float(row["takes"]) for row in sums.by_hour(activity, shared.zone)}
        return {
            "load_hour": charts.columns(hours, word("load_hour"), step=timedelta(hours=1)),
            "rtf_by_model": _speeds(activity, word),
            "quality": _shares(activity, word),
        }
    weeks = span > _MANY_DAYS
    if weeks:
        days = sums.by_day(activity, shared.zone, weeks=True)
    load = "load_week" if weeks else "load_day"
    weekdays = [word(f"day{number}") for number in range(7)]
    takes = {datetime.combine(row["day"], time.min): float(row["takes"]) for row in days}
    return {
        load: charts.columns(takes, word(load), step=timedelta(days=7 if weeks else 1)),
        "week": charts.week(sums.by_weekday(activity, shared.zone), weekdays, word("week")),
        "rtf_by_model": charts.lines(
            _rates(sums.by_day(activity, shared.zone, models=True, weeks=weeks), word), word("rtf_by_model"), decimals=2
        ),
        "quality": charts.lines(
            {word(name): {row["day"]: row[name] / row["takes"] for row in days} for name in sums.FAULTS},
            word("quality"),
            percent=True,
        ),
    }


def _speeds(activity: sums.Counts, word: Word) -> Markup:
    """The real-time factor of each model over all of its audio."""
    rates = [(row["model_version"], sums.rtf(row)) for row in sums.by_model(activity)]
    bars = [(model or word("unnamed_model"), rate, f"{rate:.2f}") for model, rate in rates if rate is not None]
    return charts.bars(bars, word("rtf_by_model"))


def _shares(activity: sums.Counts, word: Word) -> Markup:
    """The share of takes with each fault."""
    whole = sum(row["takes"] for row in activity)
    faults = {name: sum(row[name] for row in activity) for name in sums.FAULTS}
    return charts.bars(
        [(word(name), count / whole, f"{count:,} / {whole:,} · {count / whole:.1%}") for name, count in faults.items()],
        word("quality"),
    )


def _rates(rows: sums.Counts, word: Word) -> dict[str, dict[date, float]]:
    """The real-time factor by day, one series for each model."""
    by_model: dict[str, dict[date, float]] = defaultdict(dict)
    for row in rows:
        if (rate := sums.rtf(row)) is not None:
            by_model[row["model_version"] or word("unnamed_model")][row["day"]] = rate
    return by_model
