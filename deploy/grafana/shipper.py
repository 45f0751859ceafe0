"""The shipper's dashboard: is everything that was recorded in the database, and how soon. From Prometheus."""

from __future__ import annotations

from typing import Any

from panels import PROMETHEUS, Panel, curves, document, number, promql, variable

_HERE = '{instance=~"$instance"}'
_SPAN = "[$__rate_interval]"


def _rate(metric: str, by: str = "") -> str:
    return f"sum{f' by ({by})' if by else ''} (rate({metric}{_HERE}{_SPAN}))"


def _quantile(share: float, metric: str) -> str:
    return f"histogram_quantile({share}, sum by (le) (rate({metric}_bucket{_HERE}{_SPAN})))"


def _quantiles(title: str, metric: str, description: str, unit: str = "s") -> Panel:
    queries = [
        promql(_quantile(share, metric), name, ref)
        for share, name, ref in ((0.5, "half of them", "A"), (0.95, "95 %", "B"), (0.99, "99 %", "C"))
    ]
    return curves(title, list(queries), PROMETHEUS, unit=unit, description=description)


def _one(title: str, expression: str, **options: Any) -> Panel:
    return number(title, promql(expression), PROMETHEUS, **options)


_WAITS = f"""max((time() - sidecar_oldest_pending_timestamp_seconds{_HERE})
    * (sidecar_oldest_pending_timestamp_seconds{_HERE} > bool 0))"""
_UNACCOUNTED = f"""sum(sidecar_events_discovered_total{_HERE}) - sum(sidecar_events_shipped_total{_HERE})
    - sum(sidecar_events_quarantined_total{_HERE}) - sum(sidecar_files_skipped_total{_HERE})
    - sum(sidecar_pending_events{_HERE})"""

NOW: list[Panel] = [
    _one("Database takes events", f"min(sidecar_sink_up{_HERE})", good_from=1, description="1: yes, on every shipper."),
    _one("Pending", f"sum(sidecar_pending_events{_HERE})", description="Event files known and not yet committed."),
    _one("Oldest waits", _WAITS, unit="s", bad_from=120),
    _one(
        "Put into quarantine in 24 h",
        f"sum(increase(sidecar_events_quarantined_total{_HERE}[24h]))",
        bad_from=1,
        description="See `sidecar quarantine`.",
    ),
    _one(
        "Never reached the disk",
        f"sum(sidecar_sequence_gap_events{_HERE})",
        bad_from=1,
        description="Numbers missing between the events of a TTS process.",
    ),
    _one("Disk free", f"min(sidecar_disk_free_ratio{_HERE})", unit="percentunit", good_from=0.1),
]
DELIVERY: list[Panel] = [
    curves(
        "Shipped a second",
        [promql(_rate("sidecar_events_shipped_total", "type"), "{{type}}")],
        PROMETHEUS,
        unit="ops",
        description="Event files committed, by what happened.",
    ),
    curves("Pending", [promql(f"sidecar_pending_events{_HERE}", "{{instance}}")], PROMETHEUS),
    _quantiles("From event to row", "sidecar_delivery_latency_seconds", "From the event's time to its commit."),
    _quantiles("Commit", "sidecar_commit_duration_seconds", "From handing a batch over to its acknowledgement."),
    curves(
        "Requests to the database a second",
        [promql(_rate("sidecar_sink_attempts_total", "outcome"), "{{outcome}}")],
        PROMETHEUS,
        unit="ops",
        description="A failed one is tried again.",
    ),
    curves(
        "Quarantine",
        [promql(f"sum by (reason) (sidecar_events_quarantined_total{_HERE})", "{{reason}}")],
        PROMETHEUS,
        description="Put into quarantine since the start, by reason.",
    ),
]
FOLDER: list[Panel] = [
    curves(
        "Scans a second",
        [
            promql(_rate("sidecar_scans_total"), "scans", "A"),
            promql(_rate("sidecar_scan_recovered_total"), "files that the watcher missed", "B"),
            promql(_rate("sidecar_rewinds_total"), "everything read again", "C"),
        ],
        PROMETHEUS,
        unit="ops",
        span=8,
    ),
    curves(
        "Folders",
        [
            promql(f"sum by (mode) (sidecar_watch_mode{_HERE})", "{{mode}}", "A"),
            promql(f"sum(sidecar_folders_unavailable{_HERE})", "unavailable", "B"),
        ],
        PROMETHEUS,
        span=8,
        description="How each folder is followed: notify by announcements, poll by frequent scans.",
    ),
    curves(
        "Not accounted for",
        [promql(_UNACCOUNTED, "discovered - shipped - quarantined - skipped - pending")],
        PROMETHEUS,
        span=8,
        description="Always 0 but for the moment of a commit.",
    ),
]
SPEECH: list[Panel] = [
    curves(
        "Syntheses a minute",
        [promql(f"60 * {_rate('tts_synthesis_total', 'status')}", "{{status}}")],
        PROMETHEUS,
        bars=True,
        span=8,
    ),
    curves(
        "Real-time factor",
        [
            promql(_quantile(0.5, "tts_real_time_factor"), "half of them", "A"),
            promql(_quantile(0.95, "tts_real_time_factor"), "95 %", "B"),
        ],
        PROMETHEUS,
        span=8,
        description="Wall time over audio time; below 1 is faster than speech.",
    ),
    curves("Audio made, seconds a second", [promql(_rate("tts_audio_seconds_total"), "audio")], PROMETHEUS, span=8),
]
PROCESS: list[Panel] = [
    curves("CPU", [promql(f"rate(process_cpu_seconds_total{_HERE}{_SPAN})", "{{instance}}")], PROMETHEUS, span=8),
    curves(
        "Memory",
        [promql(f"process_resident_memory_bytes{_HERE}", "{{instance}}")],
        PROMETHEUS,
        unit="bytes",
        span=8,
    ),
    curves("Open files", [promql(f"process_open_fds{_HERE}", "{{instance}}")], PROMETHEUS, span=8),
]


def build() -> dict[str, Any]:
    return document(
        "IndexTTS shipper",
        "indextts-shipper",
        description="Is everything that was recorded in the database, and how soon.",
        hours=6,
        choice=variable(
            "instance", "Shipper", "label_values(sidecar_build_info, instance)", PROMETHEUS, everything=".*"
        ),
        sections={
            "Now": NOW,
            "Delivery": DELIVERY,
            "Folder": FOLDER,
            "Speech, as shipped": SPEECH,
            "Process": PROCESS,
        },
    )
