"""python -m tests.torture.fuzz: the decoder fed by atheris, which keeps what reaches code that nothing reached before.

Any bytes are one event or one typed error, and an event can be rendered into rows. Mutations start from the published
examples and know the schema half of the time.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["sidecar"]):
    from sidecar.errors import EventError, NotAnEvent
    from sidecar.event.event import Event
    from sidecar.storage.mysql.rows import render
    from sidecar.storage.projection import project
    from sidecar.storage.sink import Delivery

from tests.torture.poison import EXAMPLES, mutated

_MAX_BYTES = 64 * 1024


def one(raw: bytes) -> None:
    """
    Raises:
        Exception: the bytes broke something.
    """
    try:
        event = Event.decode(raw)
    except (EventError, NotAnEvent):
        return
    assert event.raw == raw
    assert event.time.tzinfo is not None
    rows = render([Delivery(event=event, path="outputs/fuzzed.json")])
    assert len(rows.events) == 1
    assert sum(len(records.rows) for records in rows.records) == len(list(project(event)))


def mutate(data: bytes, max_size: int, seed: int) -> bytes:
    """Half of them by the schema, half by the fuzzer's own habits."""
    chance = random.Random(seed)
    if chance.random() < 0.5:
        try:
            document = json.loads(data)
            found = mutated(document, chance) if isinstance(document, dict) else b""
        except (ValueError, RecursionError):  # no JSON, or deeper than Python's own reader and writer go
            found = b""
        if 0 < len(found) <= max_size:
            return found
    return bytes(atheris.Mutate(data, max_size))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.torture.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fuzz-") as corpus:
        for path in EXAMPLES.glob("*/*.json"):
            (Path(corpus) / path.name).write_bytes(path.read_bytes())
        limits = [f"-max_total_time={chosen.seconds}", f"-seed={chosen.seed}", f"-max_len={_MAX_BYTES}"]
        say = ["-print_final_stats=1", f"-artifact_prefix={tempfile.gettempdir()}/"]
        atheris.Setup([sys.argv[0], *limits, *say, corpus], one, custom_mutator=mutate)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
