"""make demo does what it promises, on every database: the real programs, end to end."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import wave
from pathlib import Path

PROGRAM = Path(__file__).parents[2] / "deploy" / "demo" / "demo.py"
CALLS, FAILED = 8, 1
DEADLINE_SECONDS = 60.0


def demo(folder: Path, database_url: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "SIDECAR_DATABASE_URL": database_url, "DEMO_DIR": str(folder)}
    return subprocess.run(
        [sys.executable, str(PROGRAM)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )


def test_what_was_spoken_is_found(database_url: str, tmp_path: Path) -> None:
    done = demo(tmp_path / "demo", database_url)
    assert done.returncode == 0, done.stdout
    spoken, _, found = done.stdout.partition(f"{CALLS} rows were there")
    for text in ("他推开门，笑着说：“欢迎回家！” 😊", "Did you hear that? Somebody is at the door!"):
        assert text in spoken
        assert text in found
    for emotion in ("happy", "angry", "melancholic", "afraid", "reference", "neutral"):
        assert emotion in found
    assert "owner:" not in done.stdout


def test_it_may_be_run_again_in_the_same_folder(tmp_path: Path) -> None:
    for _ in range(2):
        done = demo(tmp_path / "demo", "")
        assert done.returncode == 0, done.stdout
        assert f"{CALLS} rows were there" in done.stdout


def test_the_library_that_it_offers_opens_on_its_data(tmp_path: Path) -> None:
    done = demo(tmp_path / "with a blank", "")
    assert done.returncode == 0, done.stdout
    [command] = re.findall(r"^ +(cd .* web)$", done.stdout, re.MULTILINE)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SIDECAR_")}
    process = subprocess.Popen(
        ["bash", "-c", command], env=environment | {"SIDECAR_WEB_LISTEN": address}, start_new_session=True
    )
    try:
        assert "Somebody is at the door!" in page(f"http://{address}/api/records", process)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(DEADLINE_SECONDS)


def page(url: str, process: subprocess.Popen[bytes]) -> str:
    """The page, once it is served."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + DEADLINE_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(urllib.error.URLError), opener.open(url, timeout=5) as answer:
            content: str = answer.read().decode()
            return content
        time.sleep(0.05)
    raise AssertionError(f"{url} does not answer")


def test_the_demo_leaves_audible_files_each_with_its_event(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    done = demo(folder, "")
    assert done.returncode == 0, done.stdout
    audio = sorted((folder / "outputs").glob("*.wav"))
    assert len(audio) == CALLS - FAILED
    assert len(list((folder / "outputs").glob("*.wav.json"))) == CALLS
    for path in audio:
        assert path.with_name(path.name + ".json").exists()
        with wave.open(str(path)) as file:
            assert file.getnframes() > file.getframerate()  # more than a second
            samples = memoryview(file.readframes(file.getnframes())).cast("h")
            assert max(samples) > 3276  # a tenth of full scale
    assert (folder / "sidecar.db").exists()


def test_a_demo_without_its_database_says_so_and_fails(tmp_path: Path) -> None:
    done = demo(tmp_path / "demo", "mysql://nobody:nothing@127.0.0.1:1/none")
    assert done.returncode != 0
    assert "The demo failed" in done.stdout
    assert "nothing@" not in done.stdout
