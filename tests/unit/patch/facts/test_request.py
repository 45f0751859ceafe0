from __future__ import annotations

import json

import pytest

from indextts_patch.facts.request import without

TEXTS = ["it's", 'say "hi"', """it's "both" """, "两行\n第二行", "tab\tand \\ backslash", "Zoë 😀 it's"]


@pytest.mark.parametrize("text", TEXTS)
def test_no_way_of_writing_a_text_keeps_it(text: str) -> None:
    messages = {
        "plain": f"cannot speak {text}",
        "repr": f"cannot speak {text!r}",
        "ascii": f"cannot speak {text!a}",
        "json": json.dumps({"text": text}),
        "readable json": json.dumps({"text": text}, ensure_ascii=False),
        "bytes": f"cannot speak {text.encode()!r}",
        "list": str([text, "another's"]),
        "key": str(KeyError(text)),
    }
    for how, message in messages.items():
        left = without({"message": message}, text)["message"]
        assert "[text]" in left, how
        assert left.count("[text]") == 1, how
