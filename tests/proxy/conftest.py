"""One speech server and one proxy for the tests that change neither: each finds the folder without events."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.proxy.scene import DEADLINE, Proxied, Server, proxy, speech_server


@pytest.fixture(scope="session")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with speech_server(tmp_path_factory.mktemp("speech")) as server:
        yield server


@pytest.fixture(scope="session")
def shared(upstream: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxied]:
    with proxy(tmp_path_factory.mktemp("proxy"), upstream.url) as running:
        yield running


@pytest.fixture
def proxied(shared: Proxied) -> Iterator[Proxied]:
    for path in Path(shared.folder).glob("*.json"):
        path.unlink()
    yield shared
    until = time.monotonic() + DEADLINE  # no record of this test is to turn up in the next one
    while shared.counted("sidecar_proxy_calls_total") != shared.counted("sidecar_proxy_events_total"):
        assert time.monotonic() < until
        time.sleep(0.02)
