"""sidecar keys add, list, revoke"""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from sidecar.cli.support.options import Verbs, settings_options
from sidecar.cli.support.say import say
from sidecar.service.settings import Settings

_RIGHTS = ("speech", "other", "metrics")


@click.group(cls=Verbs)
def keys() -> None:
    """Keys of `sidecar proxy`: who may use it, for what, and how much.

    \b
    Example:
        sidecar keys add 小王 --per-minute 30 --max-characters 2000
        sidecar keys list
        sidecar keys revoke 小王
    """


@keys.command()
@click.argument("name")
@click.option(
    "--right",
    "rights",
    multiple=True,
    type=click.Choice(_RIGHTS),
    default=("speech",),
    show_default=True,
    help="What it opens: speech; other, every other path; metrics, the upstream's /metrics alone. May be repeated.",
)
@click.option(
    "--per-minute", metavar="REQUESTS", type=click.IntRange(1, 100_000), help="Requests in any 60 seconds at most."
)
@click.option(
    "--max-characters", metavar="LENGTH", type=click.IntRange(1, 10_000_000), help="Characters of one text at most."
)
@settings_options("keys_file")
def add(
    settings: Settings, name: str, rights: tuple[str, ...], per_minute: int | None, max_characters: int | None
) -> None:
    """Make a key, and show it: once, because only its hash is kept. Its name is the user of its records.

    \b
    Example:
        sidecar keys add reading-room --per-minute 60
    """
    from sidecar.proxy import keys as ring

    secret = ring.add(settings.keys_file, name, rights=rights, per_minute=per_minute, max_characters=max_characters)
    click.echo(secret)
    say(f"the key of {name}; it is not shown again. A running proxy knows it already.", err=True)


@keys.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a key.")
@settings_options("keys_file")
def list_keys(settings: Settings, as_json: bool) -> None:
    """Show names, rights and limits; the keys themselves nobody can show.

    \b
    Example:
        sidecar keys list
    """
    from sidecar.proxy import keys as ring

    try:
        known = ring.read(settings.keys_file)
    except FileNotFoundError:
        say(f"there are no keys: {settings.keys_file.absolute()} is missing, and the proxy serves its machine alone")
        return
    for key in known:
        shown = {name: value for name, value in asdict(key).items() if name != "sha256"}
        if as_json:
            click.echo(json.dumps(shown, ensure_ascii=False))
            continue
        limits = [f"{key.per_minute} a minute"] if key.per_minute else []
        limits += [f"{key.max_characters} characters"] if key.max_characters else []
        click.echo("  ".join([key.name, ", ".join(key.rights), ", ".join(limits) or "no limits", key.created_at]))


@keys.command()
@click.argument("name")
@settings_options("keys_file")
def revoke(settings: Settings, name: str) -> None:
    """Take a key back: from the next request on it opens nothing.

    \b
    Example:
        sidecar keys revoke reading-room
    """
    from sidecar.proxy import keys as ring

    ring.revoke(settings.keys_file, name)
    say(f"the key of {name} opens nothing any more")
