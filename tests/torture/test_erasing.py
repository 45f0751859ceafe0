"""Histories of two hosts, in any order: made, shipped, forgotten, pruned, rebuilt, replayed, restored."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from sidecar.errors import SidecarError
from sidecar.storage.dsn import SqliteDsn, parse_dsn
from sidecar.storage.mysql.connection import MysqlLimits
from sidecar.storage.mysql.database import MysqlDatabase
from sidecar.storage.mysql.sink import MysqlSink
from sidecar.storage.sqlite.database import SqliteDatabase
from sidecar.storage.sqlite.sink import SqliteSink
from sidecar.upkeep.prune import Policy
from tests.torture.erasing import (
    TABLES,
    TOMBSTONE,
    USERS,
    Host,
    World,
    asked_for,
    check_always,
    check_calm,
    check_erased,
    check_kept,
    check_pruned,
    listed,
)
from tests.torture.harness import make_database

EXAMPLES = int(os.environ.get("TORTURE_ERASING_EXAMPLES", "5"))
STEPS = 30
_PATIENCE = 300.0  # seconds, as those have who use the commands; a shipper's are fewer
_MEMORY = Path("/dev/shm")

hosts = st.sampled_from(["a", "b"])
users = st.sampled_from(USERS[:2] * 3 + USERS[2:])
names = st.sampled_from(["spk_1.wav", "spk_2.wav", "spk_3.wav"])
sounds = st.integers(1, 3)
days = st.sampled_from([1.0, 50.0, 100.0])
tags = st.lists(st.sampled_from(["favourite", "片头", "PIÈCE", "pièce"]), max_size=2)


def make_world(url: str, root: Path) -> World:
    """An empty one.

    Args:
        url: of a server's database with the tables; "" for SQLite.
    """
    if not url:
        dsn = SqliteDsn(path=str(root / "sidecar.db"))
        make_database(root / "sidecar.db")
        return World(root, partial(SqliteDatabase, dsn), partial(SqliteSink, dsn))
    server = parse_dsn(url)
    assert not isinstance(server, SqliteDsn)
    limits = MysqlLimits(read_timeout=_PATIENCE)
    database = MysqlDatabase(server, limits)
    for table in TABLES:
        database.execute(f"DELETE FROM {table}")
    return World(root, partial(MysqlDatabase, server, limits), partial(MysqlSink, server), reader=database)


@contextmanager
def files_known_when_read() -> Iterator[None]:
    """Files that were read are taken for unchanged, as older ones are. These are all of a moment ago; but here none is
    changed in place, nor while something is being erased."""
    with patch("sidecar.upkeep.removal._COARSEST_SECONDS", -1.0):
        yield


@contextmanager
def opened(url: str, place: Path) -> Iterator[World]:
    world = make_world(url, place)
    try:
        with files_known_when_read():
            yield world
    finally:
        world.close()
        if world.reader is not None:
            world.reader.close()


class Erasing(RuleBasedStateMachine):
    def __init__(self, url: str = "") -> None:
        super().__init__()
        self.url = url

    @initialize(takes=st.lists(st.tuples(hosts, users, names, sounds, days), min_size=2, max_size=6))
    def begin(self, takes: list[tuple[str, str, str, int, float]]) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="erasing-", dir=_MEMORY if _MEMORY.is_dir() else None))
        self.world = make_world(self.url, self.root)
        for host, user, name, sound, age in takes:
            self.world.speak(self.host(host), user, name, sound, age)
        for each in self.world.hosts.values():
            self.world.back_up_folder(each)
            self.world.ship(each)
        self.world.back_up_database()

    def teardown(self) -> None:
        self._tell(sys.exc_info()[1])
        if hasattr(self, "world"):
            try:
                self.calm()
            except Exception as error:
                self._tell(error)
                raise
            self.world.close()
            if self.world.reader is not None:
                self.world.reader.close()
            shutil.rmtree(self.root)

    @staticmethod
    def _tell(error: BaseException | None) -> None:
        """At once: hypothesis tells it when it has looked for the shortest history, minutes later."""
        if isinstance(error, (AssertionError, SidecarError)):
            print(f"a history failed: {error!r}"[:400], flush=True)

    def host(self, name: str) -> Host:
        return self.world.hosts[name]

    # -- what is made; nothing is compared, for overwriting is theirs to do

    @rule(host=hosts, user=users, name=names, sound=sounds, days=days, elsewhere=st.sampled_from([False] * 4 + [True]))
    def speak(self, host: str, user: str, name: str, sound: int, days: float, elsewhere: bool) -> None:
        self.world.speak(self.host(host), user, name, sound, days, elsewhere=elsewhere)

    @rule(host=hosts, name=names, sound=sounds, days=days)
    def write_anew(self, host: str, name: str, sound: int, days: float) -> None:
        self.world.write(self.host(host), name, b"RIFF%d" % sound * 20, days)

    @rule(host=hosts, user=users, about=st.integers(0, 9))
    def rate(self, host: str, user: str, about: int) -> None:
        self.world.rate(self.host(host), user, about)

    @rule(host=hosts, user=users, about=st.integers(0, 9), add=tags, remove=tags)
    def tag(self, host: str, user: str, about: int, add: list[str], remove: list[str]) -> None:
        self.world.tag(self.host(host), user, about, add=add, remove=remove)

    @rule(host=hosts, user=users, about=st.integers(0, 9), over=st.integers(0, 9))
    def prefer(self, host: str, user: str, about: int, over: int) -> None:
        self.world.prefer(self.host(host), user, about, over)

    @rule(host=hosts, user=users)
    def leave_behind(self, host: str, user: str) -> None:
        self.world.leave_behind(self.host(host), user)

    @rule(user=users)
    def insert(self, user: str) -> None:
        self.world.insert(user)

    @rule(host=hosts, name=names)
    def lose_event_file(self, host: str, name: str) -> None:
        """Somebody removes one that was shipped."""
        path = self.host(host).folder / f"{name}.json"
        if path.exists() and any(each["data"].get("audio") for each in self.world.snapshot().events.values()):
            self.world.ship(self.host(host))
            path.unlink()

    @rule(host=hosts)
    def back_up_folder(self, host: str) -> None:
        self.world.back_up_folder(self.host(host))

    @rule(host=hosts)
    def restore_folder(self, host: str) -> None:
        self.world.restore_folder(self.host(host))

    @rule()
    def back_up_database(self) -> None:
        self.world.back_up_database()

    @rule()
    def restore_database(self) -> None:
        self.world.restore_database()

    @rule(host=hosts, how=st.sampled_from([World.ship, World.replay, World.repair]))
    def restore_and_ship(self, host: str, how: Callable[[World, Host], None]) -> None:
        self.world.restore_folder(self.host(host))
        self._keeps(lambda: how(self.world, self.host(host)))

    # -- what takes something, and what must not

    @rule(host=hosts)
    def ship(self, host: str) -> None:
        self._keeps(lambda: self.world.ship(self.host(host)))

    @rule(host=hosts)
    def restart(self, host: str) -> None:
        self.world.restart(self.host(host))

    @rule()
    def rebuild(self) -> None:
        before = self.world.snapshot()
        self.world.rebuild()
        after = self.world.snapshot()
        assert (after.files, after.events) == (before.files, before.events)
        spoken = {event["subject"] for event in before.events.values()}
        for number, (event_id, _) in before.records.items():
            assert number in after.records or (event_id is not None and event_id not in spoken)

    @rule(host=hosts)
    def backfill(self, host: str) -> None:
        self._keeps(lambda: self.world.backfill(self.host(host)))

    @rule(host=hosts)
    def replay(self, host: str) -> None:
        self._keeps(lambda: self.world.replay(self.host(host)))

    @rule(host=hosts)
    def repair(self, host: str) -> None:
        self._keeps(lambda: self.world.repair(self.host(host)))

    def _keeps(self, step: Callable[[], None]) -> None:
        before = self.world.snapshot()
        step()
        check_kept(before, self.world.snapshot())

    @rule(host=hosts, user=users, copies=st.booleans())
    def forget(self, host: str, user: str, copies: bool) -> None:
        before = self.world.snapshot()
        self.world.forget(self.host(host), user, copies=copies)
        check_erased(before, self.world.snapshot(), host, asked_for(before, host, user), user, copies=copies)

    @rule(host=hosts)
    def forget_pending(self, host: str) -> None:
        before = self.world.snapshot()
        known = [*before.events.values(), *(document for _, document in before.documents(host))]
        ids = {each["subject"] for each in known if each["type"] == TOMBSTONE}
        self.world.forget_pending(self.host(host))
        after = self.world.snapshot()
        # The lists of what is done and what is left name it too, where a backup has lost the tombstone.
        ids |= (listed(known) & set(before.events)) - set(after.events)
        check_erased(before, after, host, ids, None)

    @rule(host=hosts, policy=st.sampled_from(list(Policy)), days=st.sampled_from([10.0, 70.0]))
    def prune(self, host: str, policy: Policy, days: float) -> None:
        before = self.world.snapshot()
        self.world.prune(self.host(host), policy, days)
        cut = datetime.now(timezone.utc).timestamp() - days * 86400
        check_pruned(before, self.world.snapshot(), host, policy, cut)

    @rule()
    def calm(self) -> None:
        self.world.calm()
        check_calm(self.world)

    @invariant()
    def nothing_is_there_that_has_a_tombstone(self) -> None:
        if hasattr(self, "world"):
            check_always(self.world.rows())


def test_a_copy_is_not_claimed_by_a_take_that_was_overwritten() -> None:
    """Not even once the take that did it is forgotten, and its event with it: then the model itself was unsure."""
    with files_known_when_read():
        history = Erasing()
        history.begin(takes=[("a", USERS[-1], "spk_1.wav", 3, 1.0), ("a", "anna", "spk_1.wav", 3, 1.0)])
        history.write_anew(days=50.0, host="b", name="spk_3.wav", sound=3)
        history.forget(copies=True, host="a", user="anna")
        history.forget(copies=True, host="b", user="nobody")
        assert not (history.root / "b" / "outputs" / "spk_3.wav").exists()
        history.teardown()


def test_what_overwrote_one_take_of_a_person_saves_no_other() -> None:
    """Not even where it sounds the same to the byte: a history of the model left forgotten audio behind."""
    with files_known_when_read():
        history = Erasing()
        history.begin(takes=[("a", "ANNA", "spk_2.wav", 1, 1.0), ("b", "ANNA", "spk_3.wav", 3, 1.0)])
        history.speak(days=1.0, elsewhere=False, host="b", name="spk_3.wav", sound=3, user="anna")
        history.speak(days=1.0, elsewhere=False, host="a", name="spk_2.wav", sound=3, user="änna")
        history.calm()
        history.forget(copies=False, host="b", user="anna")
        history.forget(copies=False, host="b", user="ANNA")
        assert not (history.root / "b" / "outputs" / "spk_3.wav").exists()
        history.teardown()


def test_what_is_left_of_a_pruned_record_may_go_with_what_overwrote_it() -> None:
    """The tombstone is shipped again before the pruned record is: a history that the model took for a loss."""
    with files_known_when_read():
        history = Erasing()
        history.begin(takes=[("b", "anna", "spk_1.wav", 2, 50.0), ("b", "ANNA", "spk_1.wav", 1, 1.0)])
        history.forget(copies=False, host="b", user="ANNA")
        history.restore_database()
        history.prune(days=10.0, host="b", policy=Policy.EVERYTHING)
        history.restore_and_ship(host="b", how=World.replay)
        assert [user for _, user in history.world.rows().records.values()] == ["anna"]
        history.teardown()


def test_what_a_list_names_is_forgotten_where_a_backup_has_lost_the_tombstone() -> None:
    """The tombstone lies on the other host, and is not shipped again yet: a history that the model took for a loss."""
    with files_known_when_read():
        history = Erasing()
        history.begin(takes=[("a", "anna", "spk_1.wav", 1, 1.0), ("b", "ANNA", "spk_1.wav", 3, 1.0)])
        history.forget(copies=False, host="a", user="ANNA")
        history.forget_pending(host="b")
        history.restore_database()
        history.ship(host="b")
        history.forget_pending(host="b")
        history.teardown()


def run(url: str, examples: int, begun: Callable[[], None] = lambda: None) -> None:
    """
    Args:
        url: of a server's database with the tables; "" for SQLite.
        begun: is told of each history.
    """

    def history() -> Erasing:
        begun()
        return Erasing(url)

    with files_known_when_read():
        run_state_machine_as_test(
            history,  # type: ignore[arg-type]
            settings=settings(
                max_examples=examples,
                stateful_step_count=STEPS,
                suppress_health_check=list(HealthCheck),
                deadline=None,
                database=None,
                report_multiple_bugs=False,
            ),
        )


def test_no_history_takes_what_was_not_asked_for_nor_brings_back_what_was(database_url: str) -> None:
    url = _with_tables(database_url)
    run(url, EXAMPLES if url else 8 * EXAMPLES)


def test_forgetting_does_not_hide_from_a_shipper_that_a_backup_was_restored(database_url: str, tmp_path: Path) -> None:
    """It takes its turn with the shippers again and again; what they go by says nothing of that."""
    with opened(_with_tables(database_url), tmp_path) as world:
        host = world.hosts["a"]
        world.speak(host, "anna", "spk_1.wav", 1, 1)
        world.ship(host)
        world.back_up_database()
        world.speak(host, "ANNA", "spk_2.wav", 2, 1)
        world.ship(host)
        world.restore_database()
        for _ in range(3):
            world.forget(host, "anna")
        world.calm()
        check_calm(world)


@pytest.mark.parametrize("again", ["rated", "restored", "rebuilt and rated"])
def test_who_overwrote_a_pruned_record_is_known_when_it_is_heard_of_again(
    database_url: str, tmp_path: Path, again: str
) -> None:
    """Its successor, which says so, was shipped long before and is not folded again."""
    with opened(_with_tables(database_url), tmp_path) as world:
        host, other = world.hosts["a"], world.hosts["b"]
        world.speak(host, "anna", "spk_1.wav", 1, 100)
        world.back_up_folder(host)
        if again != "restored":
            world.rate(other, "änna", 0)  # shipped once the record is gone
        world.speak(host, "ANNA", "spk_1.wav", 2, 1)
        world.ship(host)
        world.prune(host, Policy.EVERYTHING, 70)
        if again == "restored":
            world.restore_folder(host)
        if again == "rebuilt and rated":
            with closing(world.connect()) as database:
                database.execute("DELETE FROM tts_records")
            world.rebuild()
        world.calm()
        with closing(world.connect()) as database:
            ((successor,),) = database.query("SELECT event_id FROM tts_records WHERE user_id = 'ANNA'")
            assert database.query("SELECT replaced_by FROM tts_records WHERE event_id <> ?", [successor]) == [
                (successor,)
            ]
        check_calm(world)


@pytest.mark.parametrize("how", ["forgotten", "pruned"])
def test_of_a_pruned_record_nothing_is_left_once_its_successor_has_gone(
    database_url: str, tmp_path: Path, how: str
) -> None:
    with opened(_with_tables(database_url), tmp_path) as world:
        host = world.hosts["a"]
        world.speak(host, "anna", "spk_1.wav", 1, 100)
        world.speak(host, "ANNA", "spk_1.wav", 2, 50)
        world.ship(host)
        world.prune(host, Policy.EVERYTHING, 70)
        seen = sorted((user or "") for _, user in world.rows().records.values())
        assert seen == ["", "ANNA"], "of the pruned one that it was overwritten, and nothing else"
        if how == "pruned":
            world.prune(host, Policy.EVERYTHING, 10)
        else:
            world.forget(host, "ANNA")
        assert not world.rows().records
        world.calm()
        check_calm(world)


def test_a_pruned_record_that_was_overwritten_twice_stays_so_while_one_of_both_is_there(
    database_url: str, tmp_path: Path
) -> None:
    """The second take of that name did not find the first one's event file."""
    with opened(_with_tables(database_url), tmp_path) as world:
        host, other = world.hosts["a"], world.hosts["b"]
        world.speak(host, "anna", "spk_1.wav", 1, 100)
        world.rate(other, "änna", 0)
        world.speak(host, "ANNA", "spk_1.wav", 2, 1)
        world.ship(host)
        (host.folder / "spk_1.wav.2.json").unlink()
        world.speak(host, "anna", "spk_1.wav", 3, 90)
        world.ship(host)
        world.prune(host, Policy.EVERYTHING, 70)
        world.calm()
        with closing(world.connect()) as database:
            assert database.query("SELECT COUNT(*) FROM tts_records WHERE replaced_by IS NOT NULL") == [(1,)]
        check_calm(world)


def _with_tables(database_url: str) -> str:
    """The database that the fixture names, as make_world wants it."""
    if database_url.startswith("sqlite"):
        return ""
    server = parse_dsn(database_url)
    assert not isinstance(server, SqliteDsn)
    with closing(MysqlSink(server)) as sink:
        sink.migrate()
    return database_url
