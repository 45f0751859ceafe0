"""Tells systemd how the service is doing (sd_notify(3)). Without systemd it does nothing."""

from __future__ import annotations

import socket
import sys
import time
from collections.abc import Mapping

_STATUS_SECONDS = 10.0


class Notifier:
    """
    Args:
        environment: NOTIFY_SOCKET and WATCHDOG_USEC, as systemd sets them.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        address = environment.get("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address.startswith("@") else address
        watchdog = int(environment.get("WATCHDOG_USEC") or 0) / 1e6
        self._pause = min(watchdog / 3, _STATUS_SECONDS) if watchdog else _STATUS_SECONDS
        self._next_alive = 0.0

    def ready(self) -> None:
        self._send("READY=1")

    def stopping(self) -> None:
        self._send("STOPPING=1")

    def status(self, status: str, alive: bool) -> None:
        """
        Args:
            status: one line, shown by `systemctl status`.
            alive: the main loop goes round; sent every ten seconds, or at a third of the watchdog's time.
        """
        if not alive:
            self._send(f"STATUS={status}")
        elif self._address and time.monotonic() >= self._next_alive:
            self._next_alive = time.monotonic() + self._pause
            self._send(f"WATCHDOG=1\nSTATUS={status}")

    def _send(self, message: str) -> None:
        if sys.platform == "win32":
            return
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as connection:
                connection.sendto(message.encode(), self._address)
        except OSError:
            return  # systemd is not listening: nothing of ours depends on it
