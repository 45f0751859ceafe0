"""The pages that count: charts, and repeated requests."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from sidecar import palette
from sidecar.answers import questions, sums
from sidecar.answers.filters import Filter, parse
from sidecar.web import charts
from sidecar.web.pictures import Picture, bars, lines
from sidecar.web.rendering import language_of, render
from sidecar.web.sounding import sounding
from sidecar.web.state import State, state
from sidecar.wording import Word, translator

_PERIODS = ("7d", "30d", "90d", "365d", "")
_MANY_DAYS = 120
_LINES = 12  # of a table


def counts(request: Request) -> Response:
    """The charts."""
    given = {name: request.query_params.get(name, "") for name in ("since", "user", "model")}
    if "since" not in request.query_params:
        given["since"] = "30d"
    word = translator(language_of(request))
    shared = state(request)
    values = _counted(shared, given, word)
    heard = shared.drift(_coarse(parse(given, zone=shared.zone)))
    return render(request, "charts.html", given=given, periods=_PERIODS, sounding=sounding(heard, word), **values)


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
    # The worst by what is certain of their rates (questions.voices); these in the order of the rates that are shown.
    ranked = shared.remembered(questions.voices, wanted)
    voices = sorted(ranked[:_LINES], key=lambda row: -row["failure_rate"])
    users = sums.users(usage)
    return {
        "totals": sums.totals(usage),
        "made_again": shared.remembered(questions.repeats, wanted),
        "users": users[:_LINES],
        "all_users": len(users),
        "voices": voices,
        "all_voices": len(ranked),
        "errors": shared.remembered(questions.errors, wanted)[:8],
        "choices": shared.choices.get().values,
        "pictures": {**_over_time(activity, wanted, shared, word), "emotions": _emotions(sums.emotions(usage), word)},
    }


def _emotions(rows: sums.Counts, word: Word) -> Picture:
    whole = sum(row["takes"] for row in rows)
    picture = bars(
        [
            charts.Bar(
                name=word("emotion_" + row["emotion"]),
                colour=palette.emotion(row["emotion"]),
                value=row["takes"],
                text=f"{row['takes']:,} · {row['takes'] / whole:.1%}",
            )
            for row in rows[:10]
        ],
        word("emotion"),
        "emotions",
        "takes",
        word,
    )
    return replace(picture, hints=[word("emotions_hint")])


def _over_time(activity: sums.Counts, wanted: Filter, shared: State, word: Word) -> dict[str, Picture]:
    """Load, the week, speed and quality, each by the name of its heading: by hour and in sums over a few days, by day
    over more, by week over many.
    """
    if not activity:
        return {}
    zone = shared.zone
    days = sums.by_day(activity, zone)
    span = (days[-1]["day"] - days[0]["day"]).days + 1
    if span < sums.FEW_DAYS:
        hours = {row["at"]: float(row["takes"]) for row in sums.by_hour(activity, zone)}
        return {
            "load_hour": Picture(
                svg=charts.columns(hours, word("load_hour"), step=timedelta(hours=1)),
                head=[word("hour"), word("takes")],
                rows=[[f"{at:%Y-%m-%d %H:00}", f"{value:,.0f}"] for at, value in hours.items()],
            ),
            "rtf_by_model": replace(_speeds(activity, word), hints=[word("rtf_hint")]),
            "quality": _shares(activity, word),
        }
    weeks = span > _MANY_DAYS
    if weeks:
        days = sums.by_day(activity, zone, weeks=True)
    rates = _rates(sums.by_day(activity, zone, models=True, weeks=weeks), word)
    faults = [
        charts.Series(name=word(name), colour=name, points={row["day"]: row[name] / row["takes"] for row in days})
        for name in sums.FAULTS
    ]
    return {
        "load_week" if weeks else "load_day": _load(activity, days, wanted, shared, word, weeks=weeks),
        "week": _week(sums.by_weekday(activity, zone), word),
        "rtf_by_model": replace(lines(rates, "rtf_by_model", word, decimals=2), hints=[word("rtf_hint")]),
        "quality": lines(faults, "quality", word, percent=True),
    }


def _load(
    activity: sums.Counts, days: sums.Counts, wanted: Filter, shared: State, word: Word, *, weeks: bool
) -> Picture:
    step = timedelta(days=7 if weeks else 1)
    takes = {datetime.combine(row["day"], time.min): float(row["takes"]) for row in days}
    begin, end = sums.counted_between(wanted.since, wanted.until, activity, shared.zone)
    partial = sums.incomplete(takes, step, begin, end)
    mark = word("incomplete")
    return Picture(
        svg=charts.columns(
            takes, word("load_week" if weeks else "load_day"), step=step, incomplete=partial, incomplete_word=mark
        ),
        head=[word("week_of") if weeks else word("day"), word("takes")],
        rows=[[f"{at:%Y-%m-%d}" + ("*" if at in partial else ""), f"{value:,.0f}"] for at, value in takes.items()],
        hints=[word("incomplete_hint")] if partial else [],
    )


def _week(rows: sums.Counts, word: Word) -> Picture:
    names = [word(f"day{number}") for number in range(7)]
    return Picture(
        svg=charts.week(rows, names, word("week")),
        head=[word("hour"), word("takes")],
        rows=[[f"{names[row['weekday']]} {row['hour']:02}:00", f"{row['takes']:,}"] for row in rows],
    )


def _speeds(activity: sums.Counts, word: Word) -> Picture:
    """The real-time factor of each model over all of its audio."""
    rates = [(row["model_version"], sums.rtf(row)) for row in sums.by_model(activity)]
    made = [
        charts.Bar(name=model or word("unnamed_model"), colour=palette.model(model), value=rate, text=f"{rate:.2f}")
        for model, rate in rates
        if rate is not None
    ]
    return bars(made, word("model"), "rtf_by_model", "rtf", word)


def _shares(activity: sums.Counts, word: Word) -> Picture:
    """The share of takes with each fault."""
    whole = sum(row["takes"] for row in activity)
    faults = {name: sum(row[name] for row in activity) for name in sums.FAULTS}
    made = [
        charts.Bar(
            name=word(name), colour=name, value=count / whole, text=f"{count:,} / {whole:,} · {count / whole:.1%}"
        )
        for name, count in faults.items()
    ]
    return bars(made, word("outcome"), "quality", "takes", word)


def _rates(rows: sums.Counts, word: Word) -> list[charts.Series]:
    """The real-time factor by day, one series for each model."""
    by_model: dict[str, dict[date, float]] = defaultdict(dict)
    for row in rows:
        if (rate := sums.rtf(row)) is not None:
            by_model[row["model_version"]][row["day"]] = rate
    return [
        charts.Series(name=model or word("unnamed_model"), colour=palette.model(model), points=points)
        for model, points in sorted(by_model.items())
    ]
