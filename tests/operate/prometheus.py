"""A private Prometheus on a free port, with its own folder, ended by its own pid."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.integration.processes import eventually
from tests.running import missing
from tests.servers.instance import free_port

PACKAGES = {"promtool": "prometheus", "systemd-analyze": "systemd"}
DEPLOY = Path(__file__).parents[2] / "deploy"


def program(name: str) -> str:
    """The path of a program; skips the test where it is missing, fails it in CI."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if found is None:
        missing(f"{name} is not installed: install Debian's {PACKAGES.get(name, name)}")
    return found


class Prometheus:
    """Scrapes shippers every second, with the alert rules of deploy/."""

    def __init__(self, folder: Path, targets: Sequence[int]) -> None:
        """
        Args:
            folder: a new folder for its data.
            targets: ports of shippers on loopback.
        """
        self.folder = folder
        self.takes: set[str] = set()  # what the scraped shippers have shipped: event_id
        self.port = free_port()
        shutil.copy(DEPLOY / "prometheus" / "alerts.yml", folder)
        config = (DEPLOY / "prometheus" / "prometheus.yml").read_text()
        listed = ", ".join(f"127.0.0.1:{port}" for port in targets)
        config = config.replace("[127.0.0.1:9790]", f"[{listed}]").replace(": 15s", ": 1s")
        (folder / "prometheus.yml").write_text(config)

    def __enter__(self) -> Prometheus:
        with (self.folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [
                    program("prometheus"),
                    f"--config.file={self.folder / 'prometheus.yml'}",
                    f"--storage.tsdb.path={self.folder / 'data'}",
                    f"--web.listen-address=127.0.0.1:{self.port}",
                    "--enable-feature=exemplar-storage",
                ],
                stdout=log,
                stderr=log,
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait(30)

    def query(self, expression: str) -> list[dict[str, Any]]:
        """The instant vector that the expression gives now."""
        return list(self._get("query", query=expression)["data"]["result"])

    def range(self, expression: str) -> list[dict[str, Any]]:
        """The series that the expression gives over the last ten minutes, every second."""
        now = time.time()
        asked = {"query": expression, "start": str(now - 600), "end": str(now), "step": "1"}
        return list(self._get("query_range", **asked)["data"]["result"])

    def exemplars(self, expression: str) -> list[dict[str, str]]:
        """The labels of the exemplars in the buckets that the expression names."""
        now = time.time()
        found = self._get("query_exemplars", query=expression, start=str(now - 3600), end=str(now + 60))
        return [each["labels"] for series in found["data"] for each in series["exemplars"]]

    def alerts(self) -> dict[str, str]:
        """Names and states of the alerts that are pending or firing."""
        return {each["labels"]["alertname"]: each["state"] for each in self._get("alerts")["data"]["alerts"]}

    def ready(self, metric: str, samples: int) -> None:
        """Wait until that many samples of a metric were scraped."""
        expression = f"min(count_over_time({metric}[10m])) >= {samples}"
        eventually(lambda: self._answers() and self.query(expression), f"{samples} scrapes of {metric}")

    def _answers(self) -> bool:
        """Whether it is up; while it starts it answers 503."""
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{self.port}/-/ready", timeout=10).close()
        except OSError:
            return False
        return True

    def _get(self, what: str, **parameters: str) -> Any:
        url = f"http://127.0.0.1:{self.port}/api/v1/{what}?{urllib.parse.urlencode(parameters)}"
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{parameters}: {error.read().decode()}") from error
