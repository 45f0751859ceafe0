"""The program behind ``make demo``: eight lines spoken, recorded and found, with everything real but the engine.

In a fresh folder it makes the tables (``sidecar migrate``), starts the shipper (``sidecar run``), lets studio.py speak
under the recording (``python -m indextts_patch``), waits for the rows, asks for them (``sidecar find``) and stops the
shipper by SIGTERM. SIDECAR_DATABASE_URL names another database than the embedded SQLite file.
"""

from __future__ import annotations

import os
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from sidecar.service.metrics.scrape import parse, read

HERE = Path(__file__).resolve().parent
DEADLINE = 30.0  # seconds for the rows to appear
_LOG = "sidecar.log"


class DemoFailedError(Exception):
    """A step did not do what it should; the message says which one and shows its output."""


def settings(listen: str) -> dict[str, str]:
    """The environment of the commands: the caller's, but for the folder and the address."""
    own = {"SIDECAR_WATCH_DIR": "outputs", "SIDECAR_LISTEN": listen, "PYTHONUNBUFFERED": "1"}
    return {**os.environ, "SIDECAR_DATABASE_URL": database_url(), **own}


def database_url() -> str:
    return os.environ.get("SIDECAR_DATABASE_URL") or "sqlite:///sidecar.db"


def step(title: str, *commands: str) -> None:
    """Say what comes next, and by which commands one has it oneself."""
    click.echo(click.style(f"\n{title}", fg="cyan", bold=True))
    for command in commands:
        click.echo(click.style(f"$ {command}", dim=True))


def offer(title: str, command: str) -> None:
    """A command to copy, alone on its line, however long."""
    click.echo(f"{title}:\n    " + click.style(command, fg="green"))


def run(*arguments: str, folder: Path, environment: dict[str, str]) -> None:
    """Run a command to its end, showing what it prints. Raises DemoFailedError."""
    with tempfile.TemporaryFile("w+") as said:
        done = subprocess.run([sys.executable, *arguments], cwd=folder, env=environment, stderr=said, check=False)
        if done.returncode:
            said.seek(0)
            raise DemoFailedError(f"{' '.join(arguments)} ended with {done.returncode}\n{said.read()}")


@contextmanager
def shipper(folder: Path, environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """The shipper as a process of its own; ended in any case."""
    with (folder / _LOG).open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "sidecar", "run"], cwd=folder, env=environment, stdout=log, stderr=log
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def stop(process: subprocess.Popen[bytes], folder: Path) -> None:
    """SIGTERM, on which the shipper drains and exits 0. Raises DemoFailedError."""
    process.send_signal(signal.SIGTERM)
    try:
        status = process.wait(DEADLINE)
    except subprocess.TimeoutExpired:
        raise DemoFailedError(f"the shipper did not stop\n{log_tail(folder)}") from None
    if status:
        raise DemoFailedError(f"the shipper ended with {status}\n{log_tail(folder)}")


def log_tail(folder: Path) -> str:
    return "\n".join((folder / _LOG).read_text("utf-8", "replace").splitlines()[-20:])


def event_files(folder: Path, pattern: str = "*.json") -> int:
    return len(list((folder / "outputs").glob(pattern)))


def wait_for_rows(count: int, folder: Path, process: subprocess.Popen[bytes], address: tuple[str, int]) -> None:
    """Wait until so many events are in the database that were not before. Raises DemoFailedError."""
    if not count:
        raise DemoFailedError("the recording left no event file")
    deadline = time.monotonic() + DEADLINE
    while True:
        page = parse(read(address, "/metrics")[1])
        came = int(page.total("sidecar_events_shipped_total") - page.total("sidecar_events_repeated_total"))
        if came == count:
            return
        if process.poll() is not None or time.monotonic() > deadline:
            raise DemoFailedError(f"{came} of {count} rows came\n{log_tail(folder)}")
        time.sleep(0.05)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def keep_settings(folder: Path) -> None:
    """So that the commands that the demo offers find its database; it may hold a password."""
    path = folder / ".env"
    path.touch(mode=0o600)
    kept = {name: value for name, value in os.environ.items() if name.startswith("SIDECAR_DATABASE_")}
    kept |= {"SIDECAR_WATCH_DIR": "outputs", "SIDECAR_DATABASE_URL": database_url()}
    path.write_text("".join(f"{name}='{value}'\n" for name, value in kept.items()), encoding="utf-8")


def show(folder: Path) -> None:
    began = time.monotonic()
    address = ("127.0.0.1", free_port())
    environment = settings(f"{address[0]}:{address[1]}")
    (folder / "outputs").mkdir(parents=True, exist_ok=True)
    keep_settings(folder)
    click.echo("Eight lines are spoken by a stand-in for IndexTTS2, recorded, and found.")
    click.echo(f"All of it lies in {folder}")

    step("1 Make the tables", "sidecar migrate")
    run("-m", "sidecar", "migrate", folder=folder, environment=environment)

    step("2 Start the shipper, and speak", "sidecar run", "python -m indextts_patch studio.py")
    takes = "spk_*.json"  # all but what the process tells of itself
    before, takes_before = event_files(folder), event_files(folder, takes)
    with shipper(folder, environment) as process:
        run("-m", "indextts_patch", str(HERE / "studio.py"), folder=folder, environment=environment)
        spoken = time.monotonic()
        count = event_files(folder) - before
        wait_for_rows(count, folder, process, address)
        rows = event_files(folder, takes) - takes_before
        click.echo(f"{rows} rows were there {time.monotonic() - spoken:.2f} s after the last word")
        stop(process, folder)

    step("3 Find", "sidecar find")
    run("-m", "sidecar", "find", folder=folder, environment=environment)

    click.echo(click.style("\nNow you", fg="cyan", bold=True) + f"   (the demo took {time.monotonic() - began:.1f} s)")
    program = Path(sys.executable).with_name("sidecar")
    sidecar = shlex.join([str(program)] if program.exists() else [sys.executable, "-m", "sidecar"])
    offer("Open the library in a browser, to listen and to search", f"cd {shlex.quote(str(folder))} && {sidecar} web")
    offer("Record your own IndexTTS2, from its folder", f"{sidecar} init")


def main() -> None:
    chosen = os.environ.get("DEMO_DIR")
    folder = Path(chosen or tempfile.mkdtemp(prefix="indextts-demo-")).resolve()
    try:
        show(folder)
    except DemoFailedError as error:
        click.echo(click.style("\nThe demo failed: ", fg="red", bold=True) + str(error))
        sys.exit(1)


if __name__ == "__main__":
    main()
