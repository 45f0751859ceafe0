"""What the recording proxy counts: requests, what became of them, records."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, ProcessCollector
from prometheus_client.exposition import choose_encoder

from sidecar import __version__

_FIRST_BYTE_BUCKETS = (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120)


class ProxyMetrics:
    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        Info("sidecar_build", "Version of this program.", registry=registry).info({"version": __version__})
        self._calls = Counter(
            "sidecar_proxy_calls", "Requests for speech by what became of them.", ["outcome"], registry=registry
        )
        self._first_byte = Histogram(
            "sidecar_proxy_first_byte_seconds",
            "From the whole request to the first byte of audio.",
            buckets=_FIRST_BYTE_BUCKETS,
            registry=registry,
        )
        self._passed = Counter(
            "sidecar_proxy_passed", "Requests for anything else, which are not recorded.", registry=registry
        )
        self._refused = Counter(
            "sidecar_proxy_refused", "Requests that the proxy answered itself, by code.", ["code"], registry=registry
        )
        self._running = Gauge("sidecar_proxy_running", "Requests that are being answered.", registry=registry)
        self._written = Counter("sidecar_proxy_events", "Event files written.", registry=registry)
        self._unwritten = Counter(
            "sidecar_proxy_unwritten_events", "Events that could not be written, and are lost.", registry=registry
        )

    def exposition(self, accept: str = "") -> tuple[bytes, str]:
        """The metrics page and its content type.

        Args:
            accept: the Accept header. Who asks for OpenMetrics, as Prometheus does, gets exemplars too.
        """
        encode, content_type = choose_encoder(accept)
        return encode(self.registry), content_type

    def running(self, number: int) -> None:
        self._running.set(number)

    def ended(self, outcome: str, first_byte: float | None) -> None:
        """A request for speech is over.

        Args:
            outcome: succeeded, failed or abandoned.
            first_byte: seconds; None where there was none.
        """
        self._calls.labels(outcome).inc()
        if first_byte is not None:
            self._first_byte.observe(first_byte)

    def refused(self, code: str) -> None:
        """
        Args:
            code: of a closed set, that of the proxy's refusals.
        """
        self._refused.labels(code).inc()

    def passed(self) -> None:
        self._passed.inc()

    def written(self) -> None:
        self._written.inc()

    def unwritten(self) -> None:
        self._unwritten.inc()
