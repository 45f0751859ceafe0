"""What a running shipper says of itself, read from its own pages."""

from __future__ import annotations

import contextlib
import http.client
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

# Read here, because importing prometheus-client with its parser would cost `sidecar status` a third of its time.
_LABEL = re.compile(r'(\w+)="((?:[^"\\\n]|\\.)*)",?')
_SAMPLE = re.compile(rf"([a-zA-Z_:][\w:]*)(?:\{{((?:{_LABEL.pattern})*)\}})? (\S+)")
_ESCAPED = {r"\\": "\\", r"\"": '"', r"\n": "\n"}


@dataclass(frozen=True)
class Sample:
    name: str
    labels: Mapping[str, str]
    value: float


@dataclass(frozen=True)
class Page:
    """One reading of /metrics."""

    samples: Sequence[Sample]

    def total(self, name: str, **labels: str) -> float:
        """The sum over all samples of that name with those labels; 0 where there is none."""
        return sum(each.value for each in self.samples if each.name == name and labels.items() <= each.labels.items())

    def by(self, name: str, label: str) -> dict[str, float]:
        """The sum for each value of a label."""
        sums: dict[str, float] = defaultdict(float)
        for each in self.samples:
            if each.name == name and label in each.labels:
                sums[each.labels[label]] += each.value
        return sums

    def text(self, name: str, label: str) -> str:
        """The label's value in the first sample of that name; empty where there is none."""
        return next((each.labels.get(label, "") for each in self.samples if each.name == name), "")

    def quantile(self, share: float, name: str, since: Page | None = None) -> float | None:
        """An upper bound, from a histogram's buckets, for the values since another reading; None where there are none.

        Args:
            share: of the values, 0 to 1.
        """
        before = since.by(f"{name}_bucket", "le") if since else {}
        buckets = sorted(
            (float(bound), value - before.get(bound, 0.0)) for bound, value in self.by(f"{name}_bucket", "le").items()
        )
        if not buckets or buckets[-1][1] <= 0:
            return None
        return next(bound for bound, count in buckets if count >= share * buckets[-1][1])


def parse(page: str) -> Page:
    """Read Prometheus's text format. Anything else, such as another program's page, has no samples."""
    samples = []
    for line in page.splitlines():
        if not line or line.startswith("#"):
            continue
        match = _SAMPLE.fullmatch(line)
        if match is None:
            return Page([])
        labels = {name: re.sub(r"\\.", _unescaped, value) for name, value in _LABEL.findall(match[2] or "")}
        try:
            samples.append(Sample(match[1], labels, float(match[5])))
        except ValueError:
            return Page([])
    return Page(samples)


def _unescaped(match: re.Match[str]) -> str:
    return _ESCAPED.get(match[0], match[0])


def read(address: tuple[str, int], path: str, timeout: float = 3.0) -> tuple[int, str]:
    """Status and body of a page; 0 and the reason where nothing answers.

    Args:
        timeout: seconds.
    """
    host, port = address
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    try:
        with contextlib.closing(http.client.HTTPConnection(host, port, timeout=timeout)) as connection:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode("utf-8", "replace")
    except (OSError, ValueError, http.client.HTTPException) as error:  # the last: something that does not speak HTTP
        return 0, str(getattr(error, "strerror", None) or error)


class Difference(StrEnum):
    """How a running shipper differs from the settings at hand."""

    NONE = ""
    INSTALLATION = "another name or other folders"
    DATABASE = "another database"


def difference(page: Page, fingerprint: str, database: str) -> Difference:
    """
    Args:
        page: of the running shipper.
        fingerprint: Settings.fingerprint of the settings at hand.
        database: their Settings.database_fingerprint.
    """
    if page.text("sidecar_settings_info", "fingerprint") != fingerprint:
        return Difference.INSTALLATION
    return Difference.NONE if page.text("sidecar_settings_info", "database") == database else Difference.DATABASE
