"""Whatever a host passes becomes a value that the event may hold."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from indextts_patch.facts.values import MAX_TEXT_CHARACTERS, clean, plain
from indextts_patch.writing import event
from tests.patch.helpers import validator

json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()) | st.binary(max_size=5),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(max_size=5), children, max_size=4),
    max_leaves=12,
)


@given(st.text(st.characters(codec=None)), json_like)
def test_whatever_is_passed_the_event_satisfies_the_contract(text: str, value: Any) -> None:
    identity = event.uuid7()
    data = {
        "text": clean(text, MAX_TEXT_CHARACTERS),
        "params": {"requested": {"x": plain(value)}, "effective": {}},
        "timing": {},
        "model": {},
    }
    line = event.encode(
        identity=identity, subject=identity, source="indextts://h/i", sequence=1,
        event_type=event.SUCCEEDED, time=event.now(), data=data,
    )  # fmt: skip
    validator().validate(json.loads(line.decode("utf-8")))
    assert line.count(b"\n") == 1
