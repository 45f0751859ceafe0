"""python -m tests.torture.scale: many files at once, made while it is stopped and its queue is full."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console

from tests.events import encode, succeeded, uuid7
from tests.integration.processes import Running, eventually, sidecar
from tests.servers import MariaDB

QUEUE = Path("/proc/sys/fs/inotify/max_queued_events")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.torture.scale", description=__doc__)
    parser.add_argument("--files", type=int, default=200_000)
    files = parser.parse_args().files
    console = Console(width=120)
    with MariaDB() as server, tempfile.TemporaryDirectory(prefix="scale-") as folder:
        root = Path(folder)
        (root / "outputs").mkdir()
        name = server.create_database()
        settings = {"SIDECAR_DATABASE_URL": server.url(name), "SIDECAR_WATCH_DIR": str(root / "outputs")}
        sidecar("migrate", cwd=root, settings=settings)
        shipper = Running(cwd=root, settings=settings)
        try:
            eventually(lambda: shipper.get("/readyz")[0] == 200, "the start")
            shipper.process.send_signal(signal.SIGSTOP)
            started = time.monotonic()
            make(root / "outputs", files)
            took = time.monotonic() - started
            console.print(f"{files:,} files made in {took:.0f} s; the queue holds {QUEUE.read_text().strip()}")
            shipper.process.send_signal(signal.SIGCONT)
            started = time.monotonic()
            eventually(lambda: shipper.total("sidecar_events_shipped_total") >= files, "all of them", 420)
            took = time.monotonic() - started
            with server.connect(name) as connection, connection.cursor() as cursor:
                cursor.execute("SELECT COUNT(*), (SELECT COUNT(*) FROM tts_records) FROM tts_events")
                rows = cursor.fetchone()
            memory = shipper.total("process_resident_memory_bytes") / 2**20
            scanned = shipper.total("sidecar_scan_recovered_total")
            console.print(f"shipped in {took:.0f} s, {files / took:,.0f} a second; {scanned:,.0f} by the scan alone")
            console.print(f"rows: {rows}; resident memory {memory:.0f} MiB")
            passed = rows == (files, files) and scanned > 0
        finally:
            shipper.kill()
    print(f"scale: {int(passed)} passed, {int(not passed)} failed")
    return 0 if passed else 1


def make(folder: Path, count: int) -> None:
    """That many event files, as fast as one can."""
    id_ = uuid7()
    template = encode(succeeded(id=id_, subject=id_))
    for number in range(count):
        with (folder / f"spk_{number}.wav.json").open("wb", buffering=0) as file:
            file.write(template.replace(id_.encode(), uuid7().encode()))


if __name__ == "__main__":
    sys.exit(main())
