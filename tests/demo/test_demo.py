"""make demo does what it promises, on every database: the real programs, end to end."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import wave
from pathlib import Path

PROGRAM = Path(__file__).parents[2] / "deploy" / "demo" / "demo.py"
CALLS, FAILED = 8, 1


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


def test_the_demo_ends_with_its_rows_on_the_screen(database_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    done = demo(folder, database_url)
    assert done.returncode == 0, done.stdout
    assert f"{CALLS} rows were there" in done.stdout
    assert "SELECT * FROM tts_records WHERE text_input LIKE '%欢迎%'" in done.stdout
    # As it was spoken, among all rows, and among those of the query.
    assert len(re.findall(r"outputs/spk_\d+_5\.wav", done.stdout)) == 3
    for emotion in ("happy", "angry", "melancholic", "afraid", "reference", "neutral"):
        assert emotion in done.stdout
    assert "owner:" not in done.stdout


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
