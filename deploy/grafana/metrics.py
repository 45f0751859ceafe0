"""Speech from Prometheus alone, for who has the tables in SQLite, which Grafana cannot ask: how much, how fast, how it
sounds, and whether it arrives. What was said and by whom is in the library, where every panel leads.
"""

from __future__ import annotations

from typing import Any

import shipper
from panels import BY_EMOTION, BY_MODEL, OUTCOMES, PROMETHEUS, Panel, curves, document, number, promql

_HERE = '{instance=~"$instance"}'
_SPOKEN = '{instance=~"$instance",status="succeeded"}'
_RANGE = "[$__range]"
_BUCKET = "[$bucket]"
_FAILED = "status=failed&status=interrupted"


def _one(title: str, expression: str, **options: Any) -> Panel:
    return number(title, promql(expression, instant=True), PROMETHEUS, **options)


def _rtf(span: str) -> str:
    return f"""sum(increase(tts_synthesis_duration_seconds_sum{_SPOKEN}{span}))
        / sum(increase(tts_audio_seconds_total{_HERE}{span}))"""


def _made(by: str, where: str = _HERE) -> str:
    return f"sum by ({by}) (increase(tts_synthesis_total{where}{_BUCKET}))"


def _slowest(metric: str, where: str) -> list[Any]:
    return [
        promql(
            f"histogram_quantile({share}, sum by (le) (rate({metric}_bucket{where}{_BUCKET})))", name, ref, dots=True
        )
        for share, name, ref in ((0.5, "half of them", "A"), (0.95, "95 %", "B"))
    ]


NOW: list[Panel] = [
    _one(
        "Syntheses",
        f"sum(increase(tts_synthesis_total{_HERE}{_RANGE}))",
        description="Everything that was tried in the time that is shown.",
    ),
    _one(
        "Audio",
        f"sum(increase(tts_audio_seconds_total{_HERE}{_RANGE}))",
        takes="status=succeeded",
        unit="s",
        description="Length of all audio that was made.",
    ),
    _one(
        "Failed",
        f"""sum(increase(tts_synthesis_total{{instance=~"$instance",status=~"failed|interrupted"}}{_RANGE}))
            / sum(increase(tts_synthesis_total{_HERE}{_RANGE}))""",
        takes=_FAILED,
        unit="percentunit",
        bad_from=0.05,
        description="Share of the syntheses that failed or whose process died.",
    ),
    _one(
        "Real-time factor",
        _rtf(_RANGE),
        takes="status=succeeded",
        bad_from=1,
        description="All wall time over all audio time; below 1 is faster than speech.",
    ),
    _one(
        "Database takes events",
        f"min(sidecar_sink_up{_HERE})",
        takes=None,
        good_from=1,
        yes_no=True,
        description="Whether every shipper's last attempt was taken.",
    ),
    _one(
        "Put into quarantine in 24 h",
        f"sum(increase(sidecar_events_quarantined_total{_HERE}[24h]))",
        takes=None,
        bad_from=1,
        description="See `sidecar quarantine`.",
    ),
]
VOLUME: list[Panel] = [
    curves(
        "Syntheses",
        [promql(_made("status"), "{{status}}")],
        PROMETHEUS,
        bars=True,
        things=OUTCOMES,
        description="By outcome, in each bucket of time.",
    ),
    curves(
        "By model",
        [promql(_made("model"), "{{model}}")],
        PROMETHEUS,
        bars=True,
        things=BY_MODEL,
        description="Syntheses by version of the model.",
    ),
    curves(
        "By emotion",
        [promql(_made("emotion"), "{{emotion}}")],
        PROMETHEUS,
        bars=True,
        things=BY_EMOTION,
        description="Syntheses by emotion.",
    ),
    curves(
        "Audio",
        [promql(f"sum(increase(tts_audio_seconds_total{_HERE}{_BUCKET}))", "audio")],
        PROMETHEUS,
        takes="status=succeeded",
        unit="s",
        bars=True,
        description="Length of the audio that was made in each bucket of time.",
    ),
]
SPEED: list[Panel] = [
    curves(
        "Real-time factor",
        [promql(_rtf(_BUCKET), "real-time factor")],
        PROMETHEUS,
        takes="status=succeeded",
        bad_from=1,
        description="All wall time over all audio time of each bucket; below 1 is faster than speech.",
        span=8,
    ),
    curves(
        "How long a synthesis takes",
        _slowest("tts_synthesis_duration_seconds", _SPOKEN),
        PROMETHEUS,
        takes="status=succeeded",
        unit="s",
        description="Wall time. Each dot is a take and opens it.",
        span=8,
    ),
    curves(
        "From event to row",
        _slowest("sidecar_delivery_latency_seconds", _HERE),
        PROMETHEUS,
        unit="s",
        description="From the end of a synthesis to its commit. Each dot is a take and opens it.",
        span=8,
    ),
]
SOUND: list[Panel] = [
    curves(
        "Quality by voice",
        [
            promql(
                f"""sum by (voice) (increase(tts_quality_score_sum{_HERE}[1d]))
                    / sum by (voice) (increase(tts_quality_score_count{_HERE}[1d]))""",
                "{{voice}}",
            )
        ],
        PROMETHEUS,
        description="DNSMOS P.835 overall, 1 to 5, mean of 24 hours; empty where `sidecar score` does not run.",
        span=24,
    ),
]


def build() -> dict[str, Any]:
    return document(
        "IndexTTS speech, from metrics",
        "indextts-metrics",
        description="How much was spoken, how fast and how it sounds, from Prometheus alone.",
        hours=48,
        sources=[PROMETHEUS],
        choice=shipper.CHOICE,
        happened=[shipper.MODELS, shipper.TTS_STARTS, shipper.RESTARTS],
        sections={"At a glance": NOW, "Volume": VOLUME, "Speed": SPEED, "Sound": SOUND},
    )
