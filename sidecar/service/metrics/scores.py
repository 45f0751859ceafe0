"""What takes scored, by voice: what the alert on a voice's quality looks at.

The shipper counts scores as it ships them, because a scorer may run anywhere, run once, or start anew at any time, and
nobody scrapes it; the shipper is scraped already, and ships each score once, from whichever scorer.
"""

from __future__ import annotations

import collections
import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from uuid import UUID

from prometheus_client import CollectorRegistry

from sidecar.event.event import Event
from sidecar.event.types import SCORED
from sidecar.service.metrics.histogram import BatchHistogram

MOST_VOICES = 20
OTHER = "other"
_FRESH = timedelta(days=1)
"""A take that was older when it was scored is of a backlog, and says nothing of how takes sound now."""
_BUCKETS = (1, 1.25, 1.5, 1.75, 2, 2.25, 2.5, 2.75, 3, 3.25, 3.5, 3.75, 4, 4.5, 5)
_LONGEST = 64  # characters of a label
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


class Scores:
    """
    Args:
        most: so many voices have series of their own, the first that come; all others are one together.
    """

    def __init__(self, registry: CollectorRegistry, most: int) -> None:
        self._most = most
        self._labels: dict[str, str] = {}
        """By what tells voices apart."""
        self._scores = BatchHistogram(
            "tts_quality_score",
            "DNSMOS P.835 overall, 1 to 5, of takes that were scored within a day, by the speaker prompt's file name.",
            bounds=_BUCKETS,
            label="voice",
            registry=registry,
        )

    def committed(self, events: Sequence[Event]) -> None:
        scores: dict[str, list[float]] = collections.defaultdict(list)
        for event in events:
            if event.type != SCORED:
                continue
            score = (event.data.get("measures") or {}).get("mos_overall")
            if score is not None and event.time - _made_at(event) <= _FRESH:
                voice = event.data.get("voice") or {}
                scores[self._label(voice.get("path") or "", voice.get("sha256") or "")].append(score)
        for label, values in scores.items():
            self._scores.observe(label, values)

    def _label(self, path: str, content: str) -> str:
        identity = content or path
        known = self._labels.get(identity)
        if known is None:
            if not identity or len(self._labels) >= self._most:
                return OTHER
            file = path.replace("\\", "/").rpartition("/")[2]
            known = "".join(each if each.isprintable() else "?" for each in file)[:_LONGEST] or content[:8]
            if known == OTHER or known in self._labels.values():  # another voice of the same name
                known += " " + hashlib.sha256(identity.encode("utf-8", "surrogatepass")).hexdigest()[:8]
            self._labels[identity] = known
        return known


def _made_at(event: Event) -> datetime:
    """When the take was made, as its id says; that of the score where it is no id of ours."""
    subject = UUID(event.subject)
    if subject.version != 7:
        return event.time
    return _EPOCH + timedelta(milliseconds=subject.int >> 80)
