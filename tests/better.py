"""Which take of one request is the best: examples, for the tables and for reuse alike.

An example is what was said of takes 0, 1, 2 ..., the oldest first, and the takes from best to worst that may be handed
out. Of what is said, each word stands for one event, in the order of their times.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.events import envelope, scored, uuid7


@dataclass(frozen=True, kw_only=True)
class Example:
    name: str
    takes: int
    said: Sequence[tuple[str, int, Any]]
    """The word, the take that it speaks of, and what it says."""
    best: Sequence[int]
    copies: Sequence[int] = ()
    """Takes with the same bytes as take 0."""


EXAMPLES = (
    Example(name="the newest", takes=3, said=(), best=(2, 1, 0)),
    Example(name="kept before newer", takes=3, said=[("verdict", 1, "keep")], best=(1, 2, 0)),
    Example(name="rejected never", takes=3, said=[("verdict", 2, "reject")], best=(1, 0)),
    Example(name="all rejected", takes=2, said=[("verdict", 0, "reject"), ("verdict", 1, "reject")], best=()),
    Example(name="taken back", takes=2, said=[("verdict", 1, "reject"), ("verdict", 1, None)], best=(1, 0)),
    Example(name="kept after all", takes=2, said=[("verdict", 0, "reject"), ("verdict", 0, "keep")], best=(0, 1)),
    Example(name="rejected after all", takes=2, said=[("verdict", 1, "keep"), ("verdict", 1, "reject")], best=(0,)),
    Example(name="better rated", takes=3, said=[("rating", 0, 5), ("rating", 1, 4)], best=(0, 1, 2)),
    Example(name="badly rated behind unrated", takes=3, said=[("rating", 2, 2), ("rating", 1, 3)], best=(1, 0, 2)),
    Example(name="rated anew", takes=2, said=[("rating", 0, 5), ("rating", 0, 1)], best=(1, 0)),
    Example(name="rating taken back", takes=2, said=[("rating", 1, 1), ("rating", 1, None)], best=(1, 0)),
    Example(name="kept before rated", takes=2, said=[("rating", 1, 5), ("verdict", 0, "keep")], best=(0, 1)),
    Example(name="better scored", takes=3, said=[("score", 0, 3.5), ("score", 1, 2.9)], best=(0, 1, 2)),
    Example(name="rated before scored", takes=2, said=[("score", 1, 4.5), ("rating", 0, 3)], best=(0, 1)),
    Example(name="no opinion is no score", takes=2, said=[("score", 1, None), ("score", 0, 1.1)], best=(0, 1)),
    Example(
        name="a newer scorer counts, whichever was later", takes=2,
        said=[("score by 2.0", 0, 1.5), ("score", 0, 4.0), ("score", 1, 2.0)], best=(1, 0),
    ),
    Example(
        name="who rejects a copy rejects the audio", takes=3, copies=(1,),
        said=[("verdict", 1, "reject"), ("rating", 0, 5)], best=(2,),
    ),
    Example(name="preferred before kept", takes=3, said=[("verdict", 2, "keep"), ("over", 0, [1])], best=(0, 2, 1)),
    Example(name="the other has lost", takes=3, said=[("over", 1, [2]), ("rating", 2, 5)], best=(1, 0, 2)),
    Example(name="of a pair the latest counts", takes=2, said=[("over", 0, [1]), ("over", 1, [0])], best=(1, 0)),
    Example(
        name="each person has a say", takes=2,
        said=[("over by 李雷", 0, [1]), ("over by anna", 0, [1]), ("over by 李雷", 1, [0]), ("over", 0, [1])],
        best=(0, 1),
    ),
    Example(
        name="everything at once", takes=5, best=(3, 2, 0, 4),
        said=[
            ("rating", 0, 3), ("score", 4, 4.2), ("verdict", 1, "reject"), ("rating", 1, 5), ("verdict", 3, "keep"),
            ("rating", 2, 4), ("rating", 3, 1),
        ],
    ),
)  # fmt: skip


def said(example: Example, subjects: Sequence[str], hashes: Sequence[str]) -> list[dict[str, Any]]:
    """The events of an example.

    Args:
        subjects: of its takes.
        hashes: of their audio.
    """
    events = []
    for word, number, value in example.said:
        subject = subjects[number]
        if word == "rating":
            events.append(envelope("audio.rated", {"rating": value}, subject=subject))
        elif word == "verdict":
            data = {"verdict": value, "audio_sha256": hashes[number]}
            events.append(envelope("audio.reviewed", data, subject=subject))
        elif word.startswith("over"):
            data = {"over": [subjects[other] for other in value], "caller": {"user": word.partition(" by ")[2] or None}}
            events.append(envelope("audio.preferred", data, subject=subject))
        else:
            scorer = word.partition(" by ")[2] or "1.0"
            events.append(scored(subject, scorer=scorer, mos_overall=value))
    return events


def subjects(example: Example) -> list[str]:
    """Ids for its takes, the oldest first."""
    return [uuid7() for _ in range(example.takes)]
