"""What people say of takes besides: tags, whether one is a favourite, and which they prefer."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sidecar.storage.database import Database, in_chunks, marks
from sidecar.storage.said import FAVOURITE

_FREQUENT = 10_000  # takes


@dataclass(frozen=True, kw_only=True)
class Said:
    """What is said of one take."""

    tags: tuple[str, ...] = ()
    """In order; that of the favourites is not among them."""
    favourite: bool = False
    wins: int = 0
    """How often it was preferred to another one: once for each pair and person."""
    losses: int = 0
    """How often another one was preferred to it."""


def said(database: Database, event_ids: Iterable[str | None]) -> dict[str, Said]:
    """What is said of these takes, by event_id; those of which nothing is said are left out.

    Raises:
        TemporarySinkError: the database cannot serve.
    """
    found: dict[str, Said] = {}
    for chunk in in_chunks(each for each in event_ids if each is not None):
        tags = tags_of(database, chunk)
        compared = {
            str(event_id): (int(wins), int(pairs) - int(wins))
            for event_id, wins, pairs in database.query(
                f"SELECT event_id, SUM(won), COUNT(*) FROM tts_preferences WHERE event_id IN ({marks(chunk)}) "
                "GROUP BY event_id",
                chunk,
            )
        }
        for each in {*tags, *compared}:
            wins, losses = compared.get(each, (0, 0))
            own = tags.get(each, set())
            others = tuple(sorted(own - {FAVOURITE}))
            found[each] = Said(tags=others, favourite=FAVOURITE in own, wins=wins, losses=losses)
    return found


def tags_of(database: Database, event_ids: Sequence[str]) -> dict[str, set[str]]:
    """The tags that these takes have, that of the favourites among them; takes without any are left out.

    Args:
        event_ids: as many as one statement takes (in_chunks).
    """
    tags: dict[str, set[str]] = defaultdict(set)
    for event_id, tag in database.query(
        f"SELECT event_id, tag FROM tts_tags WHERE event_id IN ({marks(event_ids)}) AND present = 1", event_ids
    ):
        tags[str(event_id)].add(str(tag))
    return dict(tags)


def annotated(database: Database, records: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The records, each with what is said of it."""
    told = said(database, (record["event_id"] for record in records))
    nothing = Said()
    return [{**record, **asdict(told.get(str(record["event_id"]), nothing))} for record in records]


def frequent(database: Database, tags: Iterable[str]) -> frozenset[str]:
    """Those of some tags that so many takes have that it would take long to look at all of them."""
    sql = f"SELECT COUNT(*) FROM (SELECT 1 FROM tts_tags WHERE tag = ? AND present = 1 LIMIT {_FREQUENT:d}) some"
    return frozenset(tag for tag in tags if database.query(sql, [tag])[0][0] >= _FREQUENT)


def tag_counts_among(database: Database, ids: Sequence[int]) -> Counter[str]:
    """How many of these records have which tag, that of the favourites left out.

    Args:
        ids: of tts_records.
    """
    counts: Counter[str] = Counter()
    for chunk in in_chunks(ids):
        counts.update(
            {
                str(tag): int(takes)
                for tag, takes in database.query(
                    "SELECT t.tag, COUNT(*) FROM tts_records r JOIN tts_tags t ON t.event_id = r.event_id "
                    f"WHERE r.id IN ({marks(chunk)}) AND t.present = 1 AND t.tag <> ? GROUP BY t.tag",
                    [*chunk, FAVOURITE],
                )
            }
        )
    return counts


def tag_counts(database: Database, limit: int = 1000) -> list[tuple[str, int]]:
    """The tags that takes have, that of the favourites among them, and how many have each: the most frequent first.

    Raises:
        TemporarySinkError: the database cannot serve.
    """
    rows = database.query(
        f"SELECT tag, COUNT(*) AS takes FROM tts_tags WHERE present = 1 GROUP BY tag ORDER BY takes DESC, tag "
        f"LIMIT {limit:d}"
    )
    return [(str(tag), int(takes)) for tag, takes in rows]
