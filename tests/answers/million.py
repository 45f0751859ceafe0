"""Every question over a large studio: how long each takes, and that command, API and view give one answer.

    python -m tests.answers.million KIND [COUNT]

KIND is sqlite, mariadb or mysql; COUNT is 1,000,000 unless given. Times are medians of five, in milliseconds; the text
searches are those of whoever scrolls through a list: the newest hundred.
"""

from __future__ import annotations

import contextlib
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from sidecar.answers import questions
from sidecar.answers.filters import Filter, parse
from sidecar.answers.search import find
from sidecar.answers.values import as_time, plain
from sidecar.cli.main import sidecar
from sidecar.database import Database
from sidecar.dsn import parse_dsn
from tests.answers.conftest import connect
from tests.answers.generate import END, Studio
from tests.answers.load import load
from tests.servers import MariaDB, MySQL, sqlite_url

SEARCHES = {
    "a frequent word": {"text": "欢迎"},
    "a rare word": {"text": "第4711号，请您留意"},
    "a rare English word": {"text": '"quiet harbour, number 4711"'},
    "no such word": {"text": "不存在的词语"},
    "two words": {"text": "青铜器 第77号"},
    "a word with filters": {"text": "欢迎", "emotion": "sad", "user": "播客"},
    "a user": {"user": "lab"},
    "an emotion": {"emotion": "disgusted"},
    "failures": {"status": "failed"},
    "problems": {"status": "problems"},
    "a rating": {"rating": "5"},
    "nothing asked": {},
}


@contextlib.contextmanager
def database_url(kind: str) -> Iterator[str]:
    if kind == "sqlite":
        with tempfile.TemporaryDirectory(prefix="million-") as folder:
            yield sqlite_url(Path(folder) / "sidecar.db")
        return
    log = "innodb-log-file-size" if kind == "mariadb" else "innodb-redo-log-capacity"
    options: dict[str, str | int | bool | Path] = {
        "innodb-buffer-pool-size": "1G",
        "innodb-flush-log-at-trx-commit": 2,
        log: "1G",
    }
    with (MariaDB if kind == "mariadb" else MySQL)(options) as server:
        print(server.version)
        yield server.url(server.create_database())


def median(ask: Callable[[], Any], times: int = 5) -> tuple[float, Any]:
    taken, answer = [], None
    for _ in range(times):
        began = time.perf_counter()
        answer = ask()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken) * 1000, answer


def searches(database: Database) -> dict[str, tuple[float, list[str]]]:
    found = {}
    for name, values in SEARCHES.items():
        wanted = parse(values)
        took, page = median(lambda wanted=wanted: find(database, wanted, limit=100))  # type: ignore[misc]
        found[name] = (took, [record["event_id"] for record in page.records])
    return found


def texts_by_like(database: Database) -> dict[str, tuple[float, int]]:
    """All hits of a text, counted: with LIKE alone, the way to compare with."""
    found = {}
    for name in ("a rare word", "a rare English word", "no such word", "two words"):
        conditions, parameters = parse(SEARCHES[name]).where()
        sql = f"SELECT COUNT(*) FROM tts_records WHERE {' AND '.join(conditions)}"
        took, rows = median(lambda sql=sql, parameters=parameters: database.query(sql, parameters), 3)  # type: ignore[misc]
        found[name] = (took, rows[0][0])
    return found


def compare_views(database: Database) -> None:
    """The answers of the commands and of the views, side by side."""

    def rows(sql: str) -> list[tuple[Any, ...]]:
        return [tuple(map(plain, row)) for row in database.query(sql)]

    everything = Filter()
    emotions = rows("SELECT emotion, SUM(takes) FROM tts_emotion_usage GROUP BY emotion")
    assert {row["emotion"]: row["takes"] for row in questions.emotions(database, everything)} == dict(emotions)
    total = questions.repeats(database, everything)
    view = rows("SELECT COUNT(*), SUM(takes - 1), SUM(wasted_seconds) FROM tts_duplicates")[0]
    assert (total["requests"], total["repeats"]) == view[:2]
    assert abs(total["wasted_seconds"] - view[2]) < 1e-3 * max(1, view[2])
    hours: dict[Any, int] = {}
    for row in questions.activity(database, everything):
        hours[row["hour_start"]] = hours.get(row["hour_start"], 0) + row["takes"]
    load_view = {
        as_time(start): takes
        for start, takes in rows("SELECT hour_start, SUM(takes) FROM tts_load GROUP BY hour_start")
    }
    assert hours == load_view
    voices = {row["voice"]: (row["attempts"], row["failures"]) for row in questions.voices(database, everything)}
    assert voices == {row[0]: row[1:] for row in rows("SELECT voice, attempts, failures FROM tts_voice_failures")}
    quality = rows("SELECT SUM(takes), SUM(failed + interrupted), SUM(saturated) FROM tts_quality")[0]
    summed = [
        sum(row[name] for row in questions.activity(database, everything)) for name in ("takes", "failed", "saturated")
    ]
    assert tuple(summed) == quality
    print("commands and views agree")


def main(kind: str, count: int) -> None:
    with database_url(kind) as url:
        began = time.perf_counter()
        events = load(parse_dsn(url), Studio(count, end=END).events())
        print(f"{kind}: {events:,} events of {count:,} syntheses in {time.perf_counter() - began:.0f} s", flush=True)
        database = connect(url)
        bare, liked = searches(database), texts_by_like(database)
        began = time.perf_counter()
        print(CliRunner().invoke(sidecar, ["index", "--create"], env={"SIDECAR_DATABASE_URL": url}).output.strip())
        print(f"optional indexes in {time.perf_counter() - began:.0f} s", flush=True)
        indexed = searches(database)
        print(f"\n{'the newest 100':<24}{'without ms':>12}{'with ms':>12}{'records':>9}")
        for name, (took, ids) in bare.items():
            assert indexed[name][1] == ids, name
            print(f"{name:<24}{took:>12,.1f}{indexed[name][0]:>12,.1f}{len(ids):>9}")
        print(f"\n{'all hits by LIKE':<24}{'ms':>12}{'hits':>9}{'ratio to find, with':>22}")
        for name, (took, hits) in liked.items():
            print(f"{name:<24}{took:>12,.1f}{hits:>9}{took / indexed[name][0]:>22,.1f}")
        print(f"\n{'counting':<24}{'ms':>12}")
        for ask in (questions.totals, questions.emotions, questions.users, questions.duplicates, questions.repeats,
                    questions.activity, questions.voices, questions.errors):  # fmt: skip
            took, _ = median(lambda ask=ask: ask(database, Filter()), 1)  # type: ignore[misc]
            print(f"{ask.__name__:<24}{took:>12,.0f}")
        compare_views(database)
        database.close()
        report(url)


def report(url: str) -> None:
    """`sidecar report` as a process of its own: seconds and resident memory."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "report.html"
        began = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "sidecar", "report", "--output", str(output)],
            env={**os.environ, "SIDECAR_DATABASE_URL": url},
            check=True,
        )
        took = time.perf_counter() - began
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        print(f"report: {took:.1f} s, {peak:.0f} MB at most, {output.stat().st_size / 1e6:.1f} MB of HTML")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000)
