"""The emotion of a call, by upstream's rules."""

from __future__ import annotations

from typing import Any

import pytest

from indextts_patch.facts.emotion import add_computed, note_normalized, requested, scaled, vector
from indextts_patch.upstream.row import SCALED, SCALED_EXACTLY, UNSCALED

HAPPY = [0.8, 0, 0, 0, 0, 0, 0.2, 0]


def asked(scaling: str = SCALED, **meaning: Any) -> dict[str, Any]:
    known = requested({"emotion_alpha": 1.0, **meaning}, "hello", scaling=scaling)
    assert known is not None
    return known


@pytest.mark.parametrize(
    ("meaning", "mode", "label"),
    [
        ({}, "speaker", "neutral"),
        ({"voice": "a.wav", "emotion_audio": "a.wav"}, "speaker", "neutral"),
        ({"voice": "a.wav", "emotion_audio": "b.wav"}, "reference", "reference"),
        ({"emotion_audio": "b.wav", "emotion_vector": HAPPY}, "vector", "happy"),
        ({"emotion_vector": [0.0] * 8}, "vector", "neutral"),
        ({"emotion_vector": HAPPY, "emotion_by_text": True}, "text", None),
    ],
)
def test_a_description_beats_a_vector_and_a_vector_beats_a_reference(
    meaning: dict[str, Any], mode: str, label: str | None
) -> None:
    known = asked(**meaning)
    assert (known["mode"], known["label"]) == (mode, label)


def test_version_1_has_no_emotion() -> None:
    assert requested({"text": "hello", "voice": "a.wav"}, "hello", scaling=UNSCALED) is None


def test_alpha_scales_a_vector_only_where_the_version_does_that() -> None:
    assert asked(emotion_alpha=0.5, emotion_vector=HAPPY)["vector_effective"] == [0.4, 0, 0, 0, 0, 0, 0.1, 0]
    assert asked(emotion_alpha=0.5, emotion_vector=HAPPY, scaling=UNSCALED)["vector_effective"] == HAPPY
    assert asked(emotion_alpha=7, emotion_vector=HAPPY)["alpha_effective"] == 1.0


def test_an_engine_that_cuts_nothing_off_is_taken_at_its_word() -> None:
    third = asked(emotion_alpha=0.33333, emotion_vector=HAPPY, scaling=SCALED_EXACTLY)
    assert third["vector_effective"] == [0.8 * 0.33333, 0, 0, 0, 0, 0, 0.2 * 0.33333, 0]
    assert asked(emotion_alpha=0.33333, emotion_vector=HAPPY)["vector_effective"][0] == 0.2666


def test_the_sliders_belong_to_the_very_vector_that_was_made_of_them() -> None:
    made = [0.1] * 8
    note_normalized(HAPPY, made)
    assert asked(emotion_vector=made)["vector_raw"] == HAPPY
    assert "vector_raw" not in asked(emotion_vector=list(made))


def test_computed_vectors_fill_in_the_label_and_a_text_without_emotion_is_calm() -> None:
    known = asked(emotion_by_text=True)
    add_computed(known, [HAPPY, [0.0] * 8])
    assert (known["label"], known["vectors"]) == ("happy", [HAPPY, [0.0] * 8])
    add_computed(known, [[0.0] * 8])
    assert known["label"] == "calm"


def test_weights_are_cut_off_after_four_decimals_and_nonsense_is_no_vector() -> None:
    assert scaled([0.33339], 0.5) == [0.1666]
    assert vector({str(number): number for number in range(8)}) == list(range(8))
    for wrong in ([0.1] * 7, "12345678", [float("nan")] * 8, [1e9] * 8, None):
        assert vector(wrong) is None


def test_numbers_of_numpy_are_scaled_in_their_own_precision() -> None:
    numpy = pytest.importorskip("numpy")
    passed = numpy.array([0.7, 0.57, 0.29, 0.58, 0, 0.1, 0.35, 0.01], "float32")
    upstreams = [int(x * 0.5 * 10000) / 10000 for x in passed]
    known = asked(emotion_vector=passed, emotion_alpha=0.5)
    assert known["vector_effective"] == upstreams
    assert upstreams[0] == 0.35, "0.3499 in double precision"
