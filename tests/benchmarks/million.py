"""A folder with a very large number of files: catching up, starting beside it, doing nothing beside it."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

from tests.benchmarks import dataset, peers, process
from tests.benchmarks.context import Context
from tests.benchmarks.measure import Row, cpu_seconds, peak_resident_bytes
from tests.servers.instance import free_port

_START_RATIO = 2.0
_START_MEGABYTES = 120.0
_BACKLOG_MEGABYTES = 200.0
_BACKLOG_RATIO = 0.85
_IDLE_PERCENT = 0.1
_IDLE_FIRST_SECONDS = 5.0
"""What the start leaves to be done, such as the second look at a folder that had just changed."""


def million(context: Context) -> list[Row]:
    few = context.scale(100_000, 5_000)
    many = context.count("FILES", full=1_000_000, small=20_000)
    small_folder, folder = context.folder / "few", context.folder / "many"
    context.progress(f"writing {few + many:,} files")
    dataset.write(small_folder, dataset.small, few)
    dataset.write(folder, dataset.small, many)
    few_rates, many_rates, resident = [], [], []
    with contextlib.ExitStack() as last:
        for number in range(context.rounds):
            context.progress(f"backlog of {few:,} files, then of {many:,}, round {number + 1} of {context.rounds}")
            with context.database() as database:
                rate, _ = _ship(context, database, small_folder, few)
                few_rates.append(rate)
            last.close()  # of the round before
            database = last.enter_context(context.database())
            rate, most = _ship(context, database, folder, many)
            many_rates.append(rate)
            resident.append(most / 1e6)
        rows = [
            Row(
                what=f"backlog of {many:,} files",
                unit="events/s",
                ours=many_rates,
                against=f"backlog of {few:,} files",
                theirs=few_rates,
                at_least=_BACKLOG_RATIO,
            ),
            Row(
                what=f"backlog of {many:,} files, resident memory at most",
                unit="MB",
                ours=resident,
                against="",
                at_most=_BACKLOG_MEGABYTES,
            ),
        ]
        url = context.server.url(database)
        return rows + _start(context, url, folder, many) + _idle(context, url, folder, many)


def _ship(context: Context, database: str, folder: Path, files: int) -> tuple[float, int]:
    """Events a second, and bytes of memory at most."""
    run = process.catch_up(context.server.url(database), folder, context.empty_folder)
    with context.server.connect(database) as connection:
        assert peers.count(connection, "tts_records") == files
    return files / run.seconds, run.max_resident_bytes


def _start(context: Context, url: str, folder: Path, files: int) -> list[Row]:
    ready, passes, resident = [], [], []
    for number in range(context.rounds):
        context.progress(f"start beside {files:,} files, round {number + 1} of {context.rounds}")
        passes.append(_scandir_pass(folder))
        started = time.monotonic()
        with process.shipping(url, folder, free_port()) as shipper:
            shipper.wait_until_ready()
            ready.append(time.monotonic() - started)
            resident.append(peak_resident_bytes(shipper.pid) / 1e6)
    what = f"start beside {files:,} shipped files"
    return [
        Row(
            what=f"{what}, until ready",
            unit="s",
            ours=ready,
            against="one scandir and stat pass over the folder",
            theirs=passes,
            # A small folder is listed in less time than any Python program needs to start.
            at_most=None if context.small else _START_RATIO,
        ),
        Row(what=f"{what}, resident memory at most", unit="MB", ours=resident, against="", at_most=_START_MEGABYTES),
    ]


def _scandir_pass(folder: Path) -> float:
    started = time.monotonic()
    with os.scandir(folder) as entries:
        for entry in entries:
            entry.stat(follow_symlinks=False)
    return time.monotonic() - started


def _idle(context: Context, url: str, folder: Path, files: int) -> list[Row]:
    seconds = context.count("IDLE_SECONDS", full=300, small=5)
    with process.shipping(url, folder, free_port()) as shipper:
        shipper.wait_until_ready()
        time.sleep(_IDLE_FIRST_SECONDS)
        context.progress(f"idle beside {files:,} files for {seconds} s")
        scans = shipper.metric("sidecar_scans_total")
        used = cpu_seconds(shipper.pid)
        time.sleep(seconds)
        used = cpu_seconds(shipper.pid) - used
        scans = shipper.metric("sidecar_scans_total") - scans
    what = f"idle beside {files:,} files for {seconds} s"
    return [
        Row(
            what=f"{what}, share of one core",
            unit="%",
            ours=[used / seconds * 100],
            against="",
            at_most=None if context.small else _IDLE_PERCENT,
        ),
        Row(what=f"{what}, scans", unit="scans", ours=[scans], against="", at_most=None if context.small else 0),
    ]
