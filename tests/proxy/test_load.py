"""A short form of `python -m tests.proxy`."""

from __future__ import annotations

from pathlib import Path

from tests.proxy.load import Load

REQUESTS = 300


def test_under_load_each_request_leaves_one_event_and_no_byte_is_another(tmp_path: Path) -> None:
    result = Load(tmp_path, requests=REQUESTS, clients=20, kill_every=100).run()
    assert result.wrong == []
    assert result.kills == 2
    assert sum(result.outcomes.values()) == REQUESTS
    assert result.outcomes["whole"] > REQUESTS / 10  # on a busy machine the server is dead for longer
    assert result.outcomes["left"] > 0
