"""What people's verdicts say of the doubts: how often they were right, and which limits move because of that.

A limit moves where people kept most of the takes that were in doubt for it, and only outwards: who rejects a take that
was not in doubt does not say which limit should have caught it. It is the same for everybody and kept nowhere: it is
computed from the verdicts that are in the tables; take them back, and it is where it was. How far beyond a limit a take
was is always counted in the built-in limit, so that a moved limit is no reason to move it again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from sidecar.answers.chance import at_least
from sidecar.answers.doubts import LIMITS, Kind

STEPS = (1.1, 1.2, 1.3, 1.4, 1.5)
"""How many times as far as built in a limit may be. However many takes people keep, no limit moves further."""
FEWEST_VERDICTS = 10
"""On takes in doubt for one reason; fewer move nothing."""
FEWEST_HEARD = 20
"""Verdicts on takes that were not in doubt; of fewer nothing is said of the others."""


class Say(Protocol):
    """A translator's words, as sidecar.wording has them."""

    def __call__(self, name: str, /, *values: object, **named: object) -> str: ...


@dataclass(frozen=True, kw_only=True)
class Decided:
    """A take on which somebody decided."""

    rejected: bool
    shown: frozenset[str]
    """For what it was in doubt as they decided."""
    weights: Mapping[str, float]
    """How many times the built-in limit it is beyond, by kind of doubt; without those that it keeps within."""


@dataclass(frozen=True, kw_only=True)
class Reason:
    """What became of the takes that were in doubt for one reason."""

    kind: Kind
    rejected: int
    kept: int
    times: float
    """How many times as far as built in its limit is now."""

    @property
    def decided(self) -> int:
        return self.rejected + self.kept

    @property
    def precision(self) -> float:
        """The share that people rejected."""
        return self.rejected / self.decided


@dataclass(frozen=True, kw_only=True)
class Verdicts:
    reasons: tuple[Reason, ...] = ()
    """Those on which anybody decided, in the order of Kind."""
    rejected: int = 0
    """Takes that were in doubt for whatever reason, and rejected."""
    kept: int = 0
    missed: int = 0
    """Rejected, though not in doubt."""
    agreed: int = 0
    """Kept, and not in doubt."""

    @property
    def moved(self) -> tuple[Reason, ...]:
        """Those whose limits are not where they were built in."""
        return tuple(reason for reason in self.reasons if reason.times > 1)

    @property
    def precision(self) -> float | None:
        """The share of the takes in doubt that people rejected; None where they decided on none."""
        decided = self.rejected + self.kept
        return self.rejected / decided if decided else None

    @property
    def recall(self) -> float | None:
        """The share of the rejected takes that were in doubt; None where nobody rejected any.

        Of the takes that people heard, that is: a bad one that nobody heard is missing from it, so that it is too high
        wherever people hear what is in doubt and little else.
        """
        rejected = self.rejected + self.missed
        return self.rejected / rejected if rejected else None

    def recall_of_all(self, in_doubt: int, not_in_doubt: int) -> float | None:
        """The same of all takes, if those that were heard stand for those that were not; None where fewer than
        FEWEST_HEARD takes were heard that were not in doubt, or nothing was rejected.

        Args:
            in_doubt, not_in_doubt: how many takes there are of each.
        """
        heard = self.missed + self.agreed
        if heard < FEWEST_HEARD or self.precision is None or not self.rejected + self.missed:
            return None
        found, lost = self.precision * in_doubt, self.missed / heard * not_in_doubt
        return found / (found + lost) if found + lost else None


def learn(decided: Iterable[Decided]) -> Verdicts:
    """What these verdicts say, whatever their order."""
    by_kind: dict[str, list[Decided]] = defaultdict(list)
    counts: dict[tuple[bool, bool], int] = defaultdict(int)
    for take in decided:
        counts[bool(take.shown), take.rejected] += 1
        for kind in take.shown:
            by_kind[kind].append(take)
    return Verdicts(
        reasons=tuple(_reason(kind, by_kind[kind]) for kind in Kind if kind in by_kind),
        rejected=counts[True, True],
        kept=counts[True, False],
        missed=counts[False, True],
        agreed=counts[False, False],
    )


def _reason(kind: Kind, takes: list[Decided]) -> Reason:
    rejected = sum(take.rejected for take in takes)
    return Reason(kind=kind, rejected=rejected, kept=len(takes) - rejected, times=_times(kind, takes))


def _times(kind: Kind, takes: list[Decided]) -> float:
    """The first step beyond which people kept no more takes than they rejected; the last one where there is none."""
    kept = sum(not take.rejected for take in takes)
    if kind not in LIMIT_OF or len(takes) < FEWEST_VERDICTS or at_least(kept, len(takes)) <= 0.5:
        return 1.0
    for step in STEPS:
        beyond = [take.rejected for take in takes if take.weights.get(kind, 0.0) >= step]
        if 2 * sum(beyond) >= len(beyond):
            return step
    return STEPS[-1]


LIMIT_OF: Mapping[Kind, tuple[float, str, Callable[[float, float], float]]] = {
    **dict.fromkeys((Kind.FAST, Kind.SLOW, Kind.SHORTER, Kind.LONGER), (LIMITS.pace * 100, "%", float.__mul__)),
    Kind.SILENCE: (LIMITS.silence, "s", float.__mul__),
    Kind.CLIPPED: (LIMITS.tops * 100, "%", float.__mul__),
    Kind.NOISY: (LIMITS.noise_most, "dB", float.__truediv__),
    **dict.fromkeys((Kind.QUIET, Kind.LOUD), (LIMITS.loudness, "LU", float.__mul__)),
    Kind.LOW_SCORE: (LIMITS.score, "", float.__mul__),
    Kind.OTHER_WORDS: (LIMITS.cer * 100, "%", float.__mul__),
}
"""For each kind that has one, its chief limit, the unit and how it moves. The others, such as so many spreads of a
voice, move as far. TRUNCATED has none: it is a fact of the event."""


def limits(reason: Reason) -> tuple[str, str]:
    """A reason's chief limit as it was built in and as it is, with its unit."""
    limit, unit, move = LIMIT_OF[reason.kind]
    before, after = (f"{value:.3g} {unit}".strip() for value in (limit, move(limit, reason.times)))
    return before, after


def as_members(verdicts: Verdicts, recall_of_all: float | None) -> dict[str, Any]:
    """What programs are told."""
    return {
        "reasons": [
            {
                "kind": reason.kind.value,
                "rejected": reason.rejected,
                "kept": reason.kept,
                "precision": round(reason.precision, 4),
                "limit_times": reason.times,
            }
            for reason in verdicts.reasons
        ],
        "rejected": verdicts.rejected,
        "kept": verdicts.kept,
        "missed": verdicts.missed,
        "agreed": verdicts.agreed,
        "precision": verdicts.precision,
        "recall": verdicts.recall,
        "recall_of_all": recall_of_all,
    }


def sentences(verdicts: Verdicts, recall_of_all: float | None, say: Say) -> list[str]:
    """Which limits moved and why, and how often doubts are right; nothing where nobody decided on anything.

    Args:
        recall_of_all: as Verdicts.recall_of_all gives it.
    """
    said = []
    for reason in verdicts.moved:
        before, after = limits(reason)
        name = say(f"doubt_name_{reason.kind}")
        numbers = {"kept": reason.kept, "decided": reason.decided}
        said.append(say("doubt_moved", reason=name, before=before, after=after, **numbers))
    if verdicts.precision is not None:
        decided = verdicts.rejected + verdicts.kept
        said.append(say("doubt_precision", rejected=verdicts.rejected, decided=decided, share=verdicts.precision))
    heard = verdicts.missed + verdicts.agreed
    if verdicts.recall is not None:
        decided = verdicts.rejected + verdicts.missed
        said.append(say("doubt_recall", rejected=verdicts.rejected, decided=decided, share=verdicts.recall))
        if recall_of_all is None:
            said.append(say("doubt_recall_unknown", heard=heard, fewest=FEWEST_HEARD))
        else:
            said.append(say("doubt_recall_all", heard=heard, missed=verdicts.missed, share=recall_of_all))
    return said
