"""The speech dashboard: what was spoken, how, how fast, and what failed. From tts_records.

Plain SQL that MySQL 8 and 9, MariaDB 10.11 and TiDB all run. `created_at` is UTC, which is why the data source's
session time zone is +00:00.
"""

from __future__ import annotations

from typing import Any

from panels import MYSQL, Panel, Sql, curves, document, number, rows, shares, variable

_HERE = "$__timeFilter(created_at) AND source RLIKE '^indextts://(${host:pipe})/'"
_SPOKEN = f"{_HERE} AND status = 'succeeded'"
_HOUR = "$__timeGroupAlias(created_at, '1h')"


def _one(title: str, value: str, where: str = _HERE, **options: Any) -> Panel:
    return number(title, Sql(f"SELECT {value} AS value FROM tts_records WHERE {where}"), MYSQL, **options)


def _hourly(values: str, where: str, group: str = "1") -> Sql:
    return Sql(f"SELECT {_HOUR}, {values} FROM tts_records WHERE {where} GROUP BY {group} ORDER BY 1", "time_series")


NOW: list[Panel] = [
    _one("Syntheses", "COUNT(*)"),
    _one("Audio", "COALESCE(SUM(duration), 0)", _SPOKEN, unit="s"),
    _one(
        "Failed",
        "COALESCE(AVG(status IN ('failed', 'interrupted')), 0)",
        unit="percentunit",
        bad_from=0.05,
        description="Share of the syntheses that failed or whose process died.",
    ),
    _one("Real-time factor", "COALESCE(AVG(rtf), 0)", _SPOKEN, description="Wall time over audio time, mean."),
    _one(
        "Made more than once",
        "COALESCE(1 - COUNT(DISTINCT request_hash) / NULLIF(COUNT(request_hash), 0), 0)",
        _SPOKEN,
        unit="percentunit",
        description="Share of the syntheses whose very request had been made before.",
    ),
    _one(
        "Cut short or saturated",
        "COALESCE(SUM(truncated = 1 OR full_scale_share > 0.01), 0)",
        _SPOKEN,
        bad_from=1,
        description="Generation stopped at max_mel_tokens, or more than 1 % of the samples at full scale.",
    ),
]
VOLUME: list[Panel] = [
    curves(
        "Syntheses an hour",
        [_hourly("status AS metric, COUNT(*) AS value", _HERE, "1, 2")],
        MYSQL,
        bars=True,
        description="By outcome.",
    ),
    curves(
        "Audio an hour",
        [_hourly("SUM(duration) AS audio", _SPOKEN)],
        MYSQL,
        unit="s",
        bars=True,
    ),
    curves(
        "By host",
        [
            _hourly(
                "SUBSTRING_INDEX(SUBSTRING_INDEX(source, '/', 3), '/', -1) AS metric, COUNT(*) AS value",
                _HERE,
                "1, 2",
            )
        ],
        MYSQL,
        bars=True,
        description="Syntheses an hour on each machine.",
    ),
    curves(
        "By model",
        [_hourly("COALESCE(model_version, 'unknown') AS metric, COUNT(*) AS value", _HERE, "1, 2")],
        MYSQL,
        bars=True,
    ),
]
EMOTIONS: list[Panel] = [
    shares(
        "Emotions",
        f"SELECT emotion, COUNT(*) AS syntheses FROM tts_records WHERE {_HERE} GROUP BY emotion ORDER BY 2 DESC",
    ),
    curves(
        "Emotions an hour",
        [_hourly("emotion AS metric, COUNT(*) AS value", _HERE, "1, 2")],
        MYSQL,
        bars=True,
    ),
    shares(
        "Voices",
        f"""SELECT COALESCE(SUBSTRING_INDEX(voice, '/', -1), 'unknown') AS voice_file, COUNT(*) AS syntheses
            FROM tts_records WHERE {_HERE} GROUP BY voice_file ORDER BY 2 DESC LIMIT 20""",
    ),
]
SPEED: list[Panel] = [
    curves(
        "Real-time factor",
        [_hourly("AVG(rtf) AS mean, MAX(rtf) AS highest", f"{_SPOKEN} AND rtf IS NOT NULL")],
        MYSQL,
        description="Wall time over audio time; below 1 is faster than speech.",
    ),
    curves(
        "Where the time goes",
        [
            _hourly(
                "AVG(gpt_time) AS gpt, AVG(s2mel_time) AS s2mel, AVG(bigvgan_time) AS bigvgan, "
                "AVG(wall_time - COALESCE(gpt_time, 0) - COALESCE(s2mel_time, 0) - COALESCE(bigvgan_time, 0)) AS rest",
                f"{_SPOKEN} AND wall_time IS NOT NULL",
            )
        ],
        MYSQL,
        unit="s",
        bars=True,
        description="Mean of each stage.",
    ),
    rows(
        "Slowest prompts",
        f"""SELECT LEFT(text_input, 120) AS text, emotion, wall_time, duration, rtf, segments, created_at, event_id
            FROM tts_records WHERE {_SPOKEN} AND wall_time IS NOT NULL ORDER BY wall_time DESC LIMIT 20""",
        units={"wall_time": "s", "duration": "s"},
    ),
    rows(
        "Made more than once",
        f"""SELECT LEFT(MIN(text_input), 120) AS text, MIN(emotion) AS emotion, COUNT(*) AS times,
            SUM(wall_time) - MAX(wall_time) AS time_lost, MAX(created_at) AS last_at
            FROM tts_records WHERE {_SPOKEN} AND request_hash IS NOT NULL
            GROUP BY request_hash HAVING COUNT(*) > 1 ORDER BY time_lost DESC LIMIT 20""",
        units={"time_lost": "s"},
        description="The very same request, synthesised again: what keeping the audio would have saved.",
    ),
]
FAILURES: list[Panel] = [
    rows(
        "Failures by kind",
        f"""SELECT COALESCE(error_type, status) AS error, COUNT(*) AS times, MAX(created_at) AS last_at
            FROM tts_records WHERE {_HERE} AND status IN ('failed', 'interrupted')
            GROUP BY error ORDER BY times DESC LIMIT 20""",
        span=8,
    ),
    rows(
        "Latest failures",
        f"""SELECT created_at, status, error_type, LEFT(error_message, 200) AS message, LEFT(text_input, 80) AS text,
            SUBSTRING_INDEX(SUBSTRING_INDEX(source, '/', 3), '/', -1) AS host
            FROM tts_records WHERE {_HERE} AND status IN ('failed', 'interrupted')
            ORDER BY created_at DESC LIMIT 50""",
        span=16,
    ),
]


def build() -> dict[str, Any]:
    return document(
        "IndexTTS speech",
        "indextts-speech",
        description="What was spoken, how, how fast, and what failed.",
        hours=48,
        choice=variable(
            "host",
            "Host",
            "SELECT DISTINCT SUBSTRING_INDEX(SUBSTRING_INDEX(source, '/', 3), '/', -1) AS host FROM tts_records "
            "WHERE $__timeFilter(created_at) AND source IS NOT NULL ORDER BY host",
            MYSQL,
            everything="[^/]*",
        ),
        sections={
            "At a glance": NOW,
            "Volume": VOLUME,
            "Emotions and voices": EMOTIONS,
            "Speed": SPEED,
            "Failures": FAILURES,
        },
    )
