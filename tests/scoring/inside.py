"""`sidecar score` in this process. One of its own takes three seconds of a processor before it hears anything, and then
waits at the lowest priority beside other tests; what that process is, tests/scoring/test_score.py holds.
"""

from __future__ import annotations

import os
import signal
from unittest.mock import patch

from sidecar.scoring import measures
from tests.operate.scene import Scene


class Inside:
    """Runs it, each time with the same models, which are loaded once."""

    def __init__(self) -> None:
        self._scorer = measures.Scorer()

    def score(self, scene: Scene, *arguments: str) -> str:
        """What it printed. This process keeps its priority, its environment and its handlers of signals."""
        handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            with (
                patch.dict(os.environ),
                patch.object(os, "nice", lambda _: 0),
                patch.object(measures, "Scorer", lambda: self._scorer),
            ):
                return scene.run("score", *arguments)
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)
