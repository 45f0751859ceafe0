"""What the events say of the speech itself: how many, how long, how fast."""

from __future__ import annotations

import collections
from collections.abc import Sequence

from prometheus_client import CollectorRegistry, Counter

from sidecar.event.event import Event
from sidecar.event.types import SYNTHESIS
from sidecar.service.metrics.histogram import BatchHistogram
from sidecar.service.metrics.labels import TYPES, bounded

_EMOTIONS = frozenset(
    [
        "neutral",
        "unknown",
        "reference",
        "happy",
        "angry",
        "sad",
        "afraid",
        "disgusted",
        "melancholic",
        "surprised",
        "calm",
    ]
)
_MODELS = frozenset(["1", "1.0", "1.5", "2", "2.0", "2.5"])
_SYNTHESIS_BUCKETS = (0.5, 1, 2, 3, 5, 8, 12, 20, 30, 60, 120, 300)
_RTF_BUCKETS = (0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10)


class Speech:
    def __init__(self, registry: CollectorRegistry) -> None:
        self._syntheses = Counter(
            "tts_synthesis", "Syntheses by outcome.", ["status", "emotion", "model"], registry=registry
        )
        self._synthesis_seconds = BatchHistogram(
            "tts_synthesis_duration_seconds",
            "Wall time of a synthesis.",
            bounds=_SYNTHESIS_BUCKETS,
            label="status",
            registry=registry,
        )
        self._audio_seconds = Counter("tts_audio_seconds", "Seconds of audio made.", registry=registry)
        self._rtf = BatchHistogram(
            "tts_real_time_factor", "Wall time over audio time.", bounds=_RTF_BUCKETS, registry=registry
        )
        self._unwritten = Counter(
            "tts_unwritten_events",
            "Events that the TTS process could not write, by its own count.",
            registry=registry,
        )

    def committed(self, events: Sequence[Event]) -> None:
        """Count a batch at once: labels are looked up for each kind of event, not for each event."""
        tally: collections.Counter[tuple[str, str, str]] = collections.Counter()
        seconds: dict[str, list[float]] = collections.defaultdict(list)
        timed: dict[str, list[str]] = collections.defaultdict(list)
        factors: list[float] = []
        measured: list[str] = []
        audio_seconds = 0.0
        for event in events:
            if not event.type.startswith(SYNTHESIS):
                continue
            data = event.data
            status = bounded(event.type[len(SYNTHESIS) :], TYPES)
            timing, audio = data.get("timing") or {}, data.get("audio") or {}
            emotion = (data.get("emotion") or {}).get("label") or ("unknown" if status == "discovered" else "neutral")
            model = (data.get("model") or {}).get("version") or "unknown"
            tally[status, bounded(emotion, _EMOTIONS), bounded(model, _MODELS)] += 1
            if (wall := timing.get("wall")) is not None:
                seconds[status].append(wall)
                timed[status].append(event.subject)
            if (factor := timing.get("rtf")) is not None:
                factors.append(factor)
                measured.append(event.subject)
            if audio.get("duration") is not None and status == "succeeded":
                audio_seconds += audio["duration"]
            if data.get("unwritten_events"):
                self._unwritten.inc(data["unwritten_events"])
        for labels, count in tally.items():
            self._syntheses.labels(*labels).inc(count)
        for status, walls in seconds.items():
            self._synthesis_seconds.observe(status, walls, timed[status])
        self._rtf.observe("", factors, measured)
        self._audio_seconds.inc(audio_seconds)
