"""Writers that keep their own books: what they published, by id, outside of everything that is tested."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import random
import threading
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from indextts_patch.writing.publish import publish, tmp_name
from tests.events import encode, failed, succeeded

TEXTS = (
    "欢迎使用语音合成",
    'it\'s 100% "done"; DROP TABLE tts_events --',
    "🎙️ 👩‍👩‍👧 𠮷野家",
    "مرحبا",
    "line\nbreak \\ \x00 end",
)


@dataclass(frozen=True)
class Entry:
    """One published event."""

    sha256: str
    canonical: str
    """SHA-256 of its JSON with sorted keys: what a server that rewrites JSON must still hold."""
    during: str
    """The fault under way when it was published, or calm."""


class Writers:
    """Threads that publish events with the patch's own atomic writer; a context manager.

    Args:
        folder: where they publish.
        rate: events a second of all of them together, about.
    """

    def __init__(self, folder: Path, *, rate: float, seed: int, threads: int = 3) -> None:
        self.folder = folder
        self.ledger: dict[str, Entry] = {}
        self.refused = 0
        """Events that the file system did not take; the writer knows, and so does the ledger."""
        self.during = "calm"
        self.latencies: defaultdict[str, list[float]] = defaultdict(list)
        """Seconds that publishing one event took, by what was under way."""
        self._pause = threads / rate
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._write, args=(random.Random(seed + n),)) for n in range(threads)]

    def __enter__(self) -> Writers:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def publish(self, event: dict[str, Any]) -> bool:
        """One event; the ledger has it only once it is on the disk."""
        raw = encode(event)
        during = self.during
        started = time.perf_counter()
        try:
            publish(str(self.folder), tmp_name(event["id"]), f"spk_{event['id']}.wav.json", raw, fsync=True)
        except OSError:
            self.refused += 1
            return False
        self.latencies[during].append(time.perf_counter() - started)
        self.ledger[event["id"]] = Entry(hashlib.sha256(raw).hexdigest(), canonical(raw), during)
        return True

    def _write(self, chance: random.Random) -> None:
        while not self._stop.wait(chance.uniform(0, 2 * self._pause)):
            text = chance.choice(TEXTS) * chance.randrange(1, 20)
            self.publish(failed(text) if chance.random() < 0.1 else succeeded(text))


def canonical(raw: str | bytes) -> str:
    return hashlib.sha256(json.dumps(json.loads(raw), sort_keys=True).encode()).hexdigest()


class Ballast:
    """A file that fills the rest of a small disk."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / ".ballast"

    def fill(self) -> None:
        with self._path.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(65536))
        with self._path.open("ab", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(b"\0")

    def remove(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._path)
