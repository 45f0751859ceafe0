"""sidecar top"""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from sidecar.cli.support import show
from sidecar.cli.support.options import settings_options, verb
from sidecar.errors import SettingsError, SidecarError
from sidecar.service.metrics.scrape import Page, parse, read
from sidecar.service.settings import Settings

if TYPE_CHECKING:
    from rich.console import Group

_BLOCKS = " ▁▂▃▄▅▆▇█"
_HISTORY = 60


@dataclass(frozen=True)
class Reading:
    at: float
    page: Page
    ready: str
    """Empty where it is ready, else why not."""


@verb()
@settings_options("listen")
@click.option(
    "--interval",
    type=click.FloatRange(0.2, 60),
    default=1.0,
    show_default=True,
    metavar="SECONDS",
    help="Between two looks.",
)
@click.option("--count", type=click.IntRange(1), metavar="LOOKS", help="End after so many, else when interrupted.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a look.")
def top(settings: Settings, interval: float, count: int | None, as_json: bool) -> None:
    """Watch a running shipper at work. Ctrl-C ends it.

    \b
    Example:
        sidecar top
        sidecar top --count 1 --json
    """
    address = settings.listen_address
    if address is None or address[1] == 0:
        raise SettingsError("SIDECAR_LISTEN names no fixed port", hint="Say --listen HOST:PORT of the running shipper.")
    from rich.console import Console
    from rich.live import Live

    console = Console(highlight=False)
    where = f"{address[0]}:{address[1]}"
    rates: list[float] = []
    screen: Group | str = ""
    live = Live(console=console, auto_refresh=False, screen=True) if console.is_terminal and not as_json else None
    try:
        with live or contextlib.nullcontext():
            for facts in _facts_of(address, interval, count):
                rates = [*rates, facts["shipped_per_second"]][-_HISTORY:]
                screen = _screen(facts, rates, where)
                if as_json:
                    show.json_lines([facts])
                elif live is not None:
                    live.update(screen, refresh=True)
                else:
                    console.print(screen)
    except KeyboardInterrupt:
        pass  # the way to end it
    if live is not None:
        console.print(screen)  # what was on the live screen went away with it


def _facts_of(address: tuple[str, int], interval: float, count: int | None) -> Iterator[dict[str, Any]]:
    """One look after the other."""
    before = _look(address)
    for _ in itertools.count() if count is None else range(count):
        time.sleep(interval)
        now = _look(address)
        yield _facts(before, now)
        before = now


def _look(address: tuple[str, int]) -> Reading:
    status, body = read(address, "/metrics")
    if status != 200:
        raise SidecarError(
            f"no shipper answers at {address[0]}:{address[1]}: {body}",
            hint="Start it (sidecar run), or name its address by --listen.",
        )
    ready, reasons = read(address, "/readyz")
    return Reading(time.monotonic(), parse(body), "" if ready == 200 else "; ".join(reasons.split("\n")).strip("; "))


def _facts(before: Reading, now: Reading) -> dict[str, Any]:
    seconds = max(1e-9, now.at - before.at)
    page = now.page

    def rate(name: str, **labels: str) -> float:
        return round((page.total(name, **labels) - before.page.total(name, **labels)) / seconds, 2)

    oldest = page.total("sidecar_oldest_pending_timestamp_seconds")
    return {
        "ready": now.ready or "ready",
        "version": page.text("sidecar_build_info", "version"),
        "shipped": int(page.total("sidecar_events_shipped_total")),
        "shipped_per_second": rate("sidecar_events_shipped_total"),
        "pending": int(page.total("sidecar_pending_events")),
        "oldest_pending_seconds": round(max(0.0, time.time() - oldest), 1) if oldest else 0.0,
        "quarantined": int(page.total("sidecar_events_quarantined_total")),
        "sequence_gap": int(page.total("sidecar_sequence_gap_events")),
        "commit_p95_seconds": page.quantile(0.95, "sidecar_commit_duration_seconds", before.page),
        "delivery_p95_seconds": page.quantile(0.95, "sidecar_delivery_latency_seconds", before.page),
        "failed_attempts_per_second": rate("sidecar_sink_attempts_total", outcome="failed"),
        "syntheses": {name: int(value) for name, value in page.by("tts_synthesis_total", "status").items()},
        "emotions": {name: int(value) for name, value in page.by("tts_synthesis_total", "emotion").items()},
        "audio_seconds": round(page.total("tts_audio_seconds_total"), 1),
        "cpu": rate("process_cpu_seconds_total"),
        "memory_bytes": int(page.total("process_resident_memory_bytes")),
        "disk_free": page.total("sidecar_disk_free_ratio"),
    }


def _screen(facts: dict[str, Any], rates: list[float], where: str) -> Group:
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    ready = facts["ready"] == "ready"
    head = Text.assemble(
        ("sidecar ", "bold"),
        (f"{facts['version']} on {where}  ", ""),
        (facts["ready"], "green" if ready else "red bold"),
    )
    made = Table(box=None, show_header=False, pad_edge=False, padding=(0, 3, 0, 0))
    for _ in range(4):
        made.add_column(no_wrap=True)

    def bound(value: float | None) -> str:
        return "-" if value is None else f"≤ {value * 1000:,.0f} ms" if value < 10 else f"≤ {value:,.0f} s"

    made.add_row("shipped", f"{facts['shipped']:,}", "a second", f"{facts['shipped_per_second']:,.1f}")
    made.add_row("pending", f"{facts['pending']:,}", "oldest waits", f"{facts['oldest_pending_seconds']:,.1f} s")
    made.add_row(
        "commit 95 %", bound(facts["commit_p95_seconds"]), "event to row", bound(facts["delivery_p95_seconds"])
    )
    made.add_row("quarantined", f"{facts['quarantined']:,}", "never arrived", f"{facts['sequence_gap']:,}")
    made.add_row("CPU", f"{facts['cpu']:.0%}", "memory", f"{facts['memory_bytes'] / 1e6:,.0f} MB")
    made.add_row("audio", f"{facts['audio_seconds']:,.0f} s", "disk free", f"{facts['disk_free']:.0%}")
    spoken = "  ".join(f"{name} {count:,}" for name, count in sorted(facts["syntheses"].items()))
    felt = "  ".join(
        f"{name} {count:,}" for name, count in sorted(facts["emotions"].items(), key=lambda each: -each[1])
    )
    return Group(
        head,
        Text(),
        made,
        Text(),
        Text(_spark(rates) + f"  up to {max(rates, default=0):,.0f} a second", "cyan"),
        Text(),
        Text.assemble(("syntheses  ", "bold"), spoken or "-"),
        Text.assemble(("emotions   ", "bold"), felt or "-"),
    )


def _spark(values: list[float]) -> str:
    """One block a look, as high as its share of the highest."""
    highest = max(values, default=0) or 1
    return "".join(_BLOCKS[round(value / highest * (len(_BLOCKS) - 1))] for value in values)
