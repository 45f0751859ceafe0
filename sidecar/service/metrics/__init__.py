"""What the shipper says of itself and of the speech, for Prometheus, the log and people."""

from sidecar.service.metrics.catalogue import Metrics
from sidecar.service.metrics.health import Health

__all__ = ["Health", "Metrics"]
