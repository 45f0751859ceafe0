"""sidecar rate"""

from __future__ import annotations

import getpass

import click

from sidecar.answers import timeline
from sidecar.cli.support.databases import connected
from sidecar.cli.support.options import DATABASE, settings_options, verb
from sidecar.cli.support.say import say
from sidecar.event.publish import Publisher
from sidecar.service.settings import Settings
from sidecar.upkeep.rating import rate as publish_rating


@verb()
@settings_options("watch_dir", *DATABASE)
@click.argument("record")
@click.argument("rating", type=click.Choice(["1", "2", "3", "4", "5", "none"]))
@click.option("--note", metavar="WORDS", help="What is good or bad about it.")
@click.option("--by", "user", metavar="NAME", help="Who rates it.  [default: this account's name]")
def rate(settings: Settings, record: str, rating: str, note: str | None, user: str | None) -> None:
    """Say how good an output is: 1 (bad) to 5 (good), or none again.

    The rating is an event file in the watched folder; the shipper carries it into the tables. The latest one counts.

    \b
    Example:
        sidecar rate 42 5 --note 尾音自然
        sidecar rate outputs/spk_1795342542.wav 2 --note "too fast" --by lab
    """
    with connected(settings) as database:
        event_id = timeline.require(database, record)
        [event] = publish_rating(
            database,
            Publisher("rate"),
            settings.folders,
            [event_id],
            rating=None if rating == "none" else int(rating),
            note=note,
            user=user or getpass.getuser(),
        )
    say(f"event {event.id} rates record {event_id}; the shipper carries it")
