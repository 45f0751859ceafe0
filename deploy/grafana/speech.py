"""The speech dashboard: what was spoken, how, how fast, how it sounds, and what failed. From tts_records and tts_heard.

Plain SQL that MySQL 8 and 9, MariaDB 10.11 and TiDB all run. `created_at` is UTC, which is why the data source's
session time zone is +00:00.
"""

from __future__ import annotations

from typing import Any

import doubtful
from panels import (
    BUCKET,
    BY_EMOTION,
    BY_MODEL,
    MYSQL,
    OUTCOMES,
    PROMETHEUS,
    TAKE,
    Happened,
    Panel,
    Sql,
    curves,
    document,
    number,
    promql,
    rows,
    shares,
    these,
    variable,
)

from sidecar import palette

_HERE = "$__timeFilter(created_at) AND source RLIKE '^indextts://(${host:pipe})/'"
_SPOKEN = f"{_HERE} AND status = 'succeeded'"
_TIME = f"$__timeGroupAlias(created_at, '{BUCKET}')"
_RTF = "SUM(wall_time) / NULLIF(SUM(duration), 0)"
"""All wall time over all audio time, which is not the mean of the takes' own factors."""
_TIMED = f"{_SPOKEN} AND duration IS NOT NULL AND wall_time IS NOT NULL"
_FAULTS = "status=failed&status=interrupted"


def _one(title: str, value: str, where: str = _HERE, **options: Any) -> Panel:
    return number(title, Sql(f"SELECT {value} AS value FROM tts_records WHERE {where}"), MYSQL, **options)


def _over_time(values: str, where: str, group: str = "1") -> Sql:
    return Sql(f"SELECT {_TIME}, {values} FROM tts_records WHERE {where} GROUP BY {group} ORDER BY 1", "time_series")


NOW: list[Panel] = [
    _one("Syntheses", "COUNT(*)", description="Everything that was tried in the time that is shown."),
    _one(
        "Audio",
        "COALESCE(SUM(duration), 0)",
        _SPOKEN,
        takes="status=succeeded",
        unit="s",
        description="Length of all audio that was made.",
    ),
    _one(
        "Failed",
        "COALESCE(AVG(status IN ('failed', 'interrupted')), 0)",
        unit="percentunit",
        takes=_FAULTS,
        bad_from=0.05,
        description="Share of the syntheses that failed or whose process died.",
    ),
    _one(
        "Real-time factor",
        f"COALESCE({_RTF}, 0)",
        _TIMED,
        takes="status=succeeded",
        bad_from=1,
        description="All wall time over all audio time; below 1 is faster than speech.",
    ),
    _one(
        "Made more than once",
        "COALESCE(1 - COUNT(DISTINCT request_hash) / NULLIF(COUNT(request_hash), 0), 0)",
        _SPOKEN,
        takes="status=succeeded",
        unit="percentunit",
        description="Share of the syntheses whose very request had been made before.",
    ),
    _one(
        "Cut short or saturated",
        "COALESCE(SUM(truncated = 1 OR full_scale_share > 0.01), 0)",
        _SPOKEN,
        takes="status=problems",
        bad_from=1,
        description="Generation stopped at max_mel_tokens, or more than 1 % of the samples at full scale.",
    ),
]
VOLUME: list[Panel] = [
    curves(
        "Syntheses",
        [_over_time("status AS metric, COUNT(*) AS value", _HERE, "1, 2")],
        MYSQL,
        bars=True,
        things=OUTCOMES,
        description="By outcome, in each bucket of time.",
    ),
    curves(
        "Audio",
        [_over_time("SUM(duration) AS audio", _SPOKEN)],
        MYSQL,
        takes="status=succeeded",
        unit="s",
        bars=True,
        description="Length of the audio that was made in each bucket of time.",
    ),
    curves(
        "By host",
        [
            _over_time(
                "SUBSTRING_INDEX(SUBSTRING_INDEX(source, '/', 3), '/', -1) AS metric, COUNT(*) AS value",
                _HERE,
                "1, 2",
            )
        ],
        MYSQL,
        bars=True,
        description="Syntheses on each machine. The library is not filtered by host: its link opens those of all.",
    ),
    curves(
        "By model",
        [_over_time("COALESCE(model_version, 'unknown') AS metric, COUNT(*) AS value", _HERE, "1, 2")],
        MYSQL,
        bars=True,
        things=BY_MODEL,
        description="Syntheses by version of the model.",
    ),
]
EMOTIONS: list[Panel] = [
    shares(
        "Emotions",
        f"SELECT emotion, COUNT(*) AS syntheses FROM tts_records WHERE {_HERE} GROUP BY emotion ORDER BY 2 DESC",
        description="Syntheses by emotion, the most used first; each bar opens its takes.",
        opens={"syntheses": these("emotion=${__data.fields.emotion:percentencode}")},
    ),
    curves(
        "Emotions over time",
        [_over_time("emotion AS metric, COUNT(*) AS value", _HERE, "1, 2")],
        MYSQL,
        bars=True,
        things=BY_EMOTION,
        description="Syntheses by emotion, in each bucket of time.",
    ),
    shares(
        "Voices",
        f"""SELECT COALESCE(SUBSTRING_INDEX(voice, '/', -1), 'unknown') AS voice_file, COUNT(*) AS syntheses
            FROM tts_records WHERE {_HERE} GROUP BY voice_file ORDER BY 2 DESC LIMIT 20""",
        description="The twenty most used speaker prompts; each bar opens its takes.",
        opens={"syntheses": these("voice=${__data.fields.voice_file:percentencode}")},
    ),
]
SPEED: list[Panel] = [
    curves(
        "Real-time factor",
        [_over_time(f"{_RTF} AS rtf", _TIMED)],
        MYSQL,
        takes="status=succeeded",
        bad_from=1,
        description="All wall time over all audio time of each bucket; below 1 is faster than speech.",
    ),
    curves(
        "Where the time goes",
        [
            _over_time(
                "AVG(gpt_time) AS gpt, AVG(s2mel_time) AS s2mel, AVG(bigvgan_time) AS bigvgan, "
                "AVG(wall_time - COALESCE(gpt_time, 0) - COALESCE(s2mel_time, 0) - COALESCE(bigvgan_time, 0)) AS rest",
                f"{_SPOKEN} AND wall_time IS NOT NULL",
            )
        ],
        MYSQL,
        takes="status=succeeded",
        unit="s",
        bars=True,
        things={**{name: palette.stage(name) for name in ("gpt", "s2mel", "bigvgan")}, "rest": palette.stage("other")},
        description="Mean seconds of each stage of a synthesis.",
    ),
    rows(
        "Machines",
        f"""SELECT p.host, p.gpu, p.engine, p.torch, p.driver, SUM(r.takes) AS takes, SUM(r.wall) / SUM(r.audio) AS rtf
            FROM (SELECT source, COUNT(*) AS takes, SUM(wall_time) AS wall, SUM(duration) AS audio
                  FROM tts_records WHERE {_SPOKEN} AND duration > 0 GROUP BY source) r
            JOIN tts_processes p ON p.source = r.source
            GROUP BY p.host, p.gpu, p.engine, p.torch, p.driver ORDER BY takes DESC LIMIT 20""",
        description="What takes were made on, and how fast: wall time over audio time.",
    ),
    rows(
        "Slowest prompts",
        f"""SELECT LEFT(text_input, 120) AS text, emotion, wall_time, duration, rtf, segments, created_at, event_id
            FROM tts_records WHERE {_SPOKEN} AND wall_time IS NOT NULL ORDER BY wall_time DESC LIMIT 20""",
        takes="status=succeeded&sort=-rtf",
        units={"wall_time": "s", "duration": "s"},
        opens={"event_id": TAKE},
        description="The takes that took longest; event_id opens each.",
    ),
    rows(
        "Made more than once",
        f"""SELECT LEFT(MIN(text_input), 120) AS text, MIN(emotion) AS emotion, COUNT(*) AS times,
            SUM(wall_time) - MAX(wall_time) AS time_lost, MAX(created_at) AS last_at, request_hash
            FROM tts_records WHERE {_SPOKEN} AND request_hash IS NOT NULL
            GROUP BY request_hash HAVING COUNT(*) > 1 ORDER BY time_lost DESC LIMIT 20""",
        units={"time_lost": "s"},
        opens={"request_hash": these("request=${__value.raw}")},
        description="The very same request, synthesised again: what keeping the audio would have saved.",
    ),
]
_VOICE = "COALESCE(NULLIF(SUBSTRING_INDEX(voice, '/', -1), ''), 'unknown')"
_BEFORE = "OVER (PARTITION BY voice ORDER BY day ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)"
_ALL = "OVER (PARTITION BY voice)"
_SINCE = "UTC_TIMESTAMP() - INTERVAL 60 DAY"


def _heard(name: str, value: str, metric: str) -> Sql:
    return Sql(
        f"SELECT {_TIME}, {metric} AS metric, AVG({value}) AS {name} FROM tts_heard "
        f"WHERE {_HERE} GROUP BY 1, 2 ORDER BY 1",
        "time_series",
    )


SOUND: list[Panel] = [
    curves(
        "Score by voice",
        [_heard("score", "mos_overall", _VOICE)],
        MYSQL,
        description="DNSMOS P.835 overall, 1 to 5, mean of each bucket's takes that `sidecar score` has heard.",
    ),
    curves(
        "Syllables a second by voice",
        [_heard("rate", "syllable_rate", _VOICE)],
        MYSQL,
        description="Of the time that is speech; a voice that hurries or drags shows here.",
    ),
    curves(
        "Score by model",
        [_heard("score", "mos_overall", "COALESCE(model_version, 'unknown')")],
        MYSQL,
        things=BY_MODEL,
        description="DNSMOS P.835 overall, mean of each bucket's scored takes.",
        span=8,
    ),
    curves(
        "Score by emotion",
        [_heard("score", "mos_overall", "emotion")],
        MYSQL,
        things=BY_EMOTION,
        description="DNSMOS P.835 overall, mean of each bucket's scored takes.",
        span=8,
    ),
    curves(
        "Quality by voice, as alerted on",
        [
            promql(
                """sum by (voice) (increase(tts_quality_score_sum[1d]))
                    / sum by (voice) (increase(tts_quality_score_count[1d]))""",
                "{{voice}}",
            )
        ],
        PROMETHEUS,
        description="The mean of the last 24 hours, of takes that were scored within a day.",
        span=8,
    ),
    rows(
        "Voices whose score changed in 60 days",
        f"""WITH days AS (
                SELECT {_VOICE} AS voice, DATE(created_at) AS day, COUNT(*) AS n, SUM(mos_overall) AS s,
                    SUM(mos_overall * mos_overall) AS q
                FROM tts_heard WHERE created_at >= {_SINCE} AND mos_overall IS NOT NULL
                    AND source RLIKE '^indextts://(${{host:pipe}})/'
                GROUP BY {_VOICE}, DATE(created_at)),
            splits AS (
                SELECT voice, day, SUM(n) {_BEFORE} AS n1, SUM(s) {_BEFORE} AS s1,
                    SUM(n) {_ALL} AS n, SUM(s) {_ALL} AS s, SUM(q) {_ALL} AS q FROM days),
            means AS (
                SELECT voice, day, n1, n - n1 AS n2, s1 / n1 AS was, (s - s1) / (n - n1) AS has_been,
                    (q - s1 * s1 / n1 - (s - s1) * (s - s1) / (n - n1)) / (n - 2) AS variance
                FROM splits WHERE n1 >= 20 AND n - n1 >= 20),
            ranked AS (
                SELECT means.*, ABS(was - has_been) / SQRT(variance * (1 / n1 + 1 / n2)) AS certainty,
                    ROW_NUMBER() OVER (PARTITION BY voice
                        ORDER BY ABS(was - has_been) / SQRT(variance * (1 / n1 + 1 / n2)) DESC) AS place
                FROM means WHERE variance > 0)
            SELECT voice, day AS since, was, has_been, n1 AS takes_before, n2 AS takes_since, certainty FROM ranked
            WHERE place = 1 AND ABS(was - has_been) >= 0.2 AND certainty >= 6 ORDER BY certainty DESC""",
        description="The day that best parts a voice's scores in two, where their means differ by 0.2 or more and by "
        "six standard errors. The library's /charts and the report look closer: by ranks, with speech rate and doubts, "
        "by model and emotion.",
        span=24,
    ),
    rows(
        "Week by week",
        f"""SELECT DATE_SUB(DATE(created_at), INTERVAL WEEKDAY(created_at) DAY) AS week, {_VOICE} AS voice,
            COUNT(*) AS takes, AVG(mos_overall) AS score, AVG(syllable_rate) AS rate,
            SUM(verdict = 'reject') AS rejected FROM tts_heard
            WHERE {_HERE} GROUP BY week, {_VOICE} ORDER BY week DESC, takes DESC LIMIT 200""",
        opens={"voice": these("voice=${__value.raw:percentencode}")},
        description="Scored takes of each voice, and how many people rejected.",
        span=24,
    ),
]
FAILURES: list[Panel] = [
    rows(
        "Failures by kind",
        f"""SELECT COALESCE(error_type, status) AS error, COUNT(*) AS times, MAX(created_at) AS last_at
            FROM tts_records WHERE {_HERE} AND status IN ('failed', 'interrupted')
            GROUP BY error ORDER BY times DESC LIMIT 20""",
        takes=_FAULTS,
        opens={"error": these("error=${__value.raw:percentencode}")},
        description="By class of the exception, or outcome where a process died; each opens its takes.",
        span=8,
    ),
    rows(
        "Latest failures",
        f"""SELECT created_at, status, error_type, LEFT(error_message, 200) AS message, LEFT(text_input, 80) AS text,
            SUBSTRING_INDEX(SUBSTRING_INDEX(source, '/', 3), '/', -1) AS host, event_id
            FROM tts_records WHERE {_HERE} AND status IN ('failed', 'interrupted')
            ORDER BY created_at DESC LIMIT 50""",
        takes=_FAULTS,
        opens={"event_id": TAKE},
        description="The newest fifty; event_id opens each, with its traceback.",
        span=16,
    ),
]


MODELS = Happened(
    name="Model changed",
    query="""SELECT UNIX_TIMESTAMP(first_at) AS time, CONCAT('First take of model ', model_version) AS text,
            'model' AS tags
        FROM (SELECT model_version, MIN(created_at) AS first_at FROM tts_records
              WHERE status = 'succeeded' AND model_version IS NOT NULL GROUP BY model_version) r
        WHERE $__timeFilter(first_at)""",
    source=MYSQL,
    colour="failed",
)
STARTS = Happened(
    name="TTS started",
    query="""SELECT UNIX_TIMESTAMP(started_at) AS time, CONCAT('TTS started on ', host) AS text, 'restart' AS tags
        FROM tts_processes WHERE $__timeFilter(started_at) AND host RLIKE '^(${host:pipe})$'""",
    source=MYSQL,
    colour="surprised",
)


def build() -> dict[str, Any]:
    return document(
        "IndexTTS speech",
        "indextts-speech",
        description="What was spoken, how, how fast, how it sounds, and what failed.",
        hours=48,
        sources=[MYSQL, PROMETHEUS],
        happened=[MODELS, STARTS],
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
            "Sound": [*SOUND, *doubtful.panels(_HERE, _VOICE)],
            "Failures": FAILURES,
        },
    )
