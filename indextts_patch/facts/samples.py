"""Facts of sound that a call handed back in memory: an array or tensor of any shape and type."""

from __future__ import annotations

import math

from ..guard import Any
from .digest import new_sha256
from .values import number
from .wav import Level

_UNIT_SCALE, _PCM_SCALE = 1.0, 32_767.0
_LOUDEST_IN_UNIT_SCALE = 8.0  # above it, floats are in the scale of 16 bits, as upstream's streams are


def facts(rate: int | None, samples: Any) -> dict[str, Any] | None:
    """Members of the schema's `audio` for samples at this rate in hertz.

    The hash is the SHA-256 of the samples' own bytes, there being no file. Of a tensor on a GPU only shape and type are
    read: its content would have to be waited for.
    """
    shape = tuple(getattr(samples, "shape", ()))
    if not isinstance(rate, int) or not shape:
        return None
    count, channels = extent(shape)
    members: dict[str, Any] = {
        "path": None, "sample_rate": rate, "channels": channels, "samples": count,
        "duration": round(count / rate, 6) if rate > 0 else None,
    }  # fmt: skip
    array = _on_host(samples)
    if array is None:
        return members
    content = array.tobytes()
    members.update(bits_per_sample=int(array.dtype.itemsize) * 8, bytes=len(content))
    members["sha256"] = new_sha256(content).hexdigest()
    if str(array.dtype) == "int16":
        level = Level()
        level.add(content)
        return {**members, **level.facts()}
    return {**members, **_level(array)} if count and hasattr(array, "max") else members


def extent(shape: tuple[int, ...]) -> tuple[int, int]:
    """Samples per channel, and channels, of an array of this shape: time is its longest axis, wherever that stands."""
    whole = math.prod(shape)
    return (max(shape), whole // max(shape)) if whole else (0, 1)


def _on_host(samples: Any) -> Any:
    """The samples as an array of numpy's, or with its face, without a copy; None where they lie elsewhere."""
    if hasattr(samples, "tobytes"):
        return samples
    if getattr(getattr(samples, "device", None), "type", None) != "cpu" or not hasattr(samples, "numpy"):
        return None
    try:
        return samples.detach().numpy()
    except TypeError:  # a type that numpy does not have, such as bfloat16
        return None


def _level(array: Any) -> dict[str, float]:
    """Peak and share of samples at full scale; nothing where a sample is no finite number."""
    high, low = number(array.max()), number(array.min())
    if high is None or low is None:
        return {}
    peak = max(high, -low)
    if str(array.dtype).startswith("float"):
        full = _PCM_SCALE if peak > _LOUDEST_IN_UNIT_SCALE else _UNIT_SCALE
    else:
        full = float(2 ** (int(array.dtype.itemsize) * 8 - 1) - 1)
    share = float(((array >= full) | (array <= -full)).mean()) if peak >= full else 0.0
    return {"peak": round(min(peak / full, 1.0), 6), "full_scale_share": round(share, 6)}
