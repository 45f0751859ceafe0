"""A network of one hop between shipper and server, to be cut, stalled and slowed."""

from __future__ import annotations

import contextlib
import socket
import threading
import time

_CHUNK = 65536
_COMMIT = b"\x03COMMIT"  # COM_QUERY and its text, as PyMySQL sends it


class Proxy:
    """Forwards a port of its own to the server's. A context manager."""

    def __init__(self, port: int) -> None:
        self.target = port
        self.cuts = 0
        """Connections that were cut, ever."""
        self.stalled = 0
        """Chunks that had to wait, ever."""
        self.refused = 0
        """Connections that were refused, ever."""
        self.answers_lost = 0
        """Answers to COMMIT that were swallowed, ever."""
        self.delay = 0.0
        """Seconds that each chunk is held."""
        self.down = False
        """Whether new connections are refused."""
        self.cut_commits = 0
        """How many answers to COMMIT are still to be swallowed."""
        self._flowing = threading.Event()
        self._flowing.set()
        self._pairs: set[tuple[socket.socket, socket.socket]] = set()
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Proxy:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        self._flowing.set()
        self.cut()

    def cut(self) -> None:
        """End every connection that is open."""
        with self._lock:
            pairs = list(self._pairs)
        self.cuts += len(pairs)
        for pair in pairs:
            self._end(pair)

    def black_hole(self) -> None:
        """Hold everything, answer nothing, lose nothing, as a link that is down does to TCP; until `heal`."""
        self._flowing.clear()

    def forget(self) -> None:
        """Let the connections that are held die unseen by the server, as a firewall that restarts does."""
        with self._lock:
            for client, _ in self._pairs:
                with contextlib.suppress(OSError):
                    client.shutdown(socket.SHUT_RDWR)

    def heal(self) -> None:
        self._flowing.set()
        self.down, self.delay = False, 0.0

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self.down:
                self.refused += 1
                client.close()
                continue
            try:
                server = socket.create_connection(("127.0.0.1", self.target), timeout=5)
            except OSError:
                self.refused += 1
                client.close()
                continue
            server.settimeout(None)
            pair = (client, server)
            for each in pair:
                each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self._pairs.add(pair)
            threading.Thread(target=self._pump, args=(pair, client, server, True), daemon=True).start()
            threading.Thread(target=self._pump, args=(pair, server, client, False), daemon=True).start()

    def _pump(
        self, pair: tuple[socket.socket, socket.socket], source: socket.socket, sink: socket.socket, asks: bool
    ) -> None:
        try:
            while chunk := source.recv(_CHUNK):
                if not self._flowing.is_set():
                    self.stalled += 1
                    self._flowing.wait()
                if self.delay:
                    self.stalled += 1
                    time.sleep(self.delay)
                if asks and self.cut_commits and chunk.endswith(_COMMIT):
                    self.cut_commits -= 1
                    self.answers_lost += 1
                    sink.sendall(chunk)
                    self._swallow(sink)
                    break
                sink.sendall(chunk)
        except OSError:
            pass
        self._end(pair)

    @staticmethod
    def _swallow(server: socket.socket) -> None:
        """Wait until the server has answered: the commit is done, and nobody hears of it."""
        time.sleep(0.05)

    def _end(self, pair: tuple[socket.socket, socket.socket]) -> None:
        with self._lock:
            self._pairs.discard(pair)
        for each in pair:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
