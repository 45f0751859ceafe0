"""What a model did in one call, read from the calls of its parts.

Only numbers that the host holds are read, shapes and arguments: no value of a tensor, for which a GPU would have to be
waited for; and nothing of a call is kept.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..guard import Any
from ..upstream import stages
from .values import number, plain

TOKEN, LIMIT = "token", "limit"
_MAX_SEGMENTS = 1000


class Generation:
    """What was seen in one call."""

    def __init__(self) -> None:
        self.parameters: dict[str, Any] = {}  # as the model was given them, under infer's names
        self.alpha: float | None = None  # by which the emotion of a reference audio was blended in
        self._split = 0
        self._said: list[tuple[int | None, int | None]] = []  # tokens that came, and how many might have
        self._new_voice = False

    def tell(self, what: str, given: Mapping[str, Any], result: Any) -> None:
        """Read a call that has returned.

        Args:
            what: `tells` of the part.
            given: its arguments by name, `self` among them.
            result: what it returned.
        """
        if what == "tokens":
            self._tokens(given, result)
        elif what == "flow":
            self.parameters.update(_plain(stages.FLOW, given))
        elif what == "emotion":
            alpha = given.get(stages.ALPHA)
            self.alpha = number(alpha) if isinstance(alpha, (int, float)) else None
        elif what == "split":
            self._split += len(result)
        elif what == "voice":
            self._new_voice = True

    def _tokens(self, given: Mapping[str, Any], result: Any) -> None:
        codes: Any = result[0] if isinstance(result, tuple) else result
        if getattr(given.get("self"), stages.OWN_SAMPLING, None) is None:
            self.parameters.update(_plain(stages.SAMPLING, given))
        codes = getattr(codes, "sequences", codes)
        rows, length = codes.shape
        limit = next((each for name in stages.LIMITS if isinstance(each := given.get(name), int)), None)
        said = (int(length), limit) if rows == 1 else (None, None)
        self._said += [said] * min(int(rows), _MAX_SEGMENTS - len(self._said))

    @property
    def segments(self) -> int | None:
        """Segments that the text was split into: as many as were spoken, where the splitting was not seen."""
        return self._split or len(self._said) or None

    def truncated(self, warned: bool | None, *, warns: bool) -> bool | None:
        """Whether the speech was cut off; None where neither the engine nor its calls tell.

        Args:
            warned: what the engine said.
            warns: whether it says so whenever it happens.
        """
        if warned is not None or not self._said:
            return warned
        if warns:
            return False
        known = [(tokens, limit) for tokens, limit in self._said if tokens is not None and limit is not None]
        return any(tokens >= limit for tokens, limit in known) if len(known) == len(self._said) else None

    def facts(self, truncated: bool | None, told: frozenset[str]) -> dict[str, Any] | None:
        """Members of the schema's `generation`; None where no token was seen to come.

        Args:
            truncated: whether the speech was cut off, as far as that is known.
            told: what could be seen of this model.
        """
        if not self._said:
            return None
        said = self._said
        if truncated and not any(tokens is None or limit is None or tokens >= limit for tokens, limit in said):
            said = [(None, None)] * len(said)  # something else cut it off, such as max_time: which of them, nobody says
        parts = [_segment(tokens, limit, truncated) for tokens, limit in said]
        counts = [part["tokens"] for part in parts]
        return {
            "tokens": None if None in counts else sum(counts),
            "segments": parts,
            "voice_cached": not self._new_voice if "voice" in told else None,
        }


def _segment(length: int | None, limit: int | None, truncated: bool | None) -> dict[str, Any]:
    """Tokens, and why no more of them came. The token that ends the speech is not counted.

    Whether the last of as many as were allowed was that token only the engine's silence tells: it warns of the other.
    """
    if length is None or limit is None:
        return {"tokens": length, "stop": None}
    stopped = length < limit or truncated is False
    return {"tokens": max(length - stopped, 0), "stop": TOKEN if stopped else LIMIT}


def _plain(names: Mapping[str, str], given: Mapping[str, Any]) -> dict[str, Any]:
    """Switches and numbers among the arguments, under infer's names."""
    found = {ours: given[theirs] for theirs, ours in names.items() if theirs in given}
    return {name: plain(value) for name, value in found.items() if isinstance(value, (bool, int, float))}
