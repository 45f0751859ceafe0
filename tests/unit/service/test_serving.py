"""How an address is told, and which of them others can reach."""

from __future__ import annotations

import socket
from ipaddress import ip_address

import pytest

from sidecar.service.serving import is_loopback, listen, reachable


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1", "[::1]", "localhost", "LocalHost"])
def test_loopback_names_are_this_machine(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["", "0.0.0.0", "::", "10.0.0.1", "localhost.example.org", "127.0.0.1.example.org"])
def test_other_names_are_not(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize(("host", "shown"), [("127.0.0.1", "127.0.0.1"), ("::1", "[::1]"), ("tts.lan", "tts.lan")])
def test_an_address_is_told_as_it_is_written_in_a_url(host: str, shown: str) -> None:
    assert reachable(host) == shown


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_of_every_address_one_is_told_that_others_can_open(host: str) -> None:
    told = reachable(host)
    assert told
    if told.replace(".", "").isdigit():
        assert not ip_address(told).is_unspecified


def test_pieces_of_an_answer_do_not_wait_for_each_other() -> None:
    """asyncio switches that off for connections that say that they are TCP's, as they do where their listener does."""
    with listen("127.0.0.1", 0) as listener, socket.create_connection(listener.getsockname()):
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.proto == socket.IPPROTO_TCP
