"""JSON as events have it. `json`, with `re` and `enum` below it, is loaded with the first call: in an interpreter that
has nothing loaded yet it is a third of what hooking takes, and whoever speaks has loaded it long before."""

from __future__ import annotations

import functools

from .guard import Any

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def compact(value: object, *, finite: bool = True) -> str:
    """Without blanks, in the order of the keys as they stand.

    Args:
        finite: whether NaN and infinity are refused.

    Raises:
        ValueError: a number is not finite, where it must be.
    """
    return _encoder(finite)(value)


def canonical(value: object) -> str:
    """Without blanks, keys sorted: equal values are equal text. Raises ValueError for a number that is not finite."""
    return _encoder(True, sort_keys=True)(value)


def quoted(text: str, *, ascii: bool) -> str:
    """A text as JSON writes it, without its quotes."""
    import json

    return json.dumps(text, ensure_ascii=ascii)[1:-1]


def read(text: str | bytes) -> Any:
    """The value that a text tells. Raises ValueError where it is no JSON."""
    import json

    return json.loads(text)


@functools.cache
def _encoder(finite: bool, sort_keys: bool = False) -> Callable[[object], str]:
    """Made once: json.dumps with these arguments makes an encoder for each call. Data is made anew for each event, of
    finite depth: looking for circles in it would take a fifth of the time."""
    import json

    return json.JSONEncoder(
        ensure_ascii=False, check_circular=False, sort_keys=sort_keys, separators=(",", ":"), allow_nan=finite
    ).encode
