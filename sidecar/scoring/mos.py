"""What listeners would say of a sound: Microsoft's DNSMOS, whose models come inside the package speechmos.

They are run here rather than by speechmos, which would load librosa, numba and pandas (three times the memory) for a
spectrogram of ten lines.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime

from sidecar.scoring.sound import Samples

RATE = 16_000  # hertz
_WINDOW = 144_160  # samples: the 9.01 s that the models were trained on
_HOP = RATE
SECONDS_A_WINDOW = 10.0
"""One window is judged for each ten seconds begun: 0.3 s of a core. speechmos judges one each second, and a clip of
8 s seven times over, for a mean that differs by a twentieth of a point."""
MOST_WINDOWS = 12
"""However long the sound is; they are spread over it."""
# speechmos.dnsmos.DNSMOS.get_polyfit_val, the one for general speech: what the model says to what listeners said.
_CALIBRATION: Mapping[str, Sequence[float]] = {
    "signal": (-0.08397278, 1.22083953, 0.0052439),
    "background": (-0.13166888, 1.60915514, -0.39604546),
    "overall": (-0.06766283, 1.11546468, 0.04602535),
}
_FFT, _FRAME_HOP, _MELS = 321, 160, 120


@dataclass(frozen=True, kw_only=True)
class Opinion:
    """Mean opinion scores, 1 (bad) to 5 (excellent)."""

    overall: float
    """P.835."""
    signal: float
    """P.835: how the speech itself sounds."""
    background: float
    """P.835: how little the background disturbs."""
    p808: float
    """P.808: one figure for everything, by another model."""


class Judge:
    """DNSMOS's two models, loaded once, run in one thread."""

    def __init__(self) -> None:
        found = importlib.util.find_spec("speechmos")
        if found is None or found.origin is None:
            raise ModuleNotFoundError("No module named 'speechmos'", name="speechmos")
        folder = Path(found.origin).with_name("dnsmos_models")
        self._p835 = _session(folder / "sig_bak_ovr.onnx")
        self._p808 = _session(folder / "model_v8.onnx")
        self._filters = mel_filters()

    def listen(self, sound: Samples, *, every: bool = False) -> Opinion:
        """
        Args:
            sound: one channel at RATE, not empty; a shorter one than a window is said again until it fills one.
            every: whether to judge a window each second, as speechmos does.
        """
        while len(sound) < _WINDOW:
            sound = np.concatenate([sound, sound])
        starts = _starts(len(sound))
        if not every:
            starts = _spread(starts, min(max(int(np.ceil(len(sound) / RATE / SECONDS_A_WINDOW)), 1), MOST_WINDOWS))
        return _mean([self._window(sound[start : start + _WINDOW]) for start in starts])

    def _window(self, sound: Samples) -> Opinion:
        sound = np.clip(sound, -1, 1)
        signal, background, overall = self._p835.run(None, {"input_1": sound[np.newaxis]})[0][0]
        raw = {"signal": signal, "background": background, "overall": overall}
        p808 = self._p808.run(None, {"input_1": self._spectrogram(sound[:-_FRAME_HOP])[np.newaxis]})[0][0][0]
        said = {name: float(np.polyval(_CALIBRATION[name], value)) for name, value in raw.items()}
        return Opinion(**said, p808=float(p808))

    def _spectrogram(self, sound: Samples) -> Samples:
        """librosa's mel spectrogram in decibels below its largest value, 120 bands every 10 ms, scaled as trained."""
        padded = np.pad(sound, _FFT // 2)
        frames = np.lib.stride_tricks.sliding_window_view(padded, _FFT)[::_FRAME_HOP]
        window = np.hanning(_FFT + 1)[:-1].astype(np.float32)
        power = np.abs(np.fft.rfft(frames * window)) ** 2
        mel = np.maximum(power @ self._filters, 1e-10)
        level = 10 * np.log10(mel / mel.max())
        return ((np.maximum(level, -80) + 40) / 40).astype(np.float32)  # type: ignore[no-any-return]


def _session(path: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # it would keep what the largest run took
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def _starts(length: int) -> Sequence[int]:
    """As speechmos has them: one a second, but for those whose end its floating-point sum puts one sample too early."""
    count = int(length // RATE - _WINDOW / RATE) + 1
    return [each * _HOP for each in range(count) if int((each + _WINDOW / RATE) * _HOP) - each * _HOP == _WINDOW]


def _spread(starts: Sequence[int], count: int) -> Sequence[int]:
    if count >= len(starts):
        return starts
    places = np.linspace(0, len(starts) - 1, count + 2)[1:-1] if count < 3 else np.linspace(0, len(starts) - 1, count)
    return [starts[round(float(place))] for place in places]


def _mean(opinions: Sequence[Opinion]) -> Opinion:
    names = ("overall", "signal", "background", "p808")
    return Opinion(**{name: float(np.mean([getattr(each, name) for each in opinions])) for name in names})


def mel_filters(
    rate: int = RATE, fft: int = _FFT, mels: int = _MELS
) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """librosa's triangles, with Slaney's scale and areas, as a matrix (frequencies, bands)."""
    edges = _hertz(np.linspace(0, _mel(rate / 2), mels + 2))
    heights = edges[np.newaxis, :] - np.fft.rfftfreq(fft, 1 / rate)[:, np.newaxis]
    widths = np.diff(edges)
    rising, falling = -heights[:, :-2] / widths[:-1], heights[:, 2:] / widths[1:]
    return np.maximum(0, np.minimum(rising, falling)) * 2 / (edges[2:] - edges[:-2])


def _mel(hertz: float) -> float:
    return hertz * 3 / 200 if hertz < 1000 else 15 + np.log(hertz / 1000) * 27 / np.log(6.4)


def _hertz(mel: np.ndarray[tuple[int], np.dtype[np.float64]]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.where(mel < 15, mel * 200 / 3, 1000 * np.exp((mel - 15) * np.log(6.4) / 27))
