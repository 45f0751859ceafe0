"""Histories of two hosts, in any order: made, shipped, forgotten, pruned, rebuilt, replayed, restored."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timezone
from functools import partial
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from sidecar.storage.dsn import SqliteDsn, parse_dsn
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
)
from tests.torture.harness import make_database

EXAMPLES = int(os.environ.get("TORTURE_ERASING_EXAMPLES", "5"))
STEPS = 30
_MEMORY = Path("/dev/shm")

hosts = st.sampled_from(["a", "b"])
users = st.sampled_from(USERS[:2] * 3 + USERS[2:])
names = st.sampled_from(["spk_1.wav", "spk_2.wav", "spk_3.wav"])
sounds = st.integers(1, 3)
days = st.sampled_from([1.0, 50.0, 100.0])


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
    database = MysqlDatabase(server)
    for table in TABLES:
        database.execute(f"DELETE FROM {table}")
    return World(root, partial(MysqlDatabase, server), partial(MysqlSink, server), reader=database)


@contextmanager
def opened(url: str, place: Path) -> Iterator[World]:
    world = make_world(url, place)
    try:
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
        if hasattr(self, "world"):
            self.calm()
            self.world.close()
            if self.world.reader is not None:
                self.world.reader.close()
            shutil.rmtree(self.root)

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

    @rule(host=hosts, user=users)
    def forget(self, host: str, user: str) -> None:
        before = self.world.snapshot()
        self.world.forget(self.host(host), user)
        check_erased(before, self.world.snapshot(), host, asked_for(before, host, user), user)

    @rule(host=hosts)
    def forget_pending(self, host: str) -> None:
        before = self.world.snapshot()
        known = [*before.events.values(), *(document for _, document in before.documents(host))]
        ids = {each["subject"] for each in known if each["type"] == TOMBSTONE}
        self.world.forget_pending(self.host(host))
        check_erased(before, self.world.snapshot(), host, ids, None)

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
            check_always(self.world.snapshot())


def run(url: str, examples: int) -> None:
    """
    Args:
        url: of a server's database with the tables; "" for SQLite.
    """
    run_state_machine_as_test(
        lambda: Erasing(url),  # type: ignore[arg-type]
        settings=settings(
            max_examples=examples,
            stateful_step_count=STEPS,
            suppress_health_check=list(HealthCheck),
            deadline=None,
            database=None,
        ),
    )


def test_no_history_takes_what_was_not_asked_for_nor_brings_back_what_was(database_url: str) -> None:
    if database_url.startswith("sqlite"):
        run("", 8 * EXAMPLES)
        return
    server = parse_dsn(database_url)
    assert not isinstance(server, SqliteDsn)
    with closing(MysqlSink(server)) as sink:
        sink.migrate()
    run(database_url, EXAMPLES)
