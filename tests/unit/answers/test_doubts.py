"""Each doubt where it should be, none where it should not, and a sentence for each in every language."""

from __future__ import annotations

from math import exp
from random import Random
from typing import Any

import pytest

from sidecar.answers.doubts import Doubt, Kind, doubts
from sidecar.answers.usual import Pasts
from sidecar.wording import codes, translator

USUAL: dict[str, Any] = {
    "voice": "a.wav",
    "language": "zh",
    "truncated": 0,
    "syllables": 40,
    "beats": 42.0,
    "syllable_rate": 5.0,
    "speech_seconds": 8.0,
    "change_rate": 3.0,
    "longest_silence": 0.3,
    "signal_to_noise": 50.0,
    "near_peak_share": 0.00002,
    "full_scale_share": 0.0,
    "loudness": -20.0,
    "true_peak": -4.0,
    "mos_overall": 3.2,
}


def past(count: int = 40, seed: int = 1, **other: Any) -> list[dict[str, Any]]:
    """Takes that vary as people do: paces by a twentieth, levels by a decibel."""
    random, takes = Random(seed), []
    for number in range(count):
        pace = exp(random.gauss(0, 0.05))
        changed = {
            "syllable_rate": 5.0 * pace,
            "speech_seconds": 8.0 / pace,
            "change_rate": 3.0 * exp(random.gauss(0, 0.03)),
            "loudness": -20 + random.gauss(0, 0.7),
            "true_peak": -4 + random.gauss(0, 1),
            "signal_to_noise": random.uniform(40, 60),
            "longest_silence": random.uniform(0.1, 0.4),
            "mos_overall": random.gauss(3.2, 0.1),
        }
        takes.append({**USUAL, **changed, "event_id": f"{seed}-{number}", **other})
    return takes


def paced(times: float, *, tempo: bool) -> dict[str, float]:
    """So many times as fast; by tempo, or by words that are missing."""
    change = 3.0 * times ** (0.65 if tempo else 0)
    return {"speech_seconds": 8.0 / times, "syllable_rate": 5.0 * times, "change_rate": change}


CASES = [
    (Kind.FAST, paced(1.6, tempo=True)),
    (Kind.SLOW, paced(0.65, tempo=True)),
    (Kind.SHORTER, paced(1 / 0.75, tempo=False)),
    (Kind.LONGER, paced(0.8, tempo=False)),
    (Kind.SILENCE, {"longest_silence": 2.0}),
    (Kind.CLIPPED, {"near_peak_share": 0.1}),
    (Kind.CLIPPED, {"full_scale_share": 0.02}),
    (Kind.CLIPPED, {"true_peak": -13.0}),
    (Kind.NOISY, {"signal_to_noise": 12.0}),
    (Kind.QUIET, {"loudness": -32.0, "true_peak": -16.0}),
    (Kind.LOUD, {"loudness": -8.0, "true_peak": 8.0}),
    (Kind.LOW_SCORE, {"mos_overall": 2.0}),
    (Kind.TRUNCATED, {"truncated": 1}),
]


def of(pasts: Pasts, **changed: Any) -> list[Doubt]:
    return doubts({**USUAL, "event_id": "new", **changed}, pasts)


@pytest.mark.parametrize(("kind", "changed"), CASES)
def test_what_is_unusual_is_in_doubt_for_that_reason_alone(kind: Kind, changed: dict[str, float]) -> None:
    (doubt,) = of(Pasts(past()), **changed)
    assert doubt.kind == kind
    assert doubt.weight >= 1


def test_few_good_takes_are_in_doubt() -> None:
    takes = past(1000)
    pasts = Pasts(takes[:200])
    assert sum(bool(doubts(each, pasts)) for each in takes) <= 40


def test_a_take_like_the_others_is_not_in_doubt() -> None:
    assert of(Pasts(past())) == []


def test_what_is_usual_is_that_voices_own() -> None:
    """Ten decibels are nothing to one voice where they are much to another; and a slow voice is not too slow."""
    slow = past(seed=2, voice="slow.wav", syllable_rate=3.0, speech_seconds=13.0, loudness=-30.0, true_peak=-14.0)
    pasts = Pasts(past() + slow)
    take = {"speech_seconds": 13.0, "syllable_rate": 3.0, "loudness": -30.0, "true_peak": -14.0}
    assert of(pasts, voice="slow.wav", **take) == []
    assert {doubt.kind for doubt in of(pasts, **take)} == {Kind.LONGER, Kind.QUIET}


def test_where_tempo_and_words_cannot_be_told_apart_both_are_said() -> None:
    between = paced(1.4, tempo=False) | {"change_rate": 3.0 * 1.4**0.33}
    assert {doubt.kind for doubt in of(Pasts(past()), **between)} == {Kind.FAST, Kind.SHORTER}
    assert {
        doubt.kind
        for doubt in of(
            Pasts(past()),
            **between,
        )
    } == {Kind.FAST, Kind.SHORTER}
    nothing = paced(1.4, tempo=False) | {"change_rate": None}
    assert {doubt.kind for doubt in of(Pasts(past()), **nothing)} == {Kind.FAST, Kind.SHORTER}


def test_a_short_text_may_vary_more() -> None:
    changed = paced(0.8, tempo=False)
    assert of(Pasts(past()), **changed)
    assert of(Pasts(past()), **changed, syllables=4) == []


def test_a_new_voice_is_compared_with_the_others_by_wider_limits() -> None:
    pasts = Pasts(past())
    mild = {"loudness": -27.0, "true_peak": -11.0}
    assert [doubt.kind for doubt in of(pasts, **mild)] == [Kind.QUIET]
    assert of(pasts, voice="new.wav", **mild) == []
    assert [doubt.kind for doubt in of(pasts, voice="new.wav", loudness=-32.0, true_peak=-16.0)] == [Kind.QUIET]


@pytest.mark.parametrize(
    ("kind", "changed"),
    [
        (Kind.FAST, {"syllable_rate": 12.0}),
        (Kind.SLOW, {"syllable_rate": 1.0}),
        (Kind.SILENCE, {"longest_silence": 2.5}),
        (Kind.CLIPPED, {"near_peak_share": 0.1}),
        (Kind.NOISY, {"signal_to_noise": 5.0}),
        (Kind.QUIET, {"loudness": -60.0}),
        (Kind.LOUD, {"loudness": -2.0}),
        (Kind.LOW_SCORE, {"mos_overall": 1.1}),
    ],
)
def test_the_first_take_ever_is_held_to_what_holds_for_speech(kind: Kind, changed: dict[str, float]) -> None:
    assert [doubt.kind for doubt in of(Pasts(()), **changed)] == [kind]
    assert of(Pasts(())) == []


def test_a_take_without_a_score_is_in_doubt_only_where_its_event_says_so() -> None:
    unscored = {"event_id": "new", "voice": "a.wav", "language": "zh", "truncated": 1}
    assert [doubt.kind for doubt in doubts(unscored, Pasts(past()))] == [Kind.TRUNCATED]
    assert doubts({**unscored, "truncated": None}, Pasts(past())) == []


def test_the_gravest_comes_first() -> None:
    found = of(Pasts(past()), loudness=-50.0, true_peak=-34.0, longest_silence=1.3)
    assert [doubt.kind for doubt in found] == [Kind.QUIET, Kind.SILENCE]


@pytest.mark.parametrize("language", codes())
@pytest.mark.parametrize("pasts", [Pasts(past()), Pasts(())], ids=["usual", "alone"])
def test_every_doubt_is_said_in_a_sentence(pasts: Pasts, language: str) -> None:
    word = translator(language)
    extreme = {
        "syllable_rate": 12.0,
        "speech_seconds": 3.3,
        "longest_silence": 9.0,
        "near_peak_share": 0.2,
        "signal_to_noise": 3.0,
        "loudness": -60.0,
        "true_peak": -44.0,
        "mos_overall": 1.0,
        "truncated": 1,
    }
    found = of(pasts, **extreme)
    assert len(found) >= 7
    for doubt in found:
        sentence = word(doubt.wording, **doubt.values)
        assert sentence != doubt.wording.partition("_")[2]
        assert "{" not in sentence
        assert word(f"doubt_name_{doubt.kind}") != f"name_{doubt.kind}"
