"""Which limits move by what people decide, how far, and what is said of how often doubts are right."""

from __future__ import annotations

from itertools import chain, permutations
from random import Random

import pytest

from sidecar.answers.doubts import Kind, doubts
from sidecar.answers.usual import Pasts
from sidecar.answers.verdicts import (
    FEWEST_HEARD,
    LIMIT_OF,
    STEPS,
    Decided,
    Verdicts,
    as_members,
    learn,
    limits,
    sentences,
)
from sidecar.wording import codes, translator
from tests.unit.answers.test_doubts import past


def decided(verdicts: str, weight: float = 1.15, *, kind: str = "silence") -> list[Decided]:
    """One take for each letter, k for keep and x for reject, so far beyond that limit."""
    return [Decided(rejected=each == "x", shown=frozenset({kind}), weights={kind: weight}) for each in verdicts]


def unseen(verdicts: str) -> list[Decided]:
    return [Decided(rejected=each == "x", shown=frozenset(), weights={}) for each in verdicts]


def times(takes: list[Decided], kind: Kind = Kind.SILENCE) -> float:
    (reason,) = (each for each in learn(takes).reasons if each.kind is kind)
    return reason.times


def test_what_people_keep_moves_its_limit_just_beyond_it_and_no_other() -> None:
    told = learn([*decided("k" * 12), *decided("x" * 12, kind="noisy")])
    assert {reason.kind: reason.times for reason in told.reasons} == {Kind.SILENCE: 1.2, Kind.NOISY: 1.0}
    assert [reason.kind for reason in told.moved] == [Kind.SILENCE]


@pytest.mark.parametrize(
    "takes",
    [
        decided("k" * 9),
        decided("kkkkkkkkxx"),
        decided("k" * 12 + "x" * 12),
        decided("x" * 40),
        decided("k" * 20, kind="truncated"),
    ],
    ids=["few", "not surely most", "half", "all rejected", "a fact has no limit"],
)
def test_a_limit_stays_where_people_do_not_surely_keep_most(takes: list[Decided]) -> None:
    assert learn(takes).moved == ()


def test_a_limit_moves_by_half_at_most_however_far_beyond_it_people_keep() -> None:
    assert times(decided("k" * 500, 40.0)) == STEPS[-1] == 1.5


def test_it_moves_no_further_than_to_where_people_reject() -> None:
    assert times([*decided("k" * 20, 1.05), *decided("k" * 4, 1.25), *decided("x" * 6, 2.0)]) == 1.1
    assert times([*decided("k" * 20, 1.05), *decided("k" * 8, 1.25), *decided("x" * 6, 2.0)]) == 1.3


def test_a_moved_limit_is_no_reason_to_move_it_again() -> None:
    """Beyond the moved limit people hear other takes; whatever they say of them, those before are still counted."""
    takes = decided("k" * 30, 1.15)
    assert times(takes) == 1.2
    assert times([*takes, *decided("x" * 10, 1.6)]) == 1.2
    assert times([*takes, *decided("x" * 40, 1.6)]) == 1.0, "half are rejected by now, so most are not kept"


def test_the_order_of_verdicts_is_nothing() -> None:
    parts = [decided("kkkkkkk"), decided("kkkkkx", 1.35), unseen("kx")]
    assert len({repr(learn(chain.from_iterable(each))) for each in permutations(parts)}) == 1


def test_doubts_follow_a_moved_limit_and_weigh_by_it() -> None:
    pasts = Pasts(past())
    odd = {**past(1)[0], "event_id": "odd", "longest_silence": 1.5}
    (before,) = doubts(odd, pasts)
    assert (before.kind, round(before.weight, 3)) == (Kind.SILENCE, 1.25)
    pasts.moved = {"silence": 1.2}
    (after,) = doubts(odd, pasts)
    assert round(after.weight, 3) == round(1.25 / 1.2, 3)
    pasts.moved = {"silence": 1.3}
    assert doubts(odd, pasts) == []
    pasts.moved = {"noisy": 1.3}
    assert doubts(odd, pasts) == [before]


def test_a_moved_limit_is_where_it_is_said_to_be() -> None:
    """Of every kind whose limit is told, on a voice whose spread is too small to matter."""
    (reason,) = learn(decided("k" * 12, 1.25)).reasons
    assert limits(reason) == ("1.2 s", "1.56 s")
    pasts = Pasts(past())
    pasts.moved = {"silence": reason.times}
    odd = {**past(1)[0], "event_id": "odd"}
    assert doubts({**odd, "longest_silence": 1.55}, pasts) == []
    assert [each.kind for each in doubts({**odd, "longest_silence": 1.57}, pasts)] == [Kind.SILENCE]
    (noise,) = learn(decided("k" * 12, 1.05, kind="noisy")).reasons
    assert limits(noise) == ("25 dB", "22.7 dB")
    pasts.moved = {"noisy": noise.times}
    assert doubts({**odd, "signal_to_noise": 22.8}, pasts) == []
    assert [each.kind for each in doubts({**odd, "signal_to_noise": 22.6}, pasts)] == [Kind.NOISY]
    assert set(LIMIT_OF) == set(Kind) - {Kind.TRUNCATED}


def test_precision_and_recall_are_of_what_people_heard() -> None:
    told = learn([*decided("xxxk"), *decided("xk", kind="fast"), *unseen("xkkk")])
    assert (told.rejected, told.kept, told.missed, told.agreed) == (4, 2, 1, 3)
    assert (told.precision, told.recall) == (4 / 6, 4 / 5)
    assert told.recall_of_all(10, 100) is None, "four takes without a doubt stand for nothing"
    assert (learn([]).precision, learn([]).recall, learn(unseen("k")).recall) == (None, None, None)
    assert learn(decided("k")).recall is None


def test_where_enough_is_heard_without_a_doubt_the_missed_ones_are_estimated() -> None:
    """A seeded studio of 2,000 takes: the estimate is near the truth, where the share of what was heard is not."""
    random = Random(7)
    bad = [random.random() < 0.1 for _ in range(2000)]
    in_doubt = [random.random() < (0.7 if each else 0.02) for each in bad]
    heard = [doubt or random.random() < 0.3 for doubt in in_doubt]
    told = learn(
        Decided(rejected=each, shown=frozenset({"silence"} if doubt else ()), weights={})
        for each, doubt, there in zip(bad, in_doubt, heard, strict=True)
        if there
    )
    truth = sum(each and doubt for each, doubt in zip(bad, in_doubt, strict=True)) / sum(bad)
    estimate = told.recall_of_all(sum(in_doubt), len(bad) - sum(in_doubt))
    assert estimate is not None
    assert told.recall is not None
    assert told.missed + told.agreed >= FEWEST_HEARD
    assert abs(estimate - truth) < 0.1
    assert told.recall > truth + 0.15


@pytest.mark.parametrize("language", codes())
def test_all_of_it_is_said(language: str) -> None:
    word = translator(language)
    told = learn([*decided("k" * 12 + "x"), *unseen("k" * 19)])
    said = sentences(told, told.recall_of_all(20, 100), word)
    assert len(said) == 4
    assert "1.2 s" in said[0]
    assert "1.44 s" in said[0]
    assert word("doubt_name_silence") in said[0]
    assert not any("{" in each for each in said)
    more = learn([*decided("k" * 12 + "x"), *unseen("k" * 19 + "x")])
    assert len(sentences(more, more.recall_of_all(20, 100), word)) == 4
    assert sentences(Verdicts(), None, word) == []
    assert as_members(told, None)["reasons"][0] == {
        "kind": "silence", "rejected": 1, "kept": 12, "precision": 0.0769, "limit_times": 1.2,
    }  # fmt: skip
