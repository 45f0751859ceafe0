"""sidecar review"""

from __future__ import annotations

import getpass

import click

from sidecar.answers import review as answers
from sidecar.answers import search, timeline, verdicts
from sidecar.answers.filters import Filter
from sidecar.cli.support import show
from sidecar.cli.support.databases import connected
from sidecar.cli.support.options import DATABASE, settings_options, verb
from sidecar.cli.support.say import say
from sidecar.errors import UsageError
from sidecar.event.publish import Publisher
from sidecar.service.settings import Settings
from sidecar.storage.database import Database
from sidecar.upkeep.reviewing import VERDICTS, decide
from sidecar.wording import ENGLISH, translator
from sidecar.wording.plural import count

_COLUMNS = ("id", "text_input", "doubts")


@verb()
@settings_options("watch_dir", *DATABASE, "timezone")
@click.argument("record", required=False)
@click.argument("verdict", required=False, type=click.Choice([*VERDICTS, "none"]))
@click.option("--by", "user", metavar="NAME", help="Who decides.  [default: this account's name]")
@click.option(
    "--limit",
    type=click.IntRange(1, search.MAX_LIMIT),
    metavar="RECORDS",
    default=10,
    show_default=True,
    help="How many to list at most.",
)
def review(settings: Settings, record: str | None, verdict: str | None, user: str | None, limit: int) -> None:
    """List the takes to hear, and keep or reject them.

    The most doubtful come first. A take is in doubt where what `sidecar score` measured is far from what is usual for
    its voice and language. keep and reject are event files in the watched folder, which the shipper carries into the
    tables; the latest one counts, none takes it back. The library's page /review does the same with the sound.

    Where people keep most takes in doubt for one reason, its limit moves outwards, by half at most; below the list
    stands which one, from what to what and why, and how often doubts are right.

    \b
    Example:
        sidecar review
        sidecar review 42 reject
    """
    with connected(settings) as database:
        if record is None:
            _list(database, settings, limit)
            return
        if verdict is None:
            raise UsageError(
                f"record {record} is named without a verdict",
                hint=f"Write: sidecar review {record} {'|'.join(VERDICTS)}",
            )
        event_id = timeline.require(database, record)
        told = answers.reviews(database, lambda: answers.usual(database), [event_id])[event_id]
        event = decide(
            database,
            Publisher("review"),
            settings.folders,
            event_id,
            verdict=None if verdict == "none" else verdict,
            doubts=told.doubts,
            user=user or getpass.getuser(),
        )
    say(f"event {event.id} decides on record {event_id}; the shipper carries it")


def _list(database: Database, settings: Settings, limit: int) -> None:
    queue, word = answers.queue(database), translator(ENGLISH)
    if not queue.takes:
        say("no take has a score yet. `sidecar score` measures them.")
        return
    _waiting(database, settings, queue, limit)
    for sentence in verdicts.sentences(queue.verdicts, queue.recall_of_all, word):
        say(sentence)


def _waiting(database: Database, settings: Settings, queue: answers.Queue, limit: int) -> None:
    word = translator(ENGLISH)
    if not queue.waiting:
        say(f"nothing to hear: of {count(queue.takes, 'scored take')} none is in doubt and undecided.")
        return
    chosen = queue.waiting[:limit]
    found = {each["event_id"]: each for each in search.find(database, Filter(), limit=limit, among=chosen).records}
    rows = [
        {**found[each], "doubts": " ".join(answers.sentence(doubt, word) for doubt in queue.doubtful[each])}
        for each in chosen
        if each in found
    ]
    show.table(rows, _COLUMNS, zone=settings.zone, wide="doubts")
    say(f"{count(len(queue.waiting), 'take')} of {queue.takes:,} scored to hear. Write: sidecar review ID keep|reject")
