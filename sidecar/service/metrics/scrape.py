"""What a running shipper says of itself, read from its own pages."""

from __future__ import annotations

import http.client
import re
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass

_SAMPLE = re.compile(r"^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')

Labels = Mapping[str, str]


@dataclass(frozen=True)
class Page:
    """One reading of /metrics."""

    samples: list[tuple[str, Labels, float]]

    def total(self, name: str, **labels: str) -> float:
        """The sum over all samples of that name with those labels; 0 where there is none."""
        return sum(
            value
            for found, having, value in self.samples
            if found == name and all(having.get(key) == wanted for key, wanted in labels.items())
        )

    def by(self, name: str, label: str) -> dict[str, float]:
        """The sum for each value of a label."""
        found: dict[str, float] = {}
        for sample, having, value in self.samples:
            if sample == name and label in having:
                found[having[label]] = found.get(having[label], 0.0) + value
        return found

    def text(self, name: str, label: str) -> str:
        return next((having.get(label, "") for sample, having, _ in self.samples if sample == name), "")

    def quantile(self, share: float, name: str, since: Page | None = None) -> float | None:
        """An upper bound from the histogram's buckets, of what came since another reading; None where nothing did."""
        before = since.by(f"{name}_bucket", "le") if since else {}
        buckets = sorted(
            (float(bound), value - before.get(bound, 0.0)) for bound, value in self.by(f"{name}_bucket", "le").items()
        )
        if not buckets or buckets[-1][1] <= 0:
            return None
        return next(bound for bound, count in buckets if count >= share * buckets[-1][1])


def parse(page: str) -> Page:
    """The text format of Prometheus, as prometheus_client writes it."""
    samples: list[tuple[str, Labels, float]] = []
    for line in page.splitlines():
        match = _SAMPLE.match(line)
        if match:
            samples.append((match[1], dict(_LABEL.findall(match[2] or "")), float(match[3])))
    return Page(samples)


def read(address: tuple[str, int], path: str, timeout: float = 3.0) -> tuple[int, str]:
    """Status and body of a page; 0 and the reason where nothing answers."""
    host, port = address
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    host = f"[{host}]" if ":" in host else host
    try:
        with urllib.request.urlopen(f"http://{host}:{port}{path}", timeout=timeout) as answer:
            return answer.status, answer.read().decode("utf-8", "replace")
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode("utf-8", "replace")
    except (OSError, ValueError, http.client.HTTPException) as error:  # the last: something that speaks no HTTP
        return 0, str(getattr(error, "reason", error))


def fingerprint(address: tuple[str, int]) -> str:
    """Whose shipper answers there; see Settings.fingerprint. Empty where none does."""
    return parse(read(address, "/metrics")[1]).text("sidecar_settings_info", "fingerprint")
