"""Eight bytes a path, and yet a set."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sidecar.shipping.pathset import PathSet

PATHS = st.sampled_from([f"/srv/outputs/{number}.json" for number in range(8)])


@given(st.lists(PATHS), st.lists(st.tuples(st.sampled_from(["add", "discard"]), PATHS)))
def test_it_holds_what_a_set_holds(given_paths: list[str], changes: list[tuple[str, str]]) -> None:
    real, found = set(given_paths), PathSet(given_paths)
    for verb, path in changes:
        getattr(real, verb)(path)
        getattr(found, verb)(path)
    assert len(found) == len(real)
    assert {f"/srv/outputs/{number}.json" for number in range(9) if f"/srv/outputs/{number}.json" in found} == real
