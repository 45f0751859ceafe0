"""Which emotion a call asks for, and which one the model uses.

The rules are upstream's (infer_generator of infer_v2.py, in its order of precedence): a description beats a
vector, a vector beats a reference audio, and with none of them the speaker's own emotion is used.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextvars import ContextVar

from ..guard import Any
from ..upstream.engines import EMOTIONS, NO_EMOTION_IN_TEXT
from ..upstream.row import SCALED_EXACTLY, UNSCALED
from .values import MAX_TEXT_CHARACTERS, clean, number

NEUTRAL, REFERENCE = "neutral", "reference"
_MAX_VECTORS = 10_000
_MAX_WEIGHT = 1e6

# The sliders that were last normalised in this thread or task, and the vector made of them: the WebUI does that right
# before it calls infer.
_normalized: ContextVar[tuple[list[float], object] | None] = ContextVar("indextts_patch_normalized", default=None)


def note_normalized(sliders: object, result: object) -> None:
    """Remember the sliders that a vector was made from. `result` is the vector that infer will be given."""
    weights = vector(sliders)
    _normalized.set(None if weights is None else (weights, result))


def vector(value: object) -> list[float] | None:
    """Eight weights as plain numbers, None where it is not eight numbers. Takes arrays and mappings."""
    if isinstance(value, Mapping):
        value = list(value.values())
    tolist = getattr(value, "tolist", None)
    if callable(tolist):
        value = tolist()
    if not isinstance(value, Sequence) or isinstance(value, (str, bytes)) or len(value) != len(EMOTIONS):
        return None
    weights = [number(item) for item in value]
    result = [weight for weight in weights if weight is not None and abs(weight) <= _MAX_WEIGHT]
    return result if len(result) == len(EMOTIONS) else None


def requested(meaning: Mapping[str, Any], text: str | None, *, scaling: str) -> dict[str, Any] | None:
    """The emotion as the arguments of a call ask for it; None for IndexTTS 1, which has none.

    Args:
        meaning: the arguments of the call by their meaning, defaults filled in.
        text: the text to speak, from which an emotion without a description of its own is derived.
        scaling: how this version scales vectors by alpha, a word of `upstream/row.py`.

    Returns:
        Members of the schema's `emotion`, without the reference audio; in mode text the effective vector is
        unknown until `add_computed` is given it.
    """
    if not meaning.keys() & {"emotion_alpha", "emotion_vector", "emotion_audio"}:
        return None
    passed = meaning.get("emotion_vector")
    weights = vector(passed)
    alpha = number(meaning.get("emotion_alpha"))
    known: dict[str, Any] = {"mode": mode(meaning), "alpha_requested": alpha, "alpha_effective": 1.0}
    if meaning.get("emotion_random") is not None:
        known["random"] = bool(meaning["emotion_random"])
    if weights is not None:
        known["vector_input"] = weights
        normalized = _normalized.get()
        if normalized is not None and normalized[1] is passed:
            known["vector_raw"] = normalized[0]
    if known["mode"] in ("vector", "text"):
        scale = max(0.0, min(1.0, alpha)) if scaling != UNSCALED and alpha is not None else 1.0
        known["alpha_effective"] = scale
        if known["mode"] == "text":
            description = meaning.get("emotion_text")
            known["text"] = clean(str(description), MAX_TEXT_CHARACTERS) if description is not None else text
        elif weights is not None:
            cut_off = vector(_scaled_as_passed(passed, scale)) or scaled(weights, scale)
            known["vector_effective"] = [each * scale for each in weights] if scaling == SCALED_EXACTLY else cut_off
    elif known["mode"] == "reference":
        known["alpha_effective"] = alpha
    known["label"] = label(known)
    return known


def mode(meaning: Mapping[str, Any]) -> str:
    """speaker, reference, vector or text, in upstream's order of precedence."""
    if meaning.get("emotion_by_text"):
        return "text"
    if meaning.get("emotion_vector") is not None:
        return "vector"
    reference = meaning.get("emotion_audio")
    if reference is not None and reference != meaning.get("voice"):
        return "reference"
    return "speaker"


def add_computed(known: dict[str, Any], vectors: list[list[float]]) -> None:
    """Fill in what QwenEmotion computed in the call: one vector, or one for each chunk (2.5, low VRAM)."""
    if known.get("mode") != "text" or not vectors:
        return
    scale = known.get("alpha_effective")
    effective = [scaled(weights, scale if scale is not None else 1.0) for weights in vectors[:_MAX_VECTORS]]
    known["vector_effective"] = effective[0]
    if len(effective) > 1:
        known["vectors"] = effective
    known["label"] = label(known)


def add_blended(known: dict[str, Any], alpha: float | None) -> None:
    """Fill in the share by which the model blended the emotion of an audio into the voice's own."""
    if alpha is not None and known.get("mode") in ("speaker", "reference"):
        known["alpha_effective"] = alpha


def scaled(weights: list[float], scale: float) -> list[float]:
    """The weights as upstream scales them: cut off after four decimals, untouched for a scale of 1."""
    return weights if scale == 1.0 else [int(weight * scale * 10000) / 10000 for weight in weights]


def _scaled_as_passed(passed: Any, scale: float) -> list[Any] | None:
    """The same of the numbers as they were passed: upstream reckons with numpy's and torch's in their own precision,
    and half of 0.7 is cut off to 0.35 in the one and to 0.3499 in the other."""
    kinds = {type(weight) for weight in passed}
    return None if scale == 1.0 or kinds <= {float, int} else [int(each * scale * 10000) / 10000 for each in passed]


def label(known: Mapping[str, Any]) -> str | None:
    """neutral, reference, or the name of the largest effective weight (the first of equals)."""
    if known["mode"] == "speaker":
        return NEUTRAL
    if known["mode"] == "reference":
        return REFERENCE
    effective = known.get("vector_effective")
    if effective is None:
        return None
    if max(effective) <= 0:
        # Eight sliders at zero ask for no emotion; a text without one gets the one that upstream gives it.
        return NO_EMOTION_IN_TEXT if known["mode"] == "text" else NEUTRAL
    return EMOTIONS[effective.index(max(effective))]
