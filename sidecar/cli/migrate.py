"""sidecar migrate"""

from __future__ import annotations

from contextlib import closing

from sidecar.cli.support.databases import open_sink
from sidecar.cli.support.options import DATABASE, settings_options, verb
from sidecar.cli.support.say import say
from sidecar.service.settings import Settings
from sidecar.storage.dsn import whole


@verb()
@settings_options(*DATABASE, "read_timeout")
def migrate(settings: Settings) -> None:
    """Create the tables, or bring them up to date.

    The account needs the rights to create and alter tables; `sidecar run` does not. Run it as often as you like: what
    is applied already is left alone. A tts_records that another program has made is taken over: its rows stay, with
    their ids, and its queries go on working.

    \b
    Example:
        sidecar migrate
        SIDECAR_DATABASE_URL=mysql://admin:secret@127.0.0.1/tts sidecar migrate
    """
    with closing(open_sink(settings)) as sink:
        applied = sink.migrate(say)
    for name in applied:
        say(f"applied {name}")
    if not applied:
        say("the tables are up to date")
    say(f"database: {whole(settings.dsn)}")
