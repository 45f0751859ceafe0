"""How the library's address is told."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from sidecar.web.server import reachable


@pytest.mark.parametrize(("host", "shown"), [("127.0.0.1", "127.0.0.1"), ("::1", "[::1]"), ("tts.lan", "tts.lan")])
def test_an_address_is_told_as_it_is_written_in_a_url(host: str, shown: str) -> None:
    assert reachable(host) == shown


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_of_every_address_one_is_told_that_others_can_open(host: str) -> None:
    told = reachable(host)
    assert told
    if told.replace(".", "").isdigit():
        assert not ip_address(told).is_unspecified
