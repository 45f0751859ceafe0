"""tts_models: what is known of a model and fills no column, the same on every database."""

from __future__ import annotations

import json
from pathlib import Path

from tests.events import publish, succeeded
from tests.operate.scene import set_scene

GIB = 1024**3
WEIGHTS = "a" * 64


def test_what_a_model_was_is_asked_of_a_view(tmp_path: Path, database_url: str) -> None:
    scene = set_scene(tmp_path, database_url)
    known = {
        "model": {"class": "m.IndexTTS2", "weights": WEIGHTS, "first_call": True, "acceleration": {"compile": True}},
        "memory": {"peak": 3 * GIB, "process_peak": 4 * GIB, "allocated": GIB},
    }
    unknown = {"model": {"weights": None, "first_call": False}, "memory": {"peak": None}}
    for number, data in enumerate((known, unknown, {"model": None}), 1):
        publish(scene.folder, succeeded(sequence=number, data=data))
    scene.ship()
    columns = "model_class, weights, first_call, memory_peak, process_memory_peak"
    assert scene.query(f"SELECT {columns} FROM tts_models ORDER BY event_id") == [
        ("m.IndexTTS2", WEIGHTS, 1, 3 * GIB, 4 * GIB),
        (None, None, 0, None, None),
        (None, None, None, None, None),
    ]
    said = [row[0] for row in scene.query("SELECT acceleration FROM tts_models ORDER BY event_id")]
    assert json.loads(said[0]) == {"compile": True}
    assert said[1:] == [None, None]
