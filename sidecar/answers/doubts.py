"""Why a person should hear a take: one place for tables, API, pages, commands and report alike.

A doubt compares a measure of the take with what is usual for its voice in its language. Where that voice has too few
takes, it is compared with all voices of the language, by wider limits; and where those are too few, with what holds
for speech in general. Every limit stands here.

Words swallowed or repeated and a wrong tempo both change how many syllables a second there are. They are told apart by
how fast the spectrum changes: a changed tempo changes that as well, a missing or repeated word does not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from math import exp, sqrt

from sidecar.answers.usual import MEASURES, Past, Pasts, Take, Usual


class Kind(StrEnum):
    """What a doubt is about; the words for it are doubt_<kind>."""

    FAST = "fast"
    SLOW = "slow"
    SHORTER = "shorter"
    """Than the text: words were swallowed."""
    LONGER = "longer"
    """Than the text: words were repeated."""
    SILENCE = "silence"
    CLIPPED = "clipped"
    NOISY = "noisy"
    QUIET = "quiet"
    LOUD = "loud"
    LOW_SCORE = "low_score"
    OTHER_WORDS = "other_words"
    """Than the text, by what a recogniser heard."""
    TRUNCATED = "truncated"


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How far from the usual is too far. A limit is so many spreads, and at least so much where the spread is small."""

    pace: float = 0.125
    """Share of the time that its text takes: a take as much longer or shorter is in doubt."""
    pace_spreads: float = 2.2
    most_pace: float = 0.5
    """However much a voice varies, a half more or less is in doubt."""
    tempo_share: float = 0.33
    """Of a change of pace, how much the spectrum must show for it to be one of tempo. Tempo gives 0.65, words 0."""
    tempo_unsure: float = 0.07
    """That much around it nobody can tell, and both are said."""
    silence: float = 1.2
    """Seconds."""
    silence_times: float = 2.5
    """As often the usual."""
    noise_distance: float = 10.0
    """Decibels that the noise is nearer than usual."""
    noise_most: float = 25.0
    """Decibels: with more than that between speech and noise it is not noisy."""
    noise_least: float = 10.0
    """Decibels: with less, it is, whatever is usual."""
    tops: float = 0.005
    """Share of the samples that lie close to the largest one."""
    tops_times: float = 5.0
    full_scale: float = 0.01
    crest: float = 5.0
    """Decibels that peaks stand out less than usual."""
    crest_spreads: float = 5.0
    loudness: float = 6.0
    """LU from the usual."""
    loudness_spreads: float = 3.5
    score: float = 0.6
    """Points below the usual."""
    score_spreads: float = 4.0
    cer: float = 0.1
    """Share of the text's characters that were heard otherwise."""
    cer_spreads: float = 4.0
    cer_characters: float = 1.5
    """So many of them at least: of a short text one is a large share, and recognisers err too."""
    wider: float = 1.5
    """Times each limit, where a take is compared with all voices of its language."""


LIMITS = Limits()
_FEW_SYLLABLES = 20  # a shorter text's pace varies more, by the root of how much shorter it is
# What holds for speech in general, where nothing is usual yet. The dashboards ask the tables by these too.
SYLLABLE_RATES = (2.0, 9.0)  # a second
LOUDNESSES = (-45.0, -6.0)  # LUFS
LOWEST_SCORE = 1.4
GREATEST_CER = 0.3


@dataclass(frozen=True, kw_only=True)
class Doubt:
    kind: Kind
    weight: float
    """How many times its limit was exceeded; 1 at least. The greater, the more doubtful."""
    values: Mapping[str, float]
    """What was seen and what is usual, by the names that the sentence has gaps for."""

    @property
    def wording(self) -> str:
        """Name of the sentence that says it; sidecar.wording fills in the values."""
        return f"doubt_{self.kind}" if "takes" in self.values else f"doubt_{self.kind}_alone"


def doubts(take: Take, pasts: Pasts, limits: Limits = LIMITS) -> list[Doubt]:
    """The reasons why a person should hear it, the gravest first; none where it was not scored or sounds as usual."""
    found = (
        replace(doubt, weight=doubt.weight / pasts.moved.get(doubt.kind, 1.0)) for doubt in unmoved(take, pasts, limits)
    )
    return [doubt for doubt in sorted(found, key=lambda doubt: -doubt.weight) if doubt.weight >= 1]


def unmoved(take: Take, pasts: Pasts, limits: Limits = LIMITS) -> list[Doubt]:
    """The same by the limits as they are built in, whatever people moved; in no order."""
    compared = _Compared(take, pasts.own(take), pasts.all_voices(take), limits)
    rules = (_pace, _silence, _clipped, _noisy, _level, _score, _words, _truncated)
    return [doubt for rule in rules for doubt in rule(compared)]


@dataclass(frozen=True)
class _Compared:
    """A take beside what is usual."""

    take: Take
    own: Past
    """Of its voice in its language."""
    all_voices: Past
    """Of its language."""
    limits: Limits

    def value(self, name: str) -> float | None:
        return MEASURES[name](self.take)

    def usual(self, name: str) -> tuple[Usual | None, float]:
        """What is usual, and how much wider the limits are."""
        own = self.own.usual(name, self.take)
        if own is not None:
            return own, 1.0
        return self.all_voices.usual(name, self.take), self.limits.wider


def _pace(of: _Compared) -> Iterator[Doubt]:
    pace, limits = of.value("pace"), of.limits
    rate, seconds, syllables = (of.take.get(name) for name in ("syllable_rate", "speech_seconds", "syllables"))
    if pace is None or not rate or not seconds or not syllables:
        return
    usual, wider = of.usual("pace")
    if usual is None:
        slowest, fastest = SYLLABLE_RATES
        if not slowest <= rate <= fastest:
            kind, weight = (Kind.SLOW, slowest / rate) if rate < slowest else (Kind.FAST, rate / fastest)
            yield Doubt(kind=kind, weight=weight, values={"seen": rate})
        return
    away = pace - usual.middle
    limit = min(max(limits.pace, limits.pace_spreads * usual.spread) * wider, limits.most_pace)
    limit *= sqrt(max(_FEW_SYLLABLES / syllables, 1.0))
    weight = abs(exp(-away) - 1) / limit
    if weight < 1:
        return
    values = {"seen": rate, "usual": rate / exp(away), "takes": usual.takes}
    lengths = {"seen": seconds, "usual": seconds * exp(away), "takes": usual.takes}
    tempo = _tempo_share(of, away)
    if tempo is None or tempo > limits.tempo_share - limits.tempo_unsure:
        yield Doubt(kind=Kind.FAST if away > 0 else Kind.SLOW, weight=weight, values=values)
    if tempo is None or tempo < limits.tempo_share + limits.tempo_unsure:
        yield Doubt(kind=Kind.SHORTER if away > 0 else Kind.LONGER, weight=weight, values=lengths)


def _tempo_share(of: _Compared, away: float) -> float | None:
    """How much of a change of pace is in the spectrum too; None where that cannot be said."""
    change, (usual, _) = of.value("change"), of.usual("change")
    return None if change is None or usual is None else (change - usual.middle) / away


def _silence(of: _Compared) -> Iterator[Doubt]:
    seen = of.value("silence")
    if seen is None:
        return
    usual, wider = of.usual("silence")
    limit = of.limits.silence * (wider if usual is None else 1.0)
    if usual is not None:
        limit = max(limit, of.limits.silence_times * wider * usual.middle)
    if seen >= limit:
        yield Doubt(kind=Kind.SILENCE, weight=seen / limit, values=_seen(seen, usual))


def _clipped(of: _Compared) -> Iterator[Doubt]:
    """By samples at full scale, by tops cut off at whatever level, or by peaks that stand out less than usual."""
    limits, tops, crest = of.limits, of.value("tops"), of.value("crest")
    weight = (of.take.get("full_scale_share") or 0) / limits.full_scale
    if tops is not None:
        usual, wider = of.usual("tops")
        weight = max(weight, tops / max(limits.tops * wider, limits.tops_times * (usual.middle if usual else 0)))
    if weight >= 1:
        yield Doubt(kind=Kind.CLIPPED, weight=weight, values={"seen": (tops or 0) * 100})
        return
    usual, wider = of.usual("crest")
    if crest is not None and usual is not None:
        weight = (usual.middle - crest) / (max(limits.crest, limits.crest_spreads * usual.spread) * wider)
        if weight >= 1:
            yield Doubt(kind=Kind.CLIPPED, weight=weight, values=_seen(crest, usual))


def _noisy(of: _Compared) -> Iterator[Doubt]:
    seen, limits = of.value("noise"), of.limits
    if seen is None or not of.take.get("speech_seconds"):
        return
    usual, wider = of.usual("noise")
    limit = limits.noise_least
    if usual is not None:
        limit = max(limit, min(limits.noise_most / wider, usual.middle - limits.noise_distance * wider))
    if seen < limit:
        yield Doubt(kind=Kind.NOISY, weight=limit / max(seen, 1.0), values=_seen(seen, usual))


def _level(of: _Compared) -> Iterator[Doubt]:
    seen = of.value("loudness")
    if seen is None:
        return
    usual, wider = of.usual("loudness")
    if usual is None:
        quietest, loudest = LOUDNESSES
        if not quietest <= seen <= loudest:
            yield Doubt(kind=Kind.QUIET if seen < quietest else Kind.LOUD, weight=1.0, values={"seen": seen})
        return
    away = seen - usual.middle
    limit = max(of.limits.loudness, of.limits.loudness_spreads * usual.spread) * wider
    if abs(away) >= limit:
        values = {**_seen(seen, usual), "away": abs(away)}
        yield Doubt(kind=Kind.LOUD if away > 0 else Kind.QUIET, weight=abs(away) / limit, values=values)


def _score(of: _Compared) -> Iterator[Doubt]:
    seen = of.value("score")
    if seen is None:
        return
    usual, wider = of.usual("score")
    if usual is None:
        if seen < LOWEST_SCORE:
            yield Doubt(kind=Kind.LOW_SCORE, weight=LOWEST_SCORE / max(seen, 0.1), values={"seen": seen})
        return
    limit = max(of.limits.score, of.limits.score_spreads * usual.spread) * wider
    if usual.middle - seen >= limit:
        yield Doubt(kind=Kind.LOW_SCORE, weight=(usual.middle - seen) / limit, values=_seen(seen, usual))


def _words(of: _Compared) -> Iterator[Doubt]:
    """A recogniser that errs much errs so with most takes, and then that is usual."""
    seen, limits = of.value("cer"), of.limits
    if seen is None:
        return
    usual, wider = of.usual("cer")
    limit = max(GREATEST_CER, limits.cer_characters / (of.take.get("syllables") or 1))
    values = {"seen": seen * 100}
    if usual is not None:
        limit = max(limits.cer, usual.middle + limits.cer_spreads * usual.spread) * wider
        limit = max(limit, limits.cer_characters / (of.take.get("syllables") or 1))
        values |= {"usual": usual.middle * 100, "takes": usual.takes}
    if seen >= limit:
        yield Doubt(kind=Kind.OTHER_WORDS, weight=seen / limit, values=values)


def _truncated(of: _Compared) -> Iterator[Doubt]:
    """The event itself says so: what follows the limit of tokens was never said."""
    if of.take.get("truncated"):
        yield Doubt(kind=Kind.TRUNCATED, weight=2.0, values={})


def _seen(seen: float, usual: Usual | None) -> dict[str, float]:
    return {"seen": seen} if usual is None else {"seen": seen, "usual": usual.middle, "takes": usual.takes}
