"""What systemd is told, on a socket of the test's own."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from sidecar.service.systemd import Notifier


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    monkeypatch.chdir(tmp_path)  # a socket's path has room for about 100 characters
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind("notify")
        listening.setblocking(False)
        yield listening


def heard(systemd: socket.socket) -> list[str]:
    messages = []
    with contextlib.suppress(BlockingIOError):
        while True:
            messages.append(systemd.recv(4096).decode())
    return messages


def test_ready_and_stopping_are_said_at_once(systemd: socket.socket) -> None:
    notifier = Notifier({"NOTIFY_SOCKET": "notify"})
    notifier.ready()
    notifier.stopping()
    assert heard(systemd) == ["READY=1", "STOPPING=1"]


def test_a_live_loop_feeds_the_watchdog_at_a_third_of_its_time(systemd: socket.socket) -> None:
    notifier = Notifier({"NOTIFY_SOCKET": "notify", "WATCHDOG_USEC": "30000000"})
    for _ in range(3):
        notifier.status("shipping", alive=True)
    assert heard(systemd) == ["WATCHDOG=1\nSTATUS=shipping"]
    eager = Notifier({"NOTIFY_SOCKET": "notify", "WATCHDOG_USEC": "3"})
    for _ in range(3):
        eager.status("shipping", alive=True)
    assert len(heard(systemd)) == 3


def test_a_loop_that_hangs_says_so_and_does_not_feed_the_watchdog(systemd: socket.socket) -> None:
    Notifier({"NOTIFY_SOCKET": "notify"}).status("no answer since 60 s", alive=False)
    assert heard(systemd) == ["STATUS=no answer since 60 s"]


@pytest.mark.parametrize("environment", [{}, {"NOTIFY_SOCKET": "gone"}], ids=["no systemd", "nobody listens"])
def test_without_a_listener_nothing_happens(
    environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    notifier = Notifier(environment)
    notifier.ready()
    notifier.status("shipping", alive=True)
