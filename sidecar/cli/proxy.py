"""sidecar proxy"""

from __future__ import annotations

import contextlib
import math
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sidecar.cli.support.options import require, settings_options, verb
from sidecar.errors import SettingsError
from sidecar.service import config, log
from sidecar.service.http import HttpServer
from sidecar.service.metrics.proxy import ProxyMetrics
from sidecar.service.occupied import about, refused
from sidecar.service.settings import Settings
from sidecar.service.systemd import Notifier

if TYPE_CHECKING:
    from sidecar.proxy.app import Proxy
    from sidecar.proxy.call import Keeping
    from sidecar.proxy.keys import Keyring
    from sidecar.proxy.recorder import Recorder
    from sidecar.proxy.upstream import Upstream

# Records are made on threads beside the one that serves: at the default of 5 ms it would wait that long for its turn.
_SWITCH_SECONDS = 0.0001
_SHARED = ("watch_dir", "keys_file", "log_level", "log_format")


@verb()
@click.option(
    "--events",
    metavar="PATH",
    type=click.Path(path_type=Path),
    help="Folder for events and audio, instead of --watch-dir.",
)
@settings_options(*_SHARED, *(name for name in config.fields() if name.startswith(("upstream", "proxy_"))))
def proxy(settings: Settings, events: Path | None) -> None:
    """Pass requests to a speech server, and record what is spoken.

    Speech is what POST /v1/audio/speech asks for, of servers that no patch can look into, such as vLLM-Omni or
    audio.cpp. Answers pass unchanged, as they come; events go to the watched folder, from where the shipper carries
    them. Without keys (`sidecar keys add`) it serves this machine alone. SIGTERM or Ctrl-C lets answers end. Exit code
    2 where a setting is wrong, or where another program has its address.

    \b
    Example:
        sidecar proxy --upstream http://127.0.0.1:8000
        sidecar proxy --upstream https://tts.lan --proxy-audio keep
    """
    require("httptools", extra="proxy")
    from sidecar.proxy.app import Proxy
    from sidecar.proxy.gate import Gate
    from sidecar.proxy.keys import Keyring
    from sidecar.proxy.recorder import Recorder

    sys.setswitchinterval(_SWITCH_SECONDS)
    log.configure(settings.log_level, settings.log_format)
    keyring = Keyring(settings.keys_file)
    _check_reach(keyring, settings)
    upstream = _upstream(settings)
    metrics = ProxyMetrics()
    recorder = Recorder(events.expanduser().absolute() if events else settings.folders[0], metrics)
    app = Proxy(
        upstream,
        Gate(keyring),
        recorder,
        metrics,
        _keeping(settings),
        body_bytes=settings.proxy_body_bytes,
        concurrency=settings.proxy_concurrency,
        authorization=_authorization(settings),
    )
    with contextlib.closing(_listener(settings)) as listener:
        pages = _pages(settings, metrics, lambda: _reasons(upstream, recorder, keyring))
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # uvicorn raises it again: records wait to be written
        recorder.open()
        try:
            _serve(settings, app, listener, lambda: _say(settings, listener, pages, recorder, keyring))
        except KeyboardInterrupt:
            pass  # the way to end it
        finally:
            Notifier(config.environment()).stopping()
            recorder.close()
            if pages is not None:
                pages.close()


def _serve(settings: Settings, app: Proxy, listener: socket.socket, ready: Callable[[], None]) -> None:
    from sidecar.service.serving import Connection, serve

    class Client(Connection):
        request_seconds = settings.proxy_request_seconds
        stall_seconds = settings.proxy_stall_seconds
        max_connections = settings.proxy_connections
        max_connections_a_client = settings.proxy_connections  # a proxy in front is one client

    serve(
        app,
        listener,
        ready,
        Client,
        headers=[],
        date_header=False,  # what the upstream says, and no more
        log_level="critical",  # it would tell of each answer that an upstream broke off, as of an error here
        timeout_graceful_shutdown=math.ceil(settings.proxy_drain_seconds),
    )


def _say(
    settings: Settings, listener: socket.socket, pages: HttpServer | None, recorder: Recorder, keyring: Keyring
) -> None:
    """Tell where everything is, now that it is there."""
    from sidecar.service.serving import reachable

    where = f"http://{reachable(settings.proxy_address[0])}:{listener.getsockname()[1]}/v1/audio/speech"
    click.echo(f"speech is at {where}, spoken by {settings.upstream}, recorded in {recorder.folder}")
    if not keyring.needed:
        click.echo("without keys it serves this machine alone; `sidecar keys add NAME` makes one")
    if pages is not None and settings.proxy_metrics_address is not None:
        click.echo(f"metrics are at http://{reachable(settings.proxy_metrics_address[0])}:{pages.port}/metrics")
    Notifier(config.environment()).ready()


def _upstream(settings: Settings) -> Upstream:
    from sidecar.proxy.upstream import Upstream, parse, trusting
    from sidecar.service.serving import EVERYWHERE, is_loopback

    address = parse(settings.upstream)
    host, port = settings.proxy_address
    here = is_loopback(address.host) and (is_loopback(host) or host in EVERYWHERE)
    if address.port == port and (here or address.host == host):
        raise SettingsError(
            f"SIDECAR_UPSTREAM, {address}, is this proxy itself",
            hint="Name the speech server's port there, or let the proxy listen on another one: --proxy-listen.",
        )
    return Upstream(
        address,
        trusting(settings.upstream_ca) if address.secure else None,
        connect_seconds=settings.upstream_connect_seconds,
        silence_seconds=settings.upstream_silence_seconds,
    )


def _keeping(settings: Settings) -> Keeping:
    from sidecar.proxy.call import Keeping

    return Keeping(
        texts=settings.proxy_text,
        audio=settings.proxy_audio == "keep",
        client=settings.proxy_client == "keep",
        pcm_rate=settings.proxy_pcm_rate,
    )


def _authorization(settings: Settings) -> str | None:
    key = settings.key_for_upstream
    if key is not None and not (key.isascii() and key.isprintable()):
        raise SettingsError(
            "the upstream's key holds characters that no header may",
            hint="Look for a line break or a blank in SIDECAR_UPSTREAM_KEY, or its file.",
        )
    return None if key is None else f"Bearer {key}"


def _listener(settings: Settings) -> socket.socket:
    from sidecar.service.serving import listen

    try:
        return listen(*settings.proxy_address)
    except OSError as error:
        raise refused(settings.proxy_address, error, "SIDECAR_PROXY_LISTEN") from error


def _check_reach(keyring: Keyring, settings: Settings) -> None:
    from sidecar.service.serving import is_loopback

    host = settings.proxy_address[0]
    if not keyring.needed and not is_loopback(host):
        raise SettingsError(
            f"{host} can be reached from elsewhere, and there are no keys in {settings.keys_file}",
            hint="Make one by `sidecar keys add NAME`, or listen on 127.0.0.1.",
        )


def _pages(settings: Settings, metrics: ProxyMetrics, status: Callable[[], list[str]]) -> HttpServer | None:
    address = settings.proxy_metrics_address
    if address is None:
        return None
    return HttpServer(
        *address,
        metrics=metrics.exposition,
        status=status,
        about=about("proxy", settings.dsn),
        setting="SIDECAR_PROXY_METRICS",
    )


def _reasons(upstream: Upstream, recorder: Recorder, keyring: Keyring) -> list[str]:
    """What is not well, for /readyz."""
    return [reason for reason in (upstream.reason, recorder.reason, keyring.reason) if reason]
