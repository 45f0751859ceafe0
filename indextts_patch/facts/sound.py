"""Where the samples are in what an engine hands over, and at which rate."""

from __future__ import annotations

from ..guard import Any
from ..upstream.engines import CHUNK_RATES, CHUNK_SAMPLES
from ..upstream.row import Engine
from .engine import reach


def sound(value: object, engine: Engine, model: object) -> tuple[int | None, Any] | None:
    """The rate and the samples of a result, or of a part of a stream.

    Args:
        value: what was handed over: an array or tensor; (rate, array); (array, text); an object with both, such as
            mizuoto's and upstream's AudioChunk.
        engine: the row of the engine.
        model: the object that the method was called on.

    Returns:
        The rate in hertz, None where neither the value nor the row says; and an array of any kind, as it is. None where
        it holds no sound: a path, text, or the list of tensors that upstream yields instead of silence.
    """
    if _is_array(value):
        return rate(engine, model), value
    if isinstance(value, tuple) and len(value) == 2:
        first, second = value
        if _is_array(second) and _is_rate(first):
            return int(first), second
        return (rate(engine, model), first) if _is_array(first) else None
    said = next((each for name in CHUNK_RATES if _is_rate(each := getattr(value, name, None))), None)
    samples = next((each for name in CHUNK_SAMPLES if _is_array(each := getattr(value, name, None))), None)
    return None if samples is None else (rate(engine, model) if said is None else int(said), samples)


def rate(engine: Engine, model: object) -> int | None:
    """The rate of samples that are handed over without one, in hertz."""
    said = reach(model, engine.rate) if isinstance(engine.rate, str) else engine.rate
    return said if _is_rate(said) else None


def _is_rate(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _is_array(value: object) -> bool:
    return isinstance(getattr(value, "shape", None), tuple) and len(value.shape) > 0  # type: ignore[attr-defined]
