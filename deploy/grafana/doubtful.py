"""Doubts for the speech dashboard: by the limits that hold for speech in general, and as people decided on them.

What is usual for a voice is a matter of medians without the take itself, which SQL that all servers run cannot say in
one query of a panel. So these are the doubts of a voice of which nothing is known yet: `doubts` of one take alone. The
library compares each take with its own voice, and finds more (a missing word) and leaves some out (a voice that
always pauses long).
"""

from __future__ import annotations

from collections.abc import Mapping

from panels import Panel, rows, shares, these

from sidecar.answers.doubts import GREATEST_CER, LIMITS, LOUDNESSES, LOWEST_SCORE, SYLLABLE_RATES, Kind

_SPEAKS = "syllables > 0 AND speech_seconds > 0"
_CER = "(SELECT s.cer FROM tts_scores s WHERE s.event_id = tts_heard.event_id)"  # transcripts are no part of the view
ALONE: Mapping[Kind, str] = {
    Kind.FAST: f"{_SPEAKS} AND syllable_rate > {SYLLABLE_RATES[1]}",
    Kind.SLOW: f"{_SPEAKS} AND syllable_rate > 0 AND syllable_rate < {SYLLABLE_RATES[0]}",
    Kind.SILENCE: f"longest_silence >= {LIMITS.silence * LIMITS.wider:g}",
    Kind.CLIPPED: f"full_scale_share >= {LIMITS.full_scale} OR near_peak_share >= {LIMITS.tops * LIMITS.wider:g}",
    Kind.NOISY: f"speech_seconds > 0 AND signal_to_noise < {LIMITS.noise_least}",
    Kind.QUIET: f"loudness < {LOUDNESSES[0]}",
    Kind.LOUD: f"loudness > {LOUDNESSES[1]}",
    Kind.LOW_SCORE: f"mos_overall < {LOWEST_SCORE}",
    Kind.OTHER_WORDS: f"{_CER} >= GREATEST({GREATEST_CER}, {LIMITS.cer_characters} / GREATEST(syllables, 1))",
    Kind.TRUNCATED: "truncated = 1",
}
"""What SQL asks of a row of tts_heard; two kinds need what is usual."""
_ANY = " OR ".join(f"({condition})" for condition in ALONE.values())
_SHOWN = {kind: f"FIND_IN_SET('{kind}', reviewed_doubts)" for kind in Kind}


def panels(here: str, voice: str) -> list[Panel]:
    """
    Args:
        here: condition of the rows that are shown.
        voice: a voice's name, as SQL.
    """
    return [
        shares(
            "Doubts by reason",
            f"""SELECT reason, COUNT(*) AS takes FROM {_each(ALONE)}
                WHERE {here} GROUP BY reason ORDER BY takes DESC, reason""",
            opens={"takes": these("doubtful=yes")},
            description="Scored takes by what a person should hear them for, by limits that hold for speech in "
            "general. The library, which each bar opens, compares each take with its own voice instead: words missing "
            "or repeated are found only there.",
        ),
        rows(
            "Doubts week by week",
            f"""SELECT DATE_SUB(DATE(created_at), INTERVAL WEEKDAY(created_at) DAY) AS week, {voice} AS voice,
                COALESCE(model_version, 'unknown') AS model, COUNT(*) AS takes,
                COUNT(CASE WHEN {_ANY} THEN 1 END) AS doubtful,
                COUNT(CASE WHEN {_ANY} THEN 1 END) / COUNT(*) AS share
                FROM tts_heard WHERE {here} GROUP BY week, {voice}, model
                ORDER BY week DESC, share DESC, takes DESC LIMIT 200""",
            units={"share": "percentunit"},
            takes="doubtful=yes",
            opens={
                "voice": these("doubtful=yes&voice=${__value.raw:percentencode}"),
                "model": these("doubtful=yes&model=${__value.raw:percentencode}"),
            },
            description="Share of the scored takes in doubt by the same limits, of each voice and model.",
            span=10,
        ),
        rows(
            "What people decided on doubts",
            f"""SELECT reason, COUNT(*) AS takes, SUM(verdict = 'reject') AS rejected,
                AVG(verdict = 'reject') AS share_rejected
                FROM {_each(_SHOWN)}
                WHERE {here} AND verdict IS NOT NULL GROUP BY reason ORDER BY takes DESC, reason""",
            units={"share_rejected": "percentunit"},
            takes="doubtful=yes",
            description="Takes that somebody kept or rejected, by the doubts that the library or `sidecar review` "
            "showed: so often each was right.",
            span=8,
        ),
    ]


def _each(conditions: Mapping[Kind, str]) -> str:
    """Rows of tts_heard, each once for every condition that it meets, whose kind is its `reason`.

    Kinds are compared as literals alone: those of a derived table would have the collation of Grafana's connection.
    """
    first, *others = conditions
    kinds = f"SELECT '{first}' AS reason" + "".join(f" UNION ALL SELECT '{kind}'" for kind in others)
    cases = " ".join(f"WHEN '{kind}' THEN {condition}" for kind, condition in conditions.items())
    return f"({kinds}) reasons JOIN tts_heard ON CASE reason {cases} END"
