"""What is usual for a voice, though some of its takes are spoiled."""

from __future__ import annotations

from math import exp
from typing import Any

import pytest

from sidecar.answers.usual import FEWEST_TAKES, MOST_TAKES, Past, Pasts


def take(number: int, **columns: Any) -> dict[str, Any]:
    return {"event_id": str(number), "voice": "a.wav", "language": "zh", **columns}


def test_the_middle_and_the_spread_do_not_follow_the_spoiled() -> None:
    takes = [take(each, loudness=-20 + each % 3 - 1) for each in range(30)]
    spoiled = [take(100 + each, loudness=0.0) for each in range(7)]
    usual = Past(takes + spoiled).usual("loudness", take(999))
    assert usual is not None
    assert usual.middle == -20
    assert usual.spread == pytest.approx(1.4826)
    assert usual.takes == 37


def test_a_take_does_not_say_what_is_usual_for_itself() -> None:
    takes = [take(each, mos_overall=float(each)) for each in range(9)]
    past = Past(takes)
    own, stranger = past.usual("score", takes[8]), past.usual("score", take(99, mos_overall=8.0))
    assert own is not None
    assert stranger is not None
    assert (own.takes, own.middle) == (8, 3.5)
    assert (stranger.takes, stranger.middle) == (9, 4.0)


def test_too_few_takes_say_nothing() -> None:
    takes = [take(each, loudness=-20.0) for each in range(FEWEST_TAKES)]
    assert Past(takes).usual("loudness", takes[0]) is None
    assert Past(takes).usual("loudness", take(99)) is not None


def test_the_newest_takes_decide() -> None:
    takes = [take(each, loudness=-20.0) for each in range(MOST_TAKES)]
    older = [take(1000 + each, loudness=-10.0) for each in range(MOST_TAKES * 2)]
    usual = Past(takes + older).usual("loudness", take(9999))
    assert usual is not None
    assert (usual.middle, usual.takes) == (-20, MOST_TAKES)


def test_a_pace_is_beats_a_second_of_speech() -> None:
    takes = [take(each, beats=20.0, speech_seconds=4.0) for each in range(20)]
    usual = Past(takes).usual("pace", take(99))
    assert usual is not None
    assert exp(usual.middle) == pytest.approx(5)


def test_voices_and_languages_have_a_past_of_their_own() -> None:
    takes = [
        take(number, voice=voice, voice_sha256=hash_, language=language, text_script=script, loudness=level)
        for number, (voice, hash_, language, script, level) in enumerate(
            [
                ("a.wav", "1" * 64, "ZH", None, -20.0),
                ("renamed.wav", "1" * 64, "zh", None, -20.0),
                ("b.wav", None, None, "zh", -30.0),
                ("b.wav", None, "en", None, -40.0),
            ]
            * 10
        )
    ]
    pasts = Pasts(takes)

    def middle(**columns: Any) -> tuple[float, int] | None:
        usual = pasts.own(take(999, **columns)).usual("loudness", take(999))
        return None if usual is None else (usual.middle, usual.takes)

    assert middle(voice_sha256="1" * 64) == (-20, 20)
    assert middle(voice="b.wav", language=None, text_script="zh") == (-30, 10)
    assert middle(voice="b.wav", language="EN") == (-40, 10)
    assert middle(voice="c.wav") is None
    everybody = pasts.all_voices(take(999)).usual("loudness", take(999))
    assert everybody is not None
    assert everybody.takes == 30
