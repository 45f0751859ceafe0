"""What is usual for a voice in a language: medians of its own takes, each judged without itself.

Medians and median deviations, because some of the takes that tell what is usual are spoiled themselves: up to half of
them may be, and the middle stays where it was.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from math import log
from typing import Any

Take = Mapping[str, Any]
"""A record by its columns, those of its score among them."""

FEWEST_TAKES = 8
"""Of fewer other takes nothing is usual."""
MOST_TAKES = 200
"""So many of a voice's newest takes say what is usual: a voice may change over the years, and an answer stays quick."""
_TO_DEVIATION = 1.4826  # from the median deviation to the standard deviation, of a normal distribution


@dataclass(frozen=True, kw_only=True)
class Usual:
    middle: float
    spread: float
    """As a standard deviation."""
    takes: int


def _ratio(of: str) -> Callable[[Take], float | None]:
    return lambda take: log(take[of]) if take.get(of) else None


def _plain(of: str) -> Callable[[Take], float | None]:
    return lambda take: take.get(of)


def _pace(take: Take) -> float | None:
    beats, seconds = take.get("beats"), take.get("speech_seconds")
    return log(beats / seconds) if beats and seconds else None


def _crest(take: Take) -> float | None:
    peak, loudness = take.get("true_peak"), take.get("loudness")
    return None if peak is None or loudness is None else peak - loudness


MEASURES: Mapping[str, Callable[[Take], float | None]] = {
    "pace": _pace,
    "change": _ratio("change_rate"),
    "silence": _plain("longest_silence"),
    "noise": _plain("signal_to_noise"),
    "tops": _plain("near_peak_share"),
    "crest": _crest,
    "loudness": _plain("loudness"),
    "score": _plain("mos_overall"),
    "cer": _plain("cer"),
}
"""What is compared, by name: paces by their ratio, and so as logarithms; everything else by its difference."""


class Past:
    """The takes that a take is compared with."""

    def __init__(self, takes: Iterable[Take]) -> None:
        newest = list(islice(takes, MOST_TAKES))
        self._values: dict[str, list[float]] = {
            name: sorted(value for take in newest if (value := read(take)) is not None)
            for name, read in MEASURES.items()
        }
        self._takes = {take["event_id"] for take in newest}
        self._distances: dict[tuple[str, float], list[float]] = {}
        """From a middle, of every value: takes that are judged one after the other share three middles at most."""

    def usual(self, name: str, take: Take) -> Usual | None:
        """What is usual for a measure, the take itself left out; None where too few others have it."""
        values = self._values[name]
        own = MEASURES[name](take)
        mine = bisect_left(values, own) if own is not None and take["event_id"] in self._takes else None
        takes = len(values) - (mine is not None)
        if takes < FEWEST_TAKES:
            return None
        middle = _median(values, mine)
        distances = self._distances.get((name, middle))
        if distances is None:
            distances = self._distances[name, middle] = sorted(abs(value - middle) for value in values)
        my_distance = bisect_left(distances, abs(own - middle)) if own is not None and mine is not None else None
        return Usual(middle=middle, spread=_TO_DEVIATION * _median(distances, my_distance), takes=takes)


def _median(ordered: Sequence[float], without: int | None) -> float:
    """Of all but the one in that place."""

    def at(place: int) -> float:
        return ordered[place if without is None or place < without else place + 1]

    count = len(ordered) - (without is not None)
    half = count // 2
    return at(half) if count % 2 else (at(half - 1) + at(half)) / 2


def voice_of(take: Take) -> str:
    """Tells voices apart: by the speaker prompt's content, or its path where that was not hashed."""
    return str(take.get("voice_sha256") or take.get("voice") or "")


def language_of(take: Take) -> str:
    """Tells languages apart: as the caller named it, or what the text is written in."""
    return str(take.get("language") or take.get("text_script") or "").casefold()


class Pasts:
    """What a take is judged by: of many takes what is usual for each voice in each language, and for each language; and
    how people moved the limits.

    Args:
        takes: newest first.
    """

    def __init__(self, takes: Iterable[Take]) -> None:
        self.moved: Mapping[str, float] = {}
        """How many times as far as built in a limit is, by the kind of doubt; see sidecar.answers.verdicts."""
        groups: dict[tuple[str | None, str], list[Take]] = {}
        for take in takes:
            for key in ((voice_of(take), language_of(take)), (None, language_of(take))):
                group = groups.setdefault(key, [])
                if len(group) < MOST_TAKES:
                    group.append(take)
        self._pasts = {key: Past(group) for key, group in groups.items()}
        self._none = Past(())

    def own(self, take: Take) -> Past:
        """Of its voice in its language."""
        return self._pasts.get((voice_of(take), language_of(take)), self._none)

    def all_voices(self, take: Take) -> Past:
        """Of all voices in its language."""
        return self._pasts.get((None, language_of(take)), self._none)
