"""sidecar web"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import click

from sidecar.cli.support.databases import connected, open_for_visitors
from sidecar.cli.support.options import DATABASE, settings_options, verb
from sidecar.doctor.status import ask_folder, ask_process
from sidecar.errors import SettingsError
from sidecar.service import config
from sidecar.service.occupied import about, refused
from sidecar.service.settings import Settings
from sidecar.service.systemd import Notifier

if TYPE_CHECKING:
    from sidecar.web.state import Standing

_MIN_TOKEN = 16


@verb()
@settings_options(
    "watch_dir",
    *DATABASE,
    "name",
    "listen",
    "timezone",
    "web_listen",
    "web_token_file",
    "web_selection_max",
    "web_export_max",
)
def web(settings: Settings) -> None:
    """Serve the library: search, listen, rate and count in a browser.

    There is a JSON API too. It only reads: give it an account that may do no more, such as tts_read. Ratings are event
    files in the watched folder, which the shipper carries. It listens on this machine alone; elsewhere it wants a token
    (SIDECAR_WEB_TOKEN or SIDECAR_WEB_TOKEN_FILE) and, in front of it, a proxy that speaks HTTPS. Ctrl-C ends it.
    Exit code 2 where a setting is wrong, or where another program has its address.

    \b
    Example:
        sidecar web
        sudo sidecar --as-service web
        export SIDECAR_WEB_TOKEN=$(openssl rand -hex 16)
        sidecar web --web-listen 0.0.0.0:9791
    """
    from sidecar.service.serving import is_loopback, listen, reachable, serve
    from sidecar.web import create_app

    host, port = settings.web_address
    token = settings.token
    if token is None and not is_loopback(host):
        raise SettingsError(
            f"{host} can be reached from elsewhere, and SIDECAR_WEB_TOKEN is not set",
            hint=f"Set it to {_MIN_TOKEN} characters or more, such as $(openssl rand -hex 16), or listen on 127.0.0.1.",
        )
    if token is not None and len(token) < _MIN_TOKEN:
        raise SettingsError(f"SIDECAR_WEB_TOKEN is shorter than {_MIN_TOKEN} characters")
    with connected(settings) as database:
        database.query("SELECT 1 FROM tts_records LIMIT 1")  # an error here is better than one on each page
    app = create_app(
        connect=lambda: open_for_visitors(settings),
        folders=lambda: settings.folders,
        zone=settings.zone,
        token=token,
        about=about("web", settings.dsn),
        standing=lambda: _standing(settings),
        selection_max=settings.web_selection_max,
        export_max=settings.web_export_max,
    )
    try:
        listener = listen(host, port)
    except OSError as error:
        raise refused((host, port), error, "SIDECAR_WEB_LISTEN") from error

    def ready() -> None:
        click.echo(f"the library is at http://{reachable(host)}:{listener.getsockname()[1]}/")
        Notifier(config.environment()).ready()

    # Of a large table it takes seconds to tell what the filters can be set to: no visitor should wait for that.
    threading.Thread(target=app.state.shared.warm, daemon=True).start()
    try:
        serve(app, listener, ready, leaving=app.state.shared.feed.close)
    except KeyboardInterrupt:
        pass  # the way to end it
    finally:
        app.state.shared.pool.close()


def _standing(settings: Settings) -> Standing:
    """How what fills the library stands: for its first page, while nothing is in it."""
    from sidecar.web.state import Standing

    process = ask_process(settings.listen_address, settings.fingerprint, settings.database_fingerprint)
    found = [ask_folder(folder, settings.name, None) for folder in settings.folders]
    if not process.answers:
        how = "absent"
    elif process.difference:
        how = "other"
    else:
        how = "not_ready" if process.reasons else "ready"
    return Standing(
        shipper=how,
        reasons=[*filter(None, [process.difference]), *process.reasons],
        address=settings.listen,
        folders=[(each.folder, each.event_files, each.error) for each in found],
    )
