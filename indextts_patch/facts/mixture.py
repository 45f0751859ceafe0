"""Emotions by name, as some engines take them instead of eight weights in order."""

from __future__ import annotations

from collections.abc import Mapping

from .. import jsontext
from ..guard import Any
from ..upstream.engines import EMOTIONS, EMOTIONS_IN_CHINESE
from .values import number


def weights(mixture: object) -> Any:
    """The eight weights of {"happy": 0.8}, "happy:0.8,sad:0.2" or JSON of the former; anything else as it is.

    An emotion without a weight has 1, as mlx-indextts reads it (parse_emotion of its generate_v2.py).
    """
    named = _parsed(mixture) if isinstance(mixture, str) else mixture
    if not isinstance(named, Mapping) or not named or not all(name in EMOTIONS for name in named):
        return mixture
    return [number(named.get(name, 0.0)) or 0.0 for name in EMOTIONS]


def _parsed(text: str) -> dict[str, Any]:
    if text.strip().startswith("{"):
        try:
            found = jsontext.read(text)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}
    named: dict[str, Any] = {}
    for part in text.split(","):
        name, colon, weight = part.strip().partition(":")
        name = name.strip().lower()
        try:
            named[EMOTIONS_IN_CHINESE.get(name, name)] = max(0.0, min(1.2, float(weight))) if colon else 1.0
        except ValueError:
            return {}
    return named
