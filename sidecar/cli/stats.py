"""sidecar stats"""

from __future__ import annotations

import click

from sidecar.answers import questions, sums
from sidecar.answers.filters import Filter
from sidecar.cli.support import show
from sidecar.cli.support.databases import connected
from sidecar.cli.support.filters import filter_options
from sidecar.cli.support.options import DATABASE, settings_options, verb
from sidecar.cli.support.say import say
from sidecar.service.settings import Settings
from sidecar.storage.database import Database
from sidecar.wording.plural import count

_TOPICS = ("emotions", "users", "duplicates", "load", "quality", "voices", "errors")
_FOLDED = {"duplicates": "text_input", "voices": "voice", "errors": "error_message"}
_IDS = ("request_hash", "event_id")  # for --json
_NARROW = {"duplicates": ("takes", "wasted_seconds", "last_at", "emotion", "text_input")}
"""Where all columns are more than 80 characters hold."""
_LOAD = ("weekday", "hour", "takes", "audio_seconds", "compute_seconds")
_QUALITY = ("day", "model_version", "takes", *sums.FAULTS)
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@verb()
@settings_options(*DATABASE, "timezone")
@filter_options("since", "until", "user", "emotion", "model", "voice", "language")
@click.argument("topic", type=click.Choice(_TOPICS), required=False)
@click.option("--wide", is_flag=True, help="Every column.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.option(
    "--limit", type=click.IntRange(1, 100_000), metavar="ROWS", default=15, show_default=True, help="How many at most."
)
def stats(settings: Settings, wanted: Filter, topic: str | None, wide: bool, as_json: bool, limit: int) -> None:
    """Count emotions, users, repeats, load, quality, voices or errors. Without a topic, the few lines that matter.

    \b
    emotions    which emotion is used most, and by whom
    users       who made how much
    duplicates  what was made again, and the computing time it cost
    load        takes for each weekday and hour
    quality     failures, saturation, real-time factor, by day and model
    voices      speaker prompts by failure rate
    errors      kinds of error

    \b
    Example:
        sidecar stats --since 7d
        sidecar stats duplicates --since 30d --limit 50
        sidecar stats quality --model 2.5 --json
    """
    with connected(settings) as database:
        if topic is None:
            _overview(database, wanted, settings)
            return
        rows = _rows(database, wanted, topic, settings, limit)
    if as_json:
        show.json_lines(rows)
    elif rows:
        shown = rows[-limit:] if topic == "quality" else rows[:limit]
        columns = _NARROW[topic] if topic in _NARROW and not wide else [name for name in rows[0] if name not in _IDS]
        show.table(shown, columns, zone=settings.zone, wide=_FOLDED.get(topic, ""), roomy=wide)
    else:
        click.echo("nothing to count")


def _rows(database: Database, wanted: Filter, topic: str, settings: Settings, limit: int) -> sums.Counts:
    if topic == "emotions":
        return sums.emotions(questions.usage(database, wanted))
    if topic == "users":
        return sums.users(questions.usage(database, wanted))
    if topic == "duplicates":
        return questions.repeats(database, wanted, limit=limit).costliest
    if topic == "voices":
        return questions.voices(database, wanted, limit=limit)
    if topic == "errors":
        return questions.errors(database, wanted, limit=limit)
    hours = questions.activity(database, wanted)
    if topic == "load":
        rows = sorted(sums.by_weekday(hours, settings.zone), key=lambda row: -row["takes"])
        return [{name: row[name] for name in _LOAD} | {"weekday": _WEEKDAYS[row["weekday"]]} for row in rows]
    rows = sums.by_day(hours, settings.zone, models=True)
    return [{name: row[name] for name in _QUALITY} | {"rtf": sums.rtf(row)} for row in rows]


def _overview(database: Database, wanted: Filter, settings: Settings) -> None:
    used = questions.usage(database, wanted)
    total = sums.totals(used)
    if not total["records"]:
        click.echo("nothing to count")
        return
    tried = total["succeeded"] + total["failed"]
    say(
        f"{count(total['records'], 'record')} by {count(total['users'], 'user')}, "
        f"{show.seconds(total['audio_seconds'])} of audio, "
        f"computed in {show.seconds(total['compute_seconds'])}"
    )
    if tried:
        of = count(tried, "synthesis", "syntheses")
        say(f"{total['failed']:,} of {of} failed ({total['failed'] / tried:.2%})")
    again = questions.repeats(database, wanted)
    say(
        f"{count(again.repeats, 'take')} repeated a request of the same period: "
        f"{show.seconds(again.wasted_seconds)} of computing that reuse would have saved"
    )
    click.echo()
    emotions = sums.emotions(used)
    show.table(emotions[:10], list(emotions[0]) if emotions else [], zone=settings.zone, title="Emotions")
