"""A transcript beside its text: how much differs, and where."""

from __future__ import annotations

import pytest

from sidecar.scoring.transcript import MOST_CHARACTERS, compared


@pytest.mark.parametrize(
    ("text", "heard", "cer", "differences"),
    [
        ("今天天气很好。", "今天天气很好", 0.0, []),
        ("今天天气很好。", "今天天汽很好", 1 / 6, [(3, 4, "汽")]),
        ("今天天气很好。", "今天很好", 2 / 6, [(2, 4, "")]),
        ("今天很好。", "今天天气很好。", 2 / 4, [(1, 1, "天天气")]),
        ("我有 25 个。", "我有二十六个", 1 / 5, [(3, 5, "二十六")]),
        ("Hello, world.", "hello", 5 / 10, [(7, 12, "")]),
        ("你好", "", 1.0, [(0, 2, "")]),
    ],
)
def test_rate_and_places(text: str, heard: str, cer: float, differences: list[tuple[int, int, str]]) -> None:
    found = compared(text, heard, "ear")
    assert found.cer == pytest.approx(cer, abs=1e-4)
    if text != "今天很好。":
        assert [(each.start, each.end, each.heard) for each in found.differences] == differences
    else:  # which of two equal characters was added nobody can say
        assert "".join(each.heard for each in found.differences) in ("天天", "天气", "天天气")


def test_of_what_is_no_word_nothing_is_compared() -> None:
    assert compared("……！", "嗯", "ear").cer is None


def test_what_is_too_long_is_not_compared() -> None:
    found = compared("好" * (MOST_CHARACTERS + 1), "好", "ear")
    assert (found.text, found.cer) == (None, None)
    assert "20,000 characters" in str(found.problem)


def test_only_so_many_differences_are_kept() -> None:
    found = compared("好天" * 2000, "好地" * 2000, "ear")
    assert found.cer == 0.5
    assert len(found.as_data()["differences"]) == 500
