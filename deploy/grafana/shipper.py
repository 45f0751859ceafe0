"""The shipper's dashboard: is everything that was recorded in the database, and how soon. From Prometheus."""

from __future__ import annotations

from typing import Any

from panels import OUTCOMES, PROMETHEUS, Happened, Panel, curves, document, number, promql, variable

_HERE = '{instance=~"$instance"}'
_SPAN = "[$__rate_interval]"


def _rate(metric: str, by: str = "") -> str:
    return f"sum{f' by ({by})' if by else ''} (rate({metric}{_HERE}{_SPAN}))"


def _quantile(share: float, metric: str) -> str:
    return f"histogram_quantile({share}, sum by (le) (rate({metric}_bucket{_HERE}{_SPAN})))"


def _quantiles(
    title: str, metric: str, description: str, unit: str = "s", *, dots: bool = False, **options: Any
) -> Panel:
    queries = [
        promql(_quantile(share, metric), name, ref, dots=dots)
        for share, name, ref in ((0.5, "half of them", "A"), (0.95, "95 %", "B"), (0.99, "99 %", "C"))
    ]
    return curves(title, list(queries), PROMETHEUS, unit=unit, description=description, **options)


def _one(title: str, expression: str, **options: Any) -> Panel:
    return number(title, promql(expression), PROMETHEUS, **{"takes": None, **options})


def _curves(title: str, queries: list[Any], **options: Any) -> Panel:
    """Of the shipper itself: the library knows nothing of it."""
    return curves(title, queries, PROMETHEUS, **{"takes": None, **options})


_WAITS = f"""max((time() - sidecar_oldest_pending_timestamp_seconds{_HERE})
    * (sidecar_oldest_pending_timestamp_seconds{_HERE} > bool 0))"""
_UNACCOUNTED = f"""sum(sidecar_events_discovered_total{_HERE}) - sum(sidecar_events_shipped_total{_HERE})
    - sum(sidecar_events_quarantined_total{_HERE}) - sum(sidecar_files_skipped_total{_HERE})
    - sum(sidecar_pending_events{_HERE})"""

NOW: list[Panel] = [
    _one(
        "Database takes events",
        f"min(sidecar_sink_up{_HERE})",
        good_from=1,
        yes_no=True,
        description="Whether every shipper's last attempt was taken.",
    ),
    _one("Pending", f"sum(sidecar_pending_events{_HERE})", description="Event files known and not yet committed."),
    _one(
        "Oldest waits",
        _WAITS,
        unit="s",
        bad_from=120,
        description="How long the oldest event file has waited for its commit; red from two minutes on.",
    ),
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
    _one(
        "Disk free",
        f"min(sidecar_disk_free_ratio{_HERE})",
        unit="percentunit",
        good_from=0.1,
        description="Of the fullest disk with a watched folder.",
    ),
]
DELIVERY: list[Panel] = [
    _curves(
        "Shipped a second",
        [promql(_rate("sidecar_events_shipped_total", "type"), "{{type}}")],
        unit="ops",
        description="Event files committed, by what happened.",
    ),
    _curves(
        "Pending",
        [promql(f"sidecar_pending_events{_HERE}", "{{instance}}")],
        description="Event files known and not yet committed, of each shipper.",
    ),
    _quantiles(
        "From event to row",
        "sidecar_delivery_latency_seconds",
        "From the event's time to its commit. Each dot is a take and opens it.",
        dots=True,
    ),
    _quantiles(
        "Commit", "sidecar_commit_duration_seconds", "From handing a batch over to its acknowledgement.", takes=None
    ),
    _curves(
        "Requests to the database a second",
        [promql(_rate("sidecar_sink_attempts_total", "outcome"), "{{outcome}}")],
        unit="ops",
        description="A failed one is tried again.",
    ),
    _curves(
        "Quarantine",
        [promql(f"sum by (reason) (sidecar_events_quarantined_total{_HERE})", "{{reason}}")],
        description="Put into quarantine since the start, by reason.",
    ),
]
FOLDER: list[Panel] = [
    _curves(
        "Scans a second",
        [
            promql(_rate("sidecar_scans_total"), "scans", "A"),
            promql(_rate("sidecar_scan_recovered_total"), "files that the watcher missed", "B"),
            promql(_rate("sidecar_rewinds_total"), "everything read again", "C"),
        ],
        description="Listings of the watched folders, files found by them alone, and folders read from the start.",
        unit="ops",
        span=8,
    ),
    _curves(
        "Folders",
        [
            promql(f"sum by (mode) (sidecar_watch_mode{_HERE})", "{{mode}}", "A"),
            promql(f"sum(sidecar_folders_unavailable{_HERE})", "unavailable", "B"),
        ],
        span=8,
        description="How each folder is followed: notify by announcements, poll by frequent scans.",
    ),
    _curves(
        "Not accounted for",
        [promql(_UNACCOUNTED, "discovered - shipped - quarantined - skipped - pending")],
        span=8,
        description="Always 0 but for the moment of a commit.",
    ),
]
SPEECH: list[Panel] = [
    _curves(
        "Syntheses a minute",
        [promql(f"60 * {_rate('tts_synthesis_total', 'status')}", "{{status}}")],
        takes="",
        description="By outcome, as they were shipped.",
        bars=True,
        things=OUTCOMES,
        span=8,
    ),
    _curves(
        "Real-time factor",
        [
            promql(
                f"""sum(rate(tts_synthesis_duration_seconds_sum{{status="succeeded",instance=~"$instance"}}{_SPAN}))
                    / {_rate("tts_audio_seconds_total")}""",
                "real-time factor",
            )
        ],
        takes="status=succeeded",
        bad_from=1,
        span=8,
        description="All wall time over all audio time; below 1 is faster than speech.",
    ),
    _curves(
        "Audio made, seconds a second",
        [promql(_rate("tts_audio_seconds_total"), "audio")],
        takes="status=succeeded",
        description="Above 1, more speech is made than one voice could say meanwhile.",
        span=8,
    ),
]
PROCESS: list[Panel] = [
    _curves(
        "CPU",
        [promql(f"rate(process_cpu_seconds_total{_HERE}{_SPAN})", "{{instance}}")],
        description="Processors that each shipper keeps busy.",
        span=8,
    ),
    _curves(
        "Memory",
        [promql(f"process_resident_memory_bytes{_HERE}", "{{instance}}")],
        description="Resident memory of each shipper.",
        unit="bytes",
        span=8,
    ),
    _curves(
        "Open files",
        [promql(f"process_open_fds{_HERE}", "{{instance}}")],
        description="Descriptors of each shipper; a number that only grows is a leak.",
        span=8,
    ),
]


RESTARTS = Happened(
    name="Shipper restarted",
    query=f"changes(process_start_time_seconds{_HERE}[1m]) > 0",
    source=PROMETHEUS,
    title="Shipper {{instance}} restarted",
    colour="takes",
)
TTS_STARTS = Happened(
    name="TTS started",
    query=f"sum by (instance) (increase(tts_processes_total{_HERE}[1m])) > 0",
    source=PROMETHEUS,
    title="A TTS process started, shipped by {{instance}}",
    colour="surprised",
)
MODELS = Happened(
    name="Model changed",
    query=f"""(sum by (model) (increase(tts_synthesis_total{_HERE}[5m])) > 0)
        unless (sum by (model) (increase(tts_synthesis_total{_HERE}[1d] offset 5m)) > 0)""",
    source=PROMETHEUS,
    title="Model {{model}}, not used in the day before",
    colour="failed",
)
CHOICE = variable("instance", "Shipper", "label_values(sidecar_build_info, instance)", PROMETHEUS, everything=".*")


def build() -> dict[str, Any]:
    return document(
        "IndexTTS shipper",
        "indextts-shipper",
        description="Is everything that was recorded in the database, and how soon.",
        hours=6,
        sources=[PROMETHEUS],
        choice=CHOICE,
        happened=[RESTARTS, TTS_STARTS, MODELS],
        sections={
            "Now": NOW,
            "Delivery": DELIVERY,
            "Folder": FOLDER,
            "Speech, as shipped": SPEECH,
            "Process": PROCESS,
        },
    )
