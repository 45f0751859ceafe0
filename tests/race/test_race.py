"""The race's arithmetic, and a race of a few files between those who are always there."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import ClassVar

import pytest

from tests.benchmarks import dataset
from tests.race import race, watching
from tests.race.counting import compare
from tests.race.files import Files
from tests.race.legs import Course
from tests.race.peer import Peer, Place, end
from tests.race.peers.article import Article
from tests.race.peers.sidecar import Sidecar
from tests.race.peers.sling import Sling
from tests.race.sizes import Sizes
from tests.race.tables import Leg, table
from tests.servers import Server

_TINY = Sizes(
    name="tiny",
    rounds=1,
    small=20,
    large=5,
    more=5,
    followed=3,
    batch=5,
    kills=1,
    twice=4,
    limit_seconds=300.0,
    last_start_seconds=3600.0,
)


def test_what_is_lost_doubled_or_of_no_event_is_told_apart() -> None:
    found = compare({"a", "b", "c", "d"}, ["a", "b", "b", "b", None, "x"])
    assert (found.rows, found.missing, found.doubled, found.strange) == (6, 2, 2, 2)


def test_nothing_is_lost_and_nothing_doubled_where_every_event_has_one_row() -> None:
    found = compare({"a", "b"}, ["b", "a"])
    assert (found.missing, found.doubled, found.strange) == (0, 0, 0)


def test_a_table_shows_medians_the_spread_and_the_worst_of_what_was_lost() -> None:
    leg = Leg(title="A backlog", columns=("rows/s", "lost"), spread="rows/s")
    for rate, lost in ((1000.0, 0), (3000.0, 7), (2000.0, 0)):
        leg.add("ours", {"rows/s": rate, "lost": lost})
    leg.stop("theirs", "ended with 1: no")
    assert leg.markdown().splitlines() == [
        "A backlog",
        "",
        "|        | rows/s | lost | rows/s, rounds |",
        "| ------ | -----: | ---: | -------------: |",
        "| ours   |  2,000 |    7 | 1,000 .. 3,000 |",
        "| theirs |        |      |                |",
        "",
        "- theirs was stopped: ended with 1: no",
    ]


def test_columns_stand_below_each_other_however_wide_a_cell_is() -> None:
    lines = table(["", "files"], [["a", "1"], ["a long name", "100,000"]])
    assert len({len(line) for line in lines}) == 1


def test_a_folder_has_as_many_files_as_are_asked_for_and_is_left_as_it_was(tmp_path: Path) -> None:
    files = Files(tmp_path / "files", dataset.small, 5)
    before = sorted((tmp_path / "files").iterdir())
    with files.open() as whole, files.open(3) as some:
        assert len(whole.ids) == 5
        assert len(list(some.path.iterdir())) == len(some.ids) == 3
        whole.add(2)
        some.copy()
        assert len(whole.ids) == len(list(whole.path.iterdir())) == 7
        assert (len(some.ids), len(list(some.path.iterdir()))) == (3, 6)
    assert sorted((tmp_path / "files").iterdir()) == before


def test_what_children_use_is_counted_with_who_started_them() -> None:
    child = "import time; held = bytearray(30_000_000); open('/dev/null'); time.sleep(60)"
    starter = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    process = subprocess.Popen([sys.executable, "-c", starter], start_new_session=True)
    try:
        usage, alone = watching.Usage(), watching.Usage()
        deadline = time.monotonic() + 30
        while usage.resident_bytes < 40_000_000 and time.monotonic() < deadline:
            usage.look(process.pid)
            time.sleep(0.05)
        assert usage.resident_bytes > 40_000_000  # the child's 30 MB, and two interpreters
        assert usage.descriptors >= 6
        assert not watching.until_ended(process, alone, 0.2)
    finally:
        end(process)
    assert process.returncode == -15


def test_who_is_there_when_time_is_up_is_there_however_long_asking_takes() -> None:
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
    answers = iter([False, True])

    def slow() -> bool:
        time.sleep(0.2)
        return next(answers)

    try:
        assert watching.until_true(process, watching.Usage(), 0.1, slow)
        assert not watching.until_true(process, watching.Usage(), 0.1, lambda: False)
    finally:
        end(process)


def test_a_program_that_was_not_fetched_is_told_with_the_reason_that_was_left(tmp_path: Path) -> None:
    assert Sling().stopped_by(tmp_path) == "not fetched: make race does it"
    (tmp_path / "sling.why-not").write_text("pip found none for this machine\n", encoding="utf-8")
    assert Sling().stopped_by(tmp_path) == "pip found none for this machine"
    (tmp_path / "sling").touch()
    assert Sling().stopped_by(tmp_path) == ""


@pytest.mark.slow
@pytest.mark.mariadb
def test_who_cannot_finish_is_shown_with_what_stopped_it_and_the_race_goes_on(mariadb: Server, tmp_path: Path) -> None:
    course = Course(server=mariadb, peers=tmp_path, limit_seconds=_TINY.limit_seconds)
    todo = race.steps(_TINY, course, tmp_path)
    race.run(_TINY, course, [_Broken(), Sidecar(), Article()], todo, lambda text: None)
    for leg in (leg for step in todo for leg in step.legs):
        assert leg.stopped == {"broken": "ended with 3, 0 rows by then: out of paper"}
        for peer in (Sidecar.name, Article.name):
            figures = leg.medians(peer)
            assert figures["lost"] == 0
            assert figures.get("twice", 0) == 0
    assert todo[0].legs[0].medians(Sidecar.name)["files"] == _TINY.small
    assert todo[0].legs[1].medians(Article.name)["beside"] == _TINY.small


class _Broken(Peer):
    name: ClassVar[str] = "broken"
    configuration: ClassVar[str] = "says something and ends"

    def start(self, place: Place, *, follow: bool = False) -> subprocess.Popen[bytes]:
        return place.launch([sys.executable, "-c", "import sys; print('out of paper'); sys.exit(3)"])
