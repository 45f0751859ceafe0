"""`sidecar report` over many records, beside one pass over the table that counts by the most columns it needs."""

from __future__ import annotations

import tempfile
import time
from contextlib import closing
from pathlib import Path

from sidecar.answers import questions
from sidecar.answers.filters import Filter
from tests.answers.conftest import connect
from tests.answers.million import database_url, fill
from tests.benchmarks import process
from tests.benchmarks.context import Context
from tests.benchmarks.measure import Row

_SECONDS = 10.0
_MEGABYTES = 300.0


def report(context: Context) -> list[Row]:
    """On the kind of server that is measured, and on SQLite beside MariaDB; as the case search, on a server of its own
    that loads fast.
    """
    count = context.count("REPORT_ROWS", full=1_000_000, small=5_000)
    rows = []
    for kind in context.kinds:
        with database_url(kind) as url:
            fill(url, count)
            rows += measured(context, url, f"{count:,} records, {kind}")
    return rows


def measured(context: Context, url: str, which: str) -> list[Row]:
    """Of a library that is there."""
    passes, runs = [], []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(context.rounds):
            context.progress(f"report over {which}, round {number + 1} of {context.rounds}")
            with closing(connect(url)) as database:
                began = time.perf_counter()
                questions.usage(database, Filter())
                passes.append(time.perf_counter() - began)
            runs.append(process.once(url, "report", "--output", str(Path(folder) / "report.html")))
    what = f"report over {which}"
    return [
        Row(
            what=what,
            unit="s",
            ours=[run.seconds for run in runs],
            against="the widest GROUP BY it needs: user, emotion and outcome",
            theirs=passes,
            details={"own processor time, s": [round(run.cpu_seconds, 2) for run in runs]},
        ),
        Row(what=f"{what}, with start and drawing", unit="s", ours=[run.seconds for run in runs], against="",
            at_most=None if context.small else _SECONDS),
        Row(what=f"{what}, resident memory at most", unit="MB", ours=[run.max_resident_bytes / 1e6 for run in runs],
            against="", at_most=_MEGABYTES),
    ]  # fmt: skip
