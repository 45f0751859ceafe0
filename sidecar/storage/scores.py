"""Every column of tts_scores, described as those of the other tables are (sidecar.storage.columns)."""

from __future__ import annotations

from sidecar.event.event import Event
from sidecar.storage.columns import Audience, Column, Facet, Kind


def _score_key(event: Event, scorer: str) -> str:
    """The greater version counts; of two scores by one version, one with a transcript, then the greater id."""
    major, minor = scorer.split(".")
    heard = (event.data.get("transcript") or {}).get("text") is not None
    return f"{int(major):04}.{int(minor):04}:{int(heard)}:{event.id}"


TEXT, INTEGER, NUMBER, TIME = Kind.TEXT, Kind.INTEGER, Kind.NUMBER, Kind.TIME
JSON = Kind.JSON
SCORE, TRUSTED = Facet.SCORE, Audience.TRUSTED

# fmt: off
SCORE_COLUMNS = (
    Column("event_id", TEXT, "UUID", "subject", "The record that was listened to, as in tts_records.",
           facet=SCORE, nullable=False),
    Column("scored_at", TIME, "", "time", "When, UTC.", facet=SCORE, nullable=False),
    Column("scorer", TEXT, "", "data.scorer", "Version of what is measured and how.", facet=SCORE, nullable=False),
    Column("problem", TEXT, "", "data.problem.reason", "Why there are no measures, such as cut_off.", facet=SCORE),
    Column("problem_message", TEXT, "", "data.problem.message", "The same as a sentence.", facet=SCORE),
    Column("mos_overall", NUMBER, "", "data.measures.mos_overall",
           "1 to 5: what listeners would say by P.835, overall; by DNSMOS.", facet=SCORE),
    Column("mos_signal", NUMBER, "", "data.measures.mos_signal",
           "1 to 5: the same of the speech by itself.", facet=SCORE),
    Column("mos_background", NUMBER, "", "data.measures.mos_background",
           "1 to 5: the same of how little the background disturbs.", facet=SCORE),
    Column("mos_p808", NUMBER, "", "data.measures.mos_p808", "1 to 5: what listeners would say by P.808.", facet=SCORE),
    Column("loudness", NUMBER, "LUFS", "data.measures.loudness", "Integrated loudness by BS.1770-4.", facet=SCORE),
    Column("true_peak", NUMBER, "dBTP", "data.measures.true_peak",
           "Largest value, four times oversampled.", facet=SCORE),
    Column("full_scale_share", NUMBER, "share", "data.measures.full_scale_share",
           "Samples at full scale.", facet=SCORE),
    Column("near_peak_share", NUMBER, "share", "data.measures.near_peak_share",
           "Samples within 1 % of the largest one; many where tops were cut off.", facet=SCORE),
    Column("dc_offset", NUMBER, "share", "data.measures.dc_offset", "Mean of the samples, of full scale.", facet=SCORE),
    Column("speech_seconds", NUMBER, "seconds", "data.measures.speech_seconds",
           "In which somebody speaks, by Silero.", facet=SCORE),
    Column("leading_silence", NUMBER, "seconds", "data.measures.leading_silence",
           "Before the first speech.", facet=SCORE),
    Column("trailing_silence", NUMBER, "seconds", "data.measures.trailing_silence",
           "After the last speech.", facet=SCORE),
    Column("longest_silence", NUMBER, "seconds", "data.measures.longest_silence",
           "Of the longest silence, wherever it is.", facet=SCORE),
    Column("loudness_jump", NUMBER, "decibels", "data.measures.loudness_jump",
           "Largest difference between two stretches of speech that follow each other.", facet=SCORE),
    Column("signal_to_noise", NUMBER, "decibels", "data.measures.signal_to_noise",
           "Between speech and the quietest moments.", facet=SCORE),
    Column("change_rate", NUMBER, "hertz", "data.measures.change_rate",
           "How fast the spectrum moves within speech: the tempo of articulation.", facet=SCORE),
    Column("syllables", INTEGER, "", "data.measures.syllables", "Syllables of the text.", facet=SCORE),
    Column("syllable_rate", NUMBER, "1/second", "data.measures.syllable_rate",
           "Syllables a second of speech.", facet=SCORE),
    Column("beats", NUMBER, "", "data.measures.beats", "Time that the text takes, in ordinary syllables.", facet=SCORE),
    Column("text_script", TEXT, "", "data.measures.text_script",
           "What the text is written in: zh, ja, ko, latin or other.", facet=SCORE),
    Column("recogniser", TEXT, "", "data.transcript.recogniser", "What wrote down what it heard, or could not.",
           facet=SCORE),
    Column("transcript", TEXT, "", "data.transcript.text", "What it heard.", facet=SCORE, audience=TRUSTED),
    Column("cer", NUMBER, "share", "data.transcript.cer",
           "Character error rate: of the text's characters, how many were heard otherwise.", facet=SCORE),
    Column("differences", JSON, "", "data.transcript.differences",
           "Where: start and end in the text, in characters, and what was heard there.", facet=SCORE, audience=TRUSTED),
    Column("transcript_problem", TEXT, "", "data.transcript.problem", "Why there is no transcript.",
           facet=SCORE, audience=TRUSTED),
    Column("score_key", TEXT, "", "data.scorer", "Version and id of the score that counts, and whether it has a "
           "transcript.", compute=_score_key, facet=SCORE, audience=Audience.NOBODY, nullable=False),
)
"""In the order of the table. The key, by which rows are sorted, comes first."""
# fmt: on
