"""Every sentence of the report, recomputed from the raw records by nothing but arithmetic."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from datetime import date, datetime, timedelta, timezone
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from sidecar.answers.filters import Filter
from sidecar.report import build
from sidecar.storage.dsn import parse_dsn
from sidecar.wording import languages
from tests.answers.conftest import connect
from tests.answers.generate import BEGIN, END, Studio
from tests.answers.load import load
from tests.servers import sqlite_url

ZONE = ZoneInfo("Asia/Shanghai")
AHEAD = 28
Document = dict[str, Any]


@pytest.fixture(scope="module")
def everything() -> list[Document]:
    return list(Studio(12_000).events())


@pytest.fixture(scope="module")
def url(everything: list[Document], tmp_path_factory: pytest.TempPathFactory) -> str:
    made = sqlite_url(Path(tmp_path_factory.mktemp("report")) / "studio.db")
    load(parse_dsn(made), everything)
    return made


@cache
def told(
    url: str, language: str, until: datetime | None = None, since: datetime | None = None
) -> dict[str, list[dict[str, str]]]:
    """The report's sentences: the values in the gaps of each, by the name of the sentence."""
    with closing(connect(url)) as database:
        sentences = build(database, Filter(since=since, until=until), zone=ZONE, language=language).remarks
    found: dict[str, list[dict[str, str]]] = defaultdict(list)
    templates = {name: text for name, text in languages()[language].words.items() if name.startswith("remark_")}
    for sentence in sentences:
        fitting = {
            name: match.groupdict() for name, text in templates.items() if (match := _pattern(text).fullmatch(sentence))
        }
        assert len(fitting) == 1, sentence
        for name, values in fitting.items():
            found[name].append(values)
    return found


def _pattern(template: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)(?::[^}]*)?\}", template)
    return re.compile("".join(f"(?P<{part}>.+?)" if index % 2 else re.escape(part) for index, part in enumerate(parts)))


def number(text: str) -> float:
    """As it was rounded."""
    plain = text.replace(",", "")
    return float(plain.rstrip("%")) / 100 if plain.endswith("%") else float(plain)


def syntheses(documents: list[Document]) -> Iterator[tuple[date, datetime, Document, str]]:
    for item in documents:
        kind = item["type"].removeprefix("indextts.synthesis.")
        if kind in ("succeeded", "failed", "interrupted"):
            at = datetime.fromisoformat(item["time"]).astimezone(ZONE)
            yield at.date(), at, item["data"], kind


def every_day(days: Any) -> list[date]:
    first, last = min(days), max(days)
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_busiest_hour(url: str, everything: list[Document], language: str) -> None:
    takes: dict[tuple[int, int], int] = defaultdict(int)
    days = set()
    for day, at, _, _ in syntheses(everything):
        takes[at.weekday(), at.hour] += 1
        days.add(day)
    weekdays = [day.weekday() for day in every_day(days)]
    mean = {cell: count / weekdays.count(cell[0]) for cell, count in takes.items()}
    weekday, hour = max(mean, key=lambda cell: mean[cell])
    (said,) = told(url, language)["remark_peak"]
    assert said["day"] == languages()[language].words[f"day{weekday}"]
    assert int(said["hour"]) == hour
    assert number(said["takes"]) == pytest.approx(mean[weekday, hour], abs=0.05)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_growth_and_what_to_expect(url: str, everything: list[Document], language: str) -> None:
    counts: dict[date, int] = defaultdict(int)
    for day, *_ in syntheses(everything):
        counts[day] += 1
    days = every_day(counts)[1:-1]
    rows = np.array([[number, *(day.weekday() == each for each in range(7))] for number, day in enumerate(days)], float)
    logs = np.log([counts[day] + 1 for day in days])
    found = np.linalg.solve(rows.T @ rows, rows.T @ logs)
    rest = logs - rows @ found
    error = math.sqrt(rest @ rest / (len(days) - 8))
    future = [days[-1] + timedelta(days=number + 1) for number in range(AHEAD)]
    bounds: dict[bool, list[float]] = defaultdict(list)
    total = 0.0
    for day in future:
        row = np.array([(day - days[0]).days, *(day.weekday() == each for each in range(7))], float)
        middle = float(row @ found)
        half = 1.967 * error * math.sqrt(1 + row @ np.linalg.inv(rows.T @ rows) @ row)  # t, 97.5 %, 350 degrees
        bounds[day.weekday() >= 5] += [math.exp(middle - half) - 1, math.exp(middle + half) - 1]
        total += math.exp(middle) * float(np.exp(rest).mean()) - 1
    (said,) = told(url, language)["remark_growth"]
    assert number(said["growth"]) == pytest.approx(math.exp(30 * found[0]) - 1, abs=0.0051)
    assert number(said["expected"]) == pytest.approx(total, abs=0.51)
    assert number(said["low"]) == pytest.approx(min(bounds[False]), abs=0.6)
    assert number(said["high"]) == pytest.approx(max(bounds[False]), abs=0.6)
    assert number(said["weekend_low"]) == pytest.approx(min(bounds[True]), abs=0.6)
    assert number(said["weekend_high"]) == pytest.approx(max(bounds[True]), abs=0.6)


@pytest.mark.parametrize("weeks_ago", [4, 15])
def test_what_was_expected_came(url: str, everything: list[Document], weeks_ago: int) -> None:
    """A report as it would have been, and the four weeks that followed: 19 days of 20 lie within what it said."""
    until = datetime.combine(END.date(), datetime.min.time(), ZONE) - timedelta(weeks=weeks_ago)
    (said,) = told(url, "en", until.astimezone(timezone.utc))["remark_growth"]
    came: dict[date, int] = defaultdict(int)
    for day, *_ in syntheses(everything):
        came[day] += 1
    # The last day before `until` may be incomplete, so that it is the first of those foretold.
    future = [until.date() + timedelta(days=number - 1) for number in range(AHEAD)]
    within = [
        number(said["weekend_low" if day.weekday() >= 5 else "low"])
        <= came[day]
        <= number(said["weekend_high" if day.weekday() >= 5 else "high"])
        for day in future
    ]
    assert sum(within) >= 0.9 * AHEAD
    assert number(said["expected"]) == pytest.approx(sum(came[day] for day in future), rel=0.15)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_slower_and_faster_models(url: str, everything: list[Document], language: str) -> None:
    found = told(url, language)
    spoken = [(said, +1) for said in found["remark_slower"]] + [(said, -1) for said in found["remark_faster"]]
    assert spoken
    for said, sign in spoken:
        same = sorted(other["at"] for other, _ in spoken if other["model"] == said["model"])
        before = stretch(same, said["at"], before=True)
        after = stretch(same, said["at"], before=False)
        was, since = (rtf(everything, said["model"], *days) for days in (before, after))
        assert number(said["before"]) == pytest.approx(was, abs=0.0051)
        assert number(said["after"]) == pytest.approx(since, abs=0.0051)
        assert math.copysign(1, since - was) == sign


def stretch(changes: list[str], at: str, *, before: bool) -> tuple[date, date]:
    """From one change to the next: first day, and the day after the last."""
    bounds = [BEGIN.date() - timedelta(days=1), *map(date.fromisoformat, changes), END.date() + timedelta(days=2)]
    place = bounds.index(date.fromisoformat(at))
    return (bounds[place - 1], bounds[place]) if before else (bounds[place], bounds[place + 1])


def rtf(documents: list[Document], model: str, first: date, end: date) -> float:
    audio = computing = 0.0
    for day, _, data, kind in syntheses(documents):
        if kind == "succeeded" and data["model"]["version"] == model and first <= day < end:
            audio += data["audio"]["duration"]
            computing += data["timing"]["wall"]
    return computing / audio


def test_the_share_of_a_fault(tmp_path: Path) -> None:
    """The studio has none that changes, so one is planted: from day 200 on, one in eight fails."""
    documents = [item for item in Studio(9000).events() if item["type"] == "indextts.synthesis.succeeded"]
    turn = BEGIN + timedelta(days=200)
    for index, item in enumerate(documents):
        if datetime.fromisoformat(item["time"]) >= turn and index % 8 == 0:
            item["type"] = "indextts.synthesis.failed"
            item["data"] |= {"error": {"type": "E", "message": "m", "traceback": None}, "audio": None}
    url = sqlite_url(tmp_path / "faults.db")
    load(parse_dsn(url), documents)
    (said,) = [each for each in told(url, "en")["remark_share"] if each["name"] == "failed"]
    at = date.fromisoformat(said["at"])
    assert abs((at - turn.date()).days) <= 3
    for name in ("before", "after"):
        kinds = [kind for day, _, _, kind in syntheses(documents) if (day < at) == (name == "before")]
        assert number(said[name]) == pytest.approx(kinds.count("failed") / len(kinds), abs=0.00051)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_repeats_cost(url: str, everything: list[Document], language: str) -> None:
    by_request: dict[str, list[tuple[str, float]]] = defaultdict(list)
    computing = 0.0
    for item in everything:
        wall = (item["data"].get("timing") or {}).get("wall") or 0.0
        computing += wall
        if item["type"] == "indextts.synthesis.succeeded":
            by_request[item["data"]["request_hash"]].append((item["id"], wall))
    wasted = sum(wall for takes in by_request.values() for _, wall in sorted(takes)[1:])
    (said,) = told(url, language)["remark_repeats"]
    assert number(said["repeats"]) == sum(len(takes) - 1 for takes in by_request.values())
    assert number(said["share"]) == pytest.approx(wasted / computing, abs=0.0051)
    hours, minutes = divmod(round(wasted) // 60, 60)
    assert re.findall(r"\d+", said["wasted"]) == [str(hours), f"{minutes:02}"]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_last_four_weeks_beside_the_four_before(url: str, everything: list[Document], language: str) -> None:
    day_after = max(day for day, *_ in syntheses(everything)) + timedelta(days=1)
    moments = [datetime.combine(day_after - timedelta(days=back), datetime.min.time(), ZONE) for back in (56, 28, 0)]
    check_compared(told(url, language), everything, *moments)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_was_asked_for_beside_as_long_before(url: str, everything: list[Document], language: str) -> None:
    """From inside a day to inside another."""
    begin, end = (datetime(2026, month, 17, 9, 30, tzinfo=timezone.utc) for month in (9, 11))
    found = told(url, language, end, begin)
    check_compared(found, everything, begin - (end - begin), begin, end)


def test_a_short_time_is_compared_with_nothing(url: str) -> None:
    assert "remark_compared" not in told(url, "en", BEGIN + timedelta(days=50))


def test_a_time_before_which_there_was_nothing_is_compared_with_nothing(url: str) -> None:
    assert "remark_compared" not in told(url, "en", BEGIN + timedelta(days=100), BEGIN - timedelta(days=10))


def check_compared(
    found: dict[str, list[dict[str, str]]], documents: list[Document], begin: datetime, middle: datetime, end: datetime
) -> None:
    sums = [[0, 0, 0.0, 0.0] for _ in range(2)]  # takes, failures, seconds of audio, of computing
    for _, at, data, kind in syntheses(documents):
        if begin <= at < end:
            into = sums[at >= middle]
            into[0] += 1
            into[1] += kind != "succeeded"
            if kind == "succeeded":
                into[2] += data["audio"]["duration"]
                into[3] += data["timing"]["wall"]
    before, now = sums
    (said,) = found["remark_compared"]
    assert (said["since"], said["until"]) == tuple(f"{each.astimezone(ZONE):%Y-%m-%d %H:%M}" for each in (middle, end))
    assert (number(said["takes"]), number(said["takes_before"])) == (now[0], before[0])
    assert number(said["change"].lstrip("+")) == pytest.approx(now[0] / before[0] - 1, abs=0.0051)
    for name, side in (("failed", now), ("failed_before", before)):
        assert number(said[name]) == pytest.approx(side[1] / side[0], abs=0.00051)
    for name, side in (("audio", now), ("audio_before", before)):
        hours, minutes = divmod(round(side[2]) // 60, 60)
        assert re.findall(r"\d+", said[name]) == [str(hours), f"{minutes:02}"]
    (said,) = found["remark_compared_rtf"]
    for name, side in (("rtf", now), ("rtf_before", before)):
        assert number(said[name]) == pytest.approx(side[3] / side[2], abs=0.0051)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_voice_that_fails(tmp_path: Path, language: str) -> None:
    """The studio's own fails too rarely for a small one, so another is planted."""
    documents = [item for item in Studio(1500).events() if item["type"] == "indextts.synthesis.succeeded"]
    for index, item in enumerate(documents):
        if item["data"]["voice"]["path"] == "voices/narrator_03.wav" and index % 4 == 0:
            item["type"] = "indextts.synthesis.failed"
            item["data"] |= {"error": {"type": "E", "message": "m", "traceback": None}, "audio": None}
    url = sqlite_url(tmp_path / "voices.db")
    load(parse_dsn(url), documents)
    tries: dict[str, list[bool]] = defaultdict(list)
    for _, _, data, kind in syntheses(documents):
        tries[data["voice"]["path"]].append(kind != "succeeded")
    every = [failed for several in tries.values() for failed in several]
    (said,) = told(url, language)["remark_voice"]
    mine = tries[said["voice"]]
    assert said["voice"] == "voices/narrator_03.wav"
    assert number(said["rate"]) == pytest.approx(sum(mine) / len(mine), abs=0.00051)
    assert number(said["overall"]) == pytest.approx(sum(every) / len(every), abs=0.00051)


def test_a_short_time_says_how_short(tmp_path: Path) -> None:
    documents = [item for item in Studio(4000).events() if item["time"] >= "2026-11-18"]
    url = sqlite_url(tmp_path / "short.db")
    load(parse_dsn(url), documents)
    (said,) = told(url, "en")["remark_brief"]
    assert int(said["days"]) == len(every_day({day for day, *_ in syntheses(documents)}))


def test_no_sentence_is_left_unchecked() -> None:
    """A new one wants a test here: each says which it recomputes."""
    text = Path(__file__).read_text(encoding="utf-8")
    said = [name for name in languages()["en"].words if name.startswith("remark_")]
    assert [name for name in said if f'"{name}"' not in text] == []
