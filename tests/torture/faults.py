"""The faults: each is made, lasts, is undone, and proves that it really happened."""

from __future__ import annotations

import contextlib
import functools
import random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

import pymysql

from tests.servers import ServerFailedError
from tests.torture.arena import TABLES, Arena, until
from tests.torture.writers import Ballast

TOO_MANY_CONNECTIONS = 1040
ACCESS_DENIED = 1045
READ_ONLY = (1290, 1836)


class DidNotHappenError(AssertionError):
    """The fault was made and no sign of it was seen."""


def happened(sign: object, what: str) -> None:
    if not sign:
        raise DidNotHappenError(what)


# -- the shipper


@contextmanager
def shipper_killed(arena: Arena, chance: random.Random) -> Iterator[None]:
    """SIGKILL at any moment; started again at once."""
    child = arena.child
    with contextlib.suppress(ProcessLookupError):
        child.send(signal.SIGKILL)
    happened(until(lambda: not child.running, 5), "it runs on")
    yield
    arena.kills += 1
    happened(until(lambda: arena.child is not child, 10), "it was not started again")
    happened(child.wait() == -signal.SIGKILL, "it did not end by SIGKILL")


@contextmanager
def shipper_stopped(arena: Arena, chance: random.Random) -> Iterator[None]:
    """SIGSTOP, perhaps in the middle of a transaction."""
    child = arena.child
    child.send(signal.SIGSTOP)
    happened(until(lambda: child.stopped, 5), "it was not stopped")
    try:
        yield
    finally:
        child.send(signal.SIGCONT)


@contextmanager
def shipper_terminated(arena: Arena, chance: random.Random) -> Iterator[None]:
    """SIGTERM: it drains and ends well."""
    child = arena.child
    child.send(signal.SIGTERM)
    yield
    happened(until(lambda: not child.running, 30), "it did not end")
    happened(child.wait() in (0, -signal.SIGTERM), f"it ended with {child.status}: {arena.log_tail()}")


# -- the server


@contextmanager
def server_killed(arena: Arena, chance: random.Random) -> Iterator[None]:
    arena.server.kill()
    happened(not arena.server.running, "it runs on")
    yield
    arena.server.start()


@contextmanager
def server_away_for_long(arena: Arena, chance: random.Random) -> Iterator[None]:
    """As server_killed, for minutes: whatever waits longer and longer would show."""
    with server_killed(arena, chance):
        yield


@contextmanager
def server_restarted(arena: Arena, chance: random.Random) -> Iterator[None]:
    with contextlib.suppress(ServerFailedError):
        arena.server.stop()
    happened(not arena.server.running, "it runs on")
    yield
    arena.server.start()


@contextmanager
def server_frozen(arena: Arena, chance: random.Random) -> Iterator[None]:
    arena.server.freeze()
    try:
        happened(until(lambda: arena.revision() == -1, 5), "it answers")  # a signal takes hold a moment later
        yield
    finally:
        arena.server.thaw()


@contextmanager
def read_only(arena: Arena, chance: random.Random) -> Iterator[None]:
    arena.server.execute("SET GLOBAL read_only = ON")
    try:
        happened(arena.refusal() in READ_ONLY, "it takes writes")
        yield
    finally:
        arena.server.execute("SET GLOBAL read_only = OFF")


@contextmanager
def too_many_connections(arena: Arena, chance: random.Random) -> Iterator[None]:
    ((before,),) = arena.query("SELECT @@global.max_connections")
    with contextlib.ExitStack() as held:
        root = held.enter_context(arena.server.connect())
        with root.cursor() as cursor:
            cursor.execute("SET GLOBAL max_connections = 10")
            try:
                arena.end_connections()
                with contextlib.suppress(pymysql.err.MySQLError):
                    for _ in range(20):
                        held.enter_context(arena.server.connect(account=arena.server.owner))
                arena.proxy.cut()
                happened(until(lambda: arena.refusal() == TOO_MANY_CONNECTIONS, 5), "there is room")
                yield
            finally:
                cursor.execute(f"SET GLOBAL max_connections = {before}")


@contextmanager
def tables_locked(arena: Arena, chance: random.Random) -> Iterator[None]:
    table = chance.choice(["tts_events", "tts_records", "sidecar_positions"])
    with arena.server.connect(arena.database, read_timeout=60) as connection, connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLES {table} WRITE")
        yield
        waiting = [state for _, state in arena.sessions() if "lock" in state.lower()]
        cursor.execute("UNLOCK TABLES")
        happened(waiting, "nobody waits for the lock")


@contextmanager
def password_changed(arena: Arena, chance: random.Random) -> Iterator[None]:
    alter = "ALTER USER `{}`@'%' IDENTIFIED BY '{}'"
    arena.server.execute(alter.format(arena.account.user, "another"))
    try:
        happened(arena.refusal() == ACCESS_DENIED, "the old password is good")
        arena.end_connections()
        yield
    finally:
        arena.server.execute(alter.format(arena.account.user, arena.account.password))


@contextmanager
def backup_restored(arena: Arena, chance: random.Random) -> Iterator[None]:
    """The tables go back to what they were a while ago, as a restored snapshot or a lagging replica has them."""
    with (
        arena.server.connect(arena.database, autocommit=False, read_timeout=60) as connection,
        connection.cursor() as cursor,
    ):
        for table in TABLES:
            cursor.execute(f"DROP TABLE IF EXISTS backup_{table}")
            cursor.execute(f"CREATE TABLE backup_{table} LIKE {table}")
        # Who holds the positions holds up every commit, and so sees one state. In REPEATABLE READ, OceanBase refuses
        # the lock where somebody has committed since the transaction began (6235).
        cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
        cursor.execute("SELECT revision FROM sidecar_positions FOR UPDATE")
        for table in TABLES:
            cursor.execute(f"INSERT INTO backup_{table} SELECT * FROM {table}")
        connection.commit()
        ((backed_up,),) = _fetch(cursor, "SELECT COUNT(*) FROM tts_events")
        connection.commit()
        yield
        cursor.execute("SELECT revision FROM sidecar_positions FOR UPDATE")
        ((before,),) = _fetch(cursor, "SELECT COUNT(*) FROM tts_events")
        for table in TABLES:
            cursor.execute(f"DELETE FROM {table}")
            cursor.execute(f"INSERT INTO {table} SELECT * FROM backup_{table}")
        connection.commit()
        happened(before > backed_up, "nothing was shipped since the backup")


def _fetch(cursor: pymysql.cursors.Cursor, sql: str) -> list[tuple[int, ...]]:
    cursor.execute(sql)
    return list(cursor.fetchall())


# -- the network


@contextmanager
def network_cut(arena: Arena, chance: random.Random) -> Iterator[None]:
    before = arena.proxy.cuts + arena.proxy.refused
    arena.proxy.down = True
    try:
        arena.proxy.cut()
        yield
        happened(arena.proxy.cuts + arena.proxy.refused > before, "there was no connection to cut or refuse")
    finally:
        arena.proxy.heal()


@contextmanager
def network_black_hole(arena: Arena, chance: random.Random) -> Iterator[None]:
    before = arena.proxy.stalled
    arena.proxy.black_hole()
    try:
        yield
        happened(arena.proxy.stalled > before, "nothing was held up")
    finally:
        arena.proxy.heal()


@contextmanager
def network_slow(arena: Arena, chance: random.Random) -> Iterator[None]:
    before = arena.proxy.stalled
    arena.proxy.delay = 0.2
    try:
        yield
        happened(arena.proxy.stalled > before, "nothing was slow")
    finally:
        arena.proxy.heal()


@contextmanager
def commit_answer_lost(arena: Arena, chance: random.Random) -> Iterator[None]:
    before = arena.proxy.answers_lost
    arena.proxy.cut_commits = 3
    yield
    happened(until(lambda: arena.proxy.answers_lost >= before + 3, 20), "no answer was lost")


# -- the machine


@contextmanager
def disk_full(arena: Arena, chance: random.Random) -> Iterator[None]:
    before = arena.writers.refused
    ballast = Ballast(arena.disk)
    ballast.fill()
    try:
        yield
        happened(arena.writers.refused > before, "the writers found room")
    finally:
        ballast.remove()


@contextmanager
def clock_stepped(arena: Arena, chance: random.Random) -> Iterator[None]:
    """Forth, then back; checked by what the shipper writes into the database."""
    arena.fake_time(True)
    try:
        for step in (chance.choice([30, 3600, 86400]), -chance.choice([30, 3600, 86400])):
            arena.clock.write_text(f"{step:+d}\n")
            happened(until(functools.partial(_is_off, arena, step), 15), f"no step of {step} s")
        yield
    finally:
        arena.clock.write_text("+0\n")
        arena.fake_time(False)


def _is_off(arena: Arena, step: int) -> bool:
    """Whether the shipper's newest stamp is ahead of this clock by about so many seconds."""
    ((stamp,),) = arena.query("SELECT UNIX_TIMESTAMP(updated_at) FROM sidecar_positions") or [(0,)]
    ((offset,),) = arena.query("SELECT TIMESTAMPDIFF(SECOND, UTC_TIMESTAMP(), NOW())")
    return abs(float(stamp) + float(offset) - time.time() - step) < abs(step) / 2


@contextmanager
def folder_unmounted(arena: Arena, chance: random.Random) -> Iterator[None]:
    """Unmounted, with the backlog half shipped, and mounted again; the writers are elsewhere and go on."""
    arena.unmount_outputs()
    happened(not any(arena.outputs.iterdir()), "it is still mounted")
    yield
    arena.mount_outputs()


@contextmanager
def folder_renamed(arena: Arena, chance: random.Random) -> Iterator[None]:
    away = arena.root / "away"
    arena.place.rename(away)
    happened(not arena.outputs.exists(), "it is still there")
    yield
    away.rename(arena.place)


Make = Callable[[Arena, random.Random], AbstractContextManager[None]]


@dataclass(frozen=True)
class Fault:
    make: Make
    share: int
    """How often, beside the others of its group; 0: only where asked for by name."""
    seconds: tuple[float, float] = (0.2, 1.5)
    of_database: bool = False
    needs: str = ""
    """mounts, faketime, table_locks or restarts."""

    @property
    def name(self) -> str:
        return self.make.__name__.replace("_", " ")

    @property
    def group(self) -> str:
        if self.make is shipper_killed:
            return "kill"
        return "database" if self.of_database else "other"


FAULTS = (
    Fault(shipper_killed, 30, (0.0, 0.3)),
    Fault(shipper_stopped, 3),
    Fault(shipper_terminated, 3, (0.0, 0.2)),
    Fault(server_killed, 2, of_database=True, needs="restarts"),
    Fault(server_away_for_long, 0, (150.0, 150.0), of_database=True, needs="restarts"),
    Fault(server_restarted, 2, of_database=True, needs="restarts"),
    Fault(server_frozen, 2, (0.5, 3.0), of_database=True),
    Fault(read_only, 3, of_database=True),
    Fault(too_many_connections, 2, (0.5, 1.5), of_database=True),
    Fault(tables_locked, 3, (0.7, 2.0), of_database=True, needs="table_locks"),
    Fault(password_changed, 2, (0.5, 1.5), of_database=True),
    Fault(backup_restored, 3, (1.0, 2.5), of_database=True),
    Fault(network_cut, 3),
    Fault(network_black_hole, 2, (1.0, 3.0)),
    Fault(network_slow, 2, (1.0, 2.0)),
    Fault(commit_answer_lost, 4, (0.1, 0.2)),
    Fault(disk_full, 2, (0.5, 1.5), needs="mounts"),
    Fault(clock_stepped, 2, (0.5, 1.5), needs="faketime"),
    Fault(folder_unmounted, 3, needs="mounts"),
    Fault(folder_renamed, 3, needs="mounts"),
)
