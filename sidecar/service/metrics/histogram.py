"""A Prometheus histogram that takes a batch of values at a time.

The client library's own takes a value at a time, with two locks and a walk through the buckets: three of them are a
tenth of an event's way through the shipper while it catches up.
"""

from __future__ import annotations

import threading
import time
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import accumulate

from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import HistogramMetricFamily
from prometheus_client.registry import Collector
from prometheus_client.samples import Exemplar

EXEMPLAR = "event_id"
"""The label by which an exemplar names its take: tts_records.event_id, as the library's addresses do."""


class BatchHistogram(Collector):
    """
    Args:
        bounds: upper bounds of the buckets, ascending; the last one, infinity, is added.
        label: name of its one label, if it has one.
    """

    def __init__(
        self, name: str, documentation: str, *, bounds: Sequence[float], registry: CollectorRegistry, label: str = ""
    ) -> None:
        self._name = name
        self._documentation = documentation
        self._bounds = tuple(bounds)
        self._labelnames = [label] if label else []
        self._lock = threading.Lock()
        self._counts: dict[str, list[int]] = {}
        self._sums: dict[str, float] = {}
        self._exemplars: dict[str, dict[int, Exemplar]] = {}
        if not label:
            self.observe("", ())
        registry.register(self)

    def observe(self, label: str, values: Sequence[float], takes: Sequence[str] = ()) -> None:
        """Count the values.

        Args:
            label: the label's value; "" where the histogram has none.
            takes: for each value the event_id of its take, if it has one, else "". The batch's last take in each
                bucket becomes that bucket's exemplar.
        """
        counts = [0] * (len(self._bounds) + 1)
        last = [0] * len(counts)
        total = 0.0
        for number, value in enumerate(values):
            bucket = bisect_left(self._bounds, value)
            counts[bucket] += 1
            last[bucket] = number
            total += value
        # Not in the loop: of a batch of a thousand a handful is kept.
        now = time.time()
        exemplars = {
            bucket: Exemplar({EXEMPLAR: takes[last[bucket]]}, values[last[bucket]], now)
            for bucket, count in enumerate(counts)
            if count and takes and takes[last[bucket]]
        }
        with self._lock:
            before = self._counts.get(label)
            self._counts[label] = [old + new for old, new in zip(before, counts, strict=True)] if before else counts
            self._sums[label] = self._sums.get(label, 0.0) + total
            self._exemplars.setdefault(label, {}).update(exemplars)

    def collect(self) -> Iterator[HistogramMetricFamily]:
        family = HistogramMetricFamily(self._name, self._documentation, labels=self._labelnames)
        bounds = [*(str(float(bound)) for bound in self._bounds), "+Inf"]
        with self._lock:
            for label, counts in self._counts.items():
                labels = [label] if self._labelnames else []
                exemplars = self._exemplars[label]
                buckets: list[tuple[str, float] | tuple[str, float, Exemplar]] = [
                    (bound, count, exemplars[bucket]) if bucket in exemplars else (bound, count)
                    for bucket, (bound, count) in enumerate(zip(bounds, accumulate(counts), strict=True))
                ]
                family.add_metric(labels, buckets, self._sums[label])
        yield family

    def describe(self) -> Iterator[HistogramMetricFamily]:
        yield HistogramMetricFamily(self._name, self._documentation, labels=self._labelnames)
