"""Every question over a large studio: how long each takes, and that all ways and all databases give one answer.

    python -m tests.answers.million [KIND ...] [--count COUNT] [--skip-plain]

KIND is sqlite, mariadb or mysql, all three unless given; COUNT is 1,000,000 unless given. Searches are those of whoever
scrolls through a list, the newest hundred: medians, in milliseconds.
"""

from __future__ import annotations

import argparse
import contextlib
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sidecar.answers.filters import parse
from sidecar.answers.search import find
from sidecar.storage.database import Database
from sidecar.storage.dsn import parse_dsn
from tests.answers import three_ways
from tests.answers.conftest import connect
from tests.answers.load import load_studio
from tests.servers import MariaDB, MySQL, Option, sqlite_url

KINDS = ("sqlite", "mariadb", "mysql")
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
_LIKED = ("a rare word", "a rare English word", "no such word", "two words")
_PATIENCE = 3.0  # seconds, after which a question is not asked again for its median
# Loading is not what is measured, so it is made fast: nothing is flushed, and rows may come by LOAD DATA, which MySQL
# has off. Memory for the whole table, as a server of this size would have.
_SERVER: dict[str, Option] = {
    "local-infile": True,
    "innodb-buffer-pool-size": "3G",
    "innodb-flush-log-at-trx-commit": 0,
    "innodb-doublewrite": False,
    "max-allowed-packet": "64M",
}
_OF_KIND: dict[str, dict[str, Option]] = {
    "mariadb": {"innodb-log-file-size": "2G"},
    "mysql": {"innodb-redo-log-capacity": "2G", "skip-log-bin": 1},
}


@contextlib.contextmanager
def database_url(kind: str) -> Iterator[str]:
    """An empty database on a server of its own."""
    if kind == "sqlite":
        with tempfile.TemporaryDirectory(prefix="million-") as folder:
            yield sqlite_url(Path(folder) / "sidecar.db")
        return
    with (MariaDB if kind == "mariadb" else MySQL)({**_SERVER, **_OF_KIND[kind]}) as server:
        print(f"{kind} {server.version}")
        yield server.url(server.create_database())


def median(ask: Callable[[], Any], times: int = 5) -> tuple[float, Any]:
    """Milliseconds, and the answer."""
    taken: list[float] = []
    answer = None
    while len(taken) < times and sum(taken) < _PATIENCE:
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
    for name in _LIKED:
        conditions, parameters = parse(SEARCHES[name]).where()
        sql = f"SELECT COUNT(*) FROM tts_records WHERE {' AND '.join(conditions)}"
        took, rows = median(lambda sql=sql, parameters=parameters: database.query(sql, parameters), 3)  # type: ignore[misc]
        found[name] = (took, rows[0][0])
    return found


def search_all(url: str, plain: dict[str, tuple[float, list[str]]] | None) -> None:
    """The searches with the optional indexes, beside those without and beside LIKE."""
    database = connect(url)
    indexed, liked = searches(database), texts_by_like(database)
    database.close()
    print(f"\n{'the newest 100':<24}{'without ms':>12}{'with ms':>12}{'records':>9}")
    for name, (took, ids) in indexed.items():
        assert plain is None or plain[name][1] == ids, name
        without = f"{plain[name][0]:,.1f}" if plain else "-"
        print(f"{name:<24}{without:>12}{took:>12,.1f}{len(ids):>9}")
    print(f"\n{'all hits by LIKE':<24}{'ms':>12}{'hits':>9}{'ratio to find, with':>22}")
    for name, (took, hits) in liked.items():
        print(f"{name:<24}{took:>12,.1f}{hits:>9}{took / indexed[name][0]:>22,.1f}", flush=True)


def ask_all(url: str) -> dict[str, Any]:
    """Every question in three ways, which must agree. Returns what they said."""
    database = connect(url)
    questions = three_ways.questions(three_ways.a_rated_record(database))
    database.close()
    print(f"\n{'seconds':<36}{'command':>9}{'page':>9}{'view':>9}")
    said = {}
    for name, question in questions.items():
        answer = three_ways.ask(url, question)
        told = answer.said["command"]
        assert told, name
        assert three_ways.same(told, answer.said["page"]), name
        assert three_ways.same(told, answer.said["view"]), name
        print(f"{name:<36}" + "".join(f"{seconds:>9.2f}" for seconds in answer.seconds.values()), flush=True)
        said[name] = told
    print("command, page and view agree")
    return said


def fill(url: str, count: int) -> None:
    began = time.perf_counter()
    events = load_studio(parse_dsn(url), count)
    print(f"{events:,} events of {count:,} syntheses in {time.perf_counter() - began:.0f} s", flush=True)


def index(url: str) -> None:
    began = time.perf_counter()
    print(three_ways.run(url, "index", "--create").strip())
    print(f"optional indexes in {time.perf_counter() - began:.0f} s", flush=True)


def plain_searches(url: str) -> dict[str, tuple[float, list[str]]]:
    """The searches without the optional indexes."""
    database = connect(url)
    found = searches(database)
    database.close()
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("kinds", nargs="*", default=KINDS, choices=KINDS)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--skip-plain", action="store_true", help="no searches without the optional indexes")
    given = parser.parse_args()
    answers: dict[str, dict[str, Any]] = {}
    for kind in given.kinds:
        with database_url(kind) as url:
            fill(url, given.count)
            plain = None if given.skip_plain else plain_searches(url)
            index(url)
            search_all(url, plain)
            answers[kind] = ask_all(url)
    first, *others = answers
    for other in others:
        assert three_ways.same(answers[first], answers[other]), f"{first} and {other} differ"
        print(f"{first} and {other} agree")


if __name__ == "__main__":
    main()
