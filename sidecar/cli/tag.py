"""sidecar tag"""

from __future__ import annotations

import getpass

import click

from sidecar.answers import timeline
from sidecar.answers.said import Said, said
from sidecar.cli.support.databases import connected
from sidecar.cli.support.options import DATABASE, settings_options, verb
from sidecar.cli.support.say import say
from sidecar.event.publish import Publisher
from sidecar.service.settings import Settings
from sidecar.storage.said import FAVOURITE
from sidecar.upkeep.tagging import Unsaid, as_tag
from sidecar.upkeep.tagging import tag as publish_tags


# -tag is no flag, and -h not the help: a tag may begin with any letter.
@verb(ignore_unknown_options=True, help_option_names=["--help"])
@settings_options("watch_dir", *DATABASE)
@click.argument("record")
@click.argument("tags", nargs=-1, metavar="[+TAG|-TAG]...")
@click.option("--favourite/--no-favourite", default=None, help="Make it one of the favourites, or not any more.")
@click.option("--note", metavar="WORDS", help='What is to be said of it; "" takes the note away.')
@click.option("--by", "user", metavar="NAME", help="Who says so.  [default: this account's name]")
def tag(
    settings: Settings, record: str, tags: tuple[str, ...], favourite: bool | None, note: str | None, user: str | None
) -> None:
    """Give a take tags, make it a favourite, write a note.

    TAG or +TAG gives it, -TAG takes it away. It is an event file in the watched folder; the shipper carries it into the
    tables. Of each tag, and of the note, the latest that was said counts. Without any, the take's tags are told.

    \b
    Example:
        sidecar tag 42 +片头 -draft --favourite
        sidecar tag outputs/spk_1795342542.wav --note "for the trailer" --by lab
    """
    add = [as_tag(each.removeprefix("+")) for each in tags if not each.startswith("-")]
    remove = [as_tag(each.removeprefix("-")) for each in tags if each.startswith("-")]
    if favourite is not None:
        (add if favourite else remove).append(FAVOURITE)
    with connected(settings) as database:
        event_id = timeline.require(database, record)
        if not (add or remove) and note is None:
            _tell(said(database, [event_id]).get(event_id, Said()))
            return
        [event] = publish_tags(
            database,
            Publisher("tag"),
            settings.folders,
            [event_id],
            add=add,
            remove=remove,
            note=Unsaid.NOTE if note is None else note,
            user=user or getpass.getuser(),
        )
    say(f"event {event.id} tags record {event_id}; the shipper carries it")


def _tell(told: Said) -> None:
    names = [*(["favourite"] if told.favourite else []), *told.tags]
    say(", ".join(names) if names else "it has no tag. Write: sidecar tag ID +TAG")
