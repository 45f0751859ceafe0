"""Death at every step of what erases and rewrites: before and after each statement, commit, unlink, link and flush.

What was there before and survives must be, after the death, no less than after an undisturbed run; and after a second
run, which is not disturbed, the same. In between the shipper has done its work, as it would.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pymysql.connections import Connection

from sidecar.storage.sqlite.database import SqliteDatabase
from sidecar.upkeep.prune import Policy
from tests.torture.erasing import TABLES, Snapshot, World, check_calm

_FILE_STEPS = ("unlink", "link", "fsync", "rename")


@dataclass(frozen=True)
class Operation:
    name: str
    prepare: Callable[[World], None]
    """What it finds besides the scene that all have in common."""
    run: Callable[[World], object]


def _damage(world: World) -> None:
    with closing(world.connect()) as database:
        database.execute("UPDATE tts_records SET emotion = 'furious', rating = NULL WHERE event_id IS NOT NULL")
        database.execute("DELETE FROM tts_records WHERE user_id = 'anna' AND event_id IS NOT NULL")
        database.execute(
            "INSERT INTO tts_records (text_input, audio_path, event_id) "
            "VALUES ('made up', '', '01920000-0000-7000-8000-000000000000')"
        )


def _lose_event_files(world: World) -> None:
    a = world.hosts["a"]
    for path in a.folder.glob("spk_*.json"):
        path.unlink()
    for number in range(3):
        world.write(a, f"old_{number}.wav", b"before the recording %d" % number, 300)


def _prune(policy: Policy) -> Operation:
    return Operation(
        f"prune --remove {policy}", lambda world: None, lambda world: world.prune(world.hosts["a"], policy, 70)
    )


OPERATIONS = (
    Operation("forget", lambda world: None, lambda world: world.forget(world.hosts["a"], "anna")),
    Operation(
        "forget --pending",
        lambda world: world.forget(world.hosts["a"], "anna"),
        lambda world: world.forget_pending(world.hosts["b"]),
    ),
    *(_prune(policy) for policy in Policy),
    Operation("rebuild", _damage, World.rebuild),
    Operation("backfill", _lose_event_files, lambda world: world.backfill(world.hosts["a"])),
)


def set_scene(world: World) -> None:
    """Namesakes on both hosts, remarks, rows of others, what killed processes left; shipped, and not shipped yet."""
    a, b = world.hosts["a"], world.hosts["b"]
    for host, first in ((a, 0), (b, 3)):
        for number, user in enumerate(("anna", "ANNA", "anna ", "anna")):
            world.speak(host, user, f"spk_{number}.wav", first + number, 100 if number < 3 else 1)
        world.speak(host, "ANNA", "spk_0.wav", 7, 100)  # overwrites one of anna's
        world.leave_behind(host, "anna")
        world.leave_behind(host, "änna")
    for about in range(4):
        world.rate(a, "anna", about)
        world.rate(b, "änna", about)
    for user in ("anna", "änna"):
        world.insert(user)
    for host in (a, b):
        world.ship(host)
    world.speak(a, "anna", "late.wav", 9, 1)
    world.close()


def survivors(before: Snapshot, after: Snapshot) -> set[Any]:
    """What was there before and is there still, the same."""
    kept: set[Any] = {key for key, raw in before.files.items() if after.files.get(key) == raw}
    kept |= before.events.keys() & after.events.keys()
    return kept | {number for number in before.records if number in after.records}


def steps(world: World, operation: Operation) -> int:
    """How many steps it has; it is done here."""
    return _forked(world, operation, sys.maxsize)


def matrix(world: World, *, stride: int = 1, only: str = "") -> Iterator[tuple[str, int]]:
    """Die at each of the steps, start again, compare.

    Args:
        world: an empty one.
        stride: only every so manieth step.

    Yields:
        The operation and at how many of its steps it died.

    Raises:
        AssertionError: something is gone, or there, that should not be.
    """
    saved = world.root.with_name(f"{world.root.name}-saved")
    for operation in OPERATIONS:
        if only and operation.name != only:
            continue
        _empty(world)
        set_scene(world)
        operation.prepare(world)
        world.close()
        before = world.snapshot()
        world.back_up_database()
        shutil.copytree(world.root, saved)
        number = steps(world, operation)
        undisturbed = world.snapshot()
        expected = survivors(before, undisturbed)
        visible = _visible(undisturbed)
        died = 0
        for step in range(1, number + 1, stride):
            _restore(world, saved)
            assert _forked(world, operation, step) < 0, f"{operation.name}: step {step} was not reached"
            died += 1
            lost = expected - survivors(before, world.snapshot())
            assert not lost, f"{operation.name}, step {step}: gone is {lost}"
            world.ship(world.hosts["a"])  # prune takes nothing that is not committed, its own events included
            operation.run(world)
            again = world.snapshot()
            found = survivors(before, again)
            assert found == expected, f"{operation.name}, step {step}: {found ^ expected}"
            if operation.name == "backfill":
                assert _visible(again) == visible
            world.calm()
            check_calm(world)
            world.close()
        shutil.rmtree(saved)
        yield operation.name, died


def _visible(seen: Snapshot) -> set[tuple[str, str]]:
    return {key for key in seen.files if not key[1].startswith(".")}


def _empty(world: World) -> None:
    with closing(world.connect()) as database:
        for table in TABLES:
            database.execute(f"DELETE FROM {table}")
    for host in world.hosts.values():
        shutil.rmtree(host.folder)
        host.folder.mkdir()


def _restore(world: World, saved: Path) -> None:
    for host in world.hosts.values():
        shutil.rmtree(host.folder)
        shutil.copytree(saved / host.folder.relative_to(world.root), host.folder)
    world.restore_database()


def _forked(world: World, operation: Operation, step: int) -> int:
    """Do it in a process of its own, which dies at that step.

    Returns:
        How many steps there were; -1 where it died.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        status = 1
        try:
            os.close(reader)
            counted = _count_steps(step)
            operation.run(world)
            os.write(writer, str(counted()).encode())
            status = 0
        finally:
            sys.stderr.flush()
            os._exit(status)
    os.close(writer)
    with os.fdopen(reader, "rb") as told:
        number = told.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return -1
    assert not status, f"{operation.name} failed"
    return int(number)


def _count_steps(last: int) -> Callable[[], int]:
    """Count what this process does to files and to the database, before and after; die at the last."""
    reached = 0
    one_at_a_time = threading.Lock()  # tombstones are written by several threads

    def seam() -> None:
        nonlocal reached
        with one_at_a_time:
            reached += 1
            if reached == last:
                os.kill(os.getpid(), signal.SIGKILL)

    def around(owner: Any, name: str) -> None:
        function = getattr(owner, name)

        def wrapped(*arguments: Any, **named: Any) -> Any:
            seam()
            result = function(*arguments, **named)
            seam()
            return result

        setattr(owner, name, wrapped)

    for name in _FILE_STEPS:
        around(os, name)
    around(SqliteDatabase, "_execute")
    around(Connection, "query")
    around(Connection, "commit")
    return lambda: reached
