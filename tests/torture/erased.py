"""Histories and deaths of what erases and rewrites, on one database: what a form of make torture has of them."""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sidecar.storage.dsn import SqliteDsn, parse_dsn
from sidecar.storage.mysql.sink import MysqlSink
from tests.torture.campaign import SERVERS
from tests.torture.erasing_crashes import matrix
from tests.torture.test_erasing import opened, run

KINDS = ("sqlite", *SERVERS)
_QUICK = {"innodb_flush_log_at_trx_commit": 0, "sync_binlog": 0, "innodb_doublewrite": 0}
"""It is not the server that dies here, and thousands of small transactions would mostly wait for its disk."""
_TOLD_OF = 50  # histories


def erase(kind: str, histories: int, stride: int) -> list[str]:
    """
    Args:
        histories: of the model; 0 for none.
        stride: every so manieth step is died at; 0 for none.

    Returns:
        What failed.
    """
    started = time.monotonic()
    failures = []
    begun = 0

    def say(what: str) -> None:
        print(f"{kind}, {time.monotonic() - started:.0f} s: {what}", flush=True)

    def count() -> None:
        nonlocal begun
        begun += 1
        if not begun % _TOLD_OF:
            say(f"{begun:,} histories")

    with _database(kind) as url, tempfile.TemporaryDirectory(prefix="erased-", dir=_memory()) as place:
        try:
            if stride:
                _die(url, Path(place) / "world", stride, say)
        except AssertionError as error:
            failures.append(f"{kind}: a death: {error}")
        try:
            if histories:
                run(url, histories, count)
                say(f"{histories:,} histories of erasing, no violation")
        except AssertionError as error:
            steps = "\n".join(getattr(error, "__notes__", ()))
            failures.append(f"{kind}: a history: {error}\n{steps}")
    return failures


def _die(url: str, folder: Path, stride: int, say: Callable[[str], None]) -> None:
    folder.mkdir()
    with opened(url, folder) as world:
        for name, died in matrix(world, stride=stride):
            say(f"{name} died at {died} steps, nothing lost, nothing left")


@contextmanager
def _database(kind: str) -> Iterator[str]:
    if kind == "sqlite":
        yield ""
        return
    with SERVERS[kind](_QUICK) as server:
        url = server.url(server.create_database())
        dsn = parse_dsn(url)
        assert not isinstance(dsn, SqliteDsn)
        with closing(MysqlSink(dsn)) as sink:
            sink.migrate()
        yield url


def _memory() -> str | None:
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.torture.erased", description=__doc__)
    parser.add_argument("--server", choices=KINDS, action="append", help="default: all")
    parser.add_argument("--histories", type=int, default=2000)
    parser.add_argument("--stride", type=int, default=1, help="every so manieth step is died at; 1: each, 0: none")
    chosen = parser.parse_args()
    failed = [each for kind in chosen.server or KINDS for each in erase(kind, chosen.histories, chosen.stride)]
    print("\n".join(failed) or "nothing went wrong")
    raise SystemExit(bool(failed))
