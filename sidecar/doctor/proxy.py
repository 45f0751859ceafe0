"""The recording proxy, where one is used: whether it is well, and who may write its keys."""

from __future__ import annotations

import stat
import sys
from collections.abc import Iterator
from pathlib import Path

from sidecar.doctor.findings import Finding, failure, ok
from sidecar.service.metrics.scrape import read
from sidecar.service.occupied import who_listens

_OTHERS = stat.S_IWGRP | stat.S_IWOTH


def check_proxy(metrics: tuple[str, int] | None, keys: Path) -> Iterator[Finding]:
    """Nothing where there is no proxy, which most people have none of.

    Args:
        metrics: SIDECAR_PROXY_METRICS.
        keys: SIDECAR_KEYS_FILE.
    """
    try:
        mode = keys.stat().st_mode
    except OSError:
        mode = 0
    if sys.platform != "win32" and mode & _OTHERS:
        yield failure("proxy", f"others may write {keys}, and so make keys", f"chmod 600 {keys}")
    if metrics is None or metrics[1] == 0:
        return
    found = who_listens(metrics)
    if found is None or found.verb != "proxy":
        return
    where = f"{metrics[0]}:{metrics[1]}"
    status, body = read(metrics, "/readyz")
    if status == 200:
        yield ok("proxy", f"a proxy answers at {where} and is ready")
    else:
        reasons = "; ".join(body.strip().splitlines())
        yield failure(
            "proxy", f"the proxy at {where} is not well: {reasons}", "SIDECAR_UPSTREAM, or the folder's rights."
        )
