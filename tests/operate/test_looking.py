"""export, status and top: what they say is what is there."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import pty
import re
import signal
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path

import pyarrow.parquet
import pytest
from click.testing import CliRunner
from rich.cells import cell_len

from sidecar.cli.main import sidecar as root_command
from tests.events import envelope, failed, publish, succeeded
from tests.integration.processes import eventually, running, sidecar
from tests.operate.scene import Scene, set_scene
from tests.operate.terminal import on_terminal
from tests.servers import sqlite_url

TEXT = '好, "quoted" 🎙\nsecond line; \\'


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return set_scene(tmp_path, sqlite_url(tmp_path / "sidecar.db"))


@pytest.fixture
def spoken(tmp_path: Path, database_url: str) -> Scene:
    scene = set_scene(tmp_path, database_url)
    scene.speak("a.wav", time="2026-05-01T00:00:00.123456Z", data={"text": TEXT, "truncated": True})
    scene.speak("b.wav", time="2026-06-01T00:00:00.000000Z", emotion="sad")
    scene.ship()
    return scene


def test_every_format_says_the_same(spoken: Scene) -> None:
    for name in ("x.csv", "x.jsonl", "x.parquet"):
        spoken.run("export", str(spoken.place / name))
    lines = [json.loads(line) for line in (spoken.place / "x.jsonl").read_text("utf-8").splitlines()]
    with (spoken.place / "x.csv").open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    rows = pyarrow.parquet.read_table(spoken.place / "x.parquet").to_pylist()
    assert [line["text_input"] for line in lines] == [row["text_input"] for row in table] == [TEXT, "欢迎使用语音合成"]
    assert [row["text_input"] for row in rows] == [TEXT, "欢迎使用语音合成"]
    assert lines[0]["created_at"] == table[0]["created_at"] == "2026-05-01T00:00:00.123456Z"
    assert rows[0]["created_at"] == datetime(2026, 5, 1, 0, 0, 0, 123456, timezone.utc)
    assert lines[0]["emotion_vector"] == json.loads(rows[0]["emotion_vector"]) == [0.6, 0, 0, 0, 0, 0, 0.1, 0]
    assert (lines[0]["truncated"], rows[0]["truncated"]) == (True, True)
    assert lines[0]["rtf"] == float(table[0]["rtf"]) == rows[0]["rtf"] == 1.04
    assert set(lines[0]) == set(table[0]) == set(rows[0])


def test_an_export_runs_no_formula_and_is_for_its_owner_alone(tmp_path: Path, database_url: str) -> None:
    scene = set_scene(tmp_path, database_url)
    texts = ['=HYPERLINK("http://x","y")', "+1", "-2", "@SUM(A1)", "\t=1", "＝1", "plain = text"]
    for text in texts:
        publish(scene.folder, succeeded(text))
    scene.ship()
    quote = '"' if "sqlite" in database_url else "`"
    scene.execute(f"ALTER TABLE tts_records ADD COLUMN {quote}order{quote} INT")
    path = tmp_path / "all.csv"
    previous = os.umask(0)
    try:
        scene.run("export", str(path))
    finally:
        os.umask(previous)
    assert path.stat().st_mode & 0o777 == 0o600
    with path.open(encoding="utf-8", newline="") as file:
        written = [row["text_input"] for row in csv.DictReader(file)]
    assert sorted(written) == sorted([f"'{text}" for text in texts[:-1]] + texts[-1:])


def test_a_row_of_another_program_cannot_be_rated_and_that_is_said(tmp_path: Path, database_url: str) -> None:
    scene = set_scene(tmp_path, database_url)
    scene.execute("INSERT INTO tts_records (text_input, audio_path) VALUES ('of another program', 'x.wav')")
    ((number,),) = scene.query("SELECT id FROM tts_records")
    done = sidecar("rate", str(number), "5", cwd=scene.place, settings=scene.settings, check=False)
    assert done.returncode == 1
    assert f"row {number} was inserted by another program" in done.stderr


def test_what_is_exported_can_be_chosen(spoken: Scene) -> None:
    printed = spoken.run("export", "-", "--format", "csv", "--since", "2026-05-15", "--timezone", "UTC")
    assert [row["emotion"] for row in csv.DictReader(io.StringIO(printed))] == ["sad"]


def test_a_file_that_is_there_stays_unless_told_otherwise(scene: Scene) -> None:
    path = scene.place / "x.csv"
    path.write_text("precious")
    scene.run("export", str(path), code=2)
    assert path.read_text() == "precious"
    scene.run("export", str(path), "--force")
    assert path.read_text().startswith("id,")
    scene.run("export", str(scene.place / "x.doc"), code=2)
    assert not [each.name for each in scene.place.iterdir() if each.name.startswith(".")]


def test_whoever_watches_in_a_terminal_sees_each_commit(spoken: Scene) -> None:
    publish(spoken.folder, succeeded())
    shown = "\n".join(
        on_terminal("run", "--once", "--listen", "off", columns=80, cwd=spoken.place, settings=spoken.settings)
    )
    assert re.search(r"committed +events=3", shown), shown
    silent = sidecar("run", "--once", "--listen", "off", cwd=spoken.place, settings=spoken.settings)
    assert "committed" not in silent.stderr


def test_whoever_watches_is_told_that_nothing_comes_and_at_the_end_what_was_done(spoken: Scene) -> None:
    ours, theirs = pty.openpty()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SIDECAR_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "sidecar", "run", "--listen", "off"],
        cwd=spoken.place,
        env=environment | dict(spoken.settings),
        stderr=theirs,
    )
    os.close(theirs)
    shown = ""
    with contextlib.suppress(OSError), open(ours, encoding="utf-8") as terminal:  # how Linux says that nobody writes
        for line in terminal:
            shown += line
            if "waiting for event files" in line:
                process.send_signal(signal.SIGINT)
    assert process.wait(60) == 0
    assert re.search(r"committed +events=2", shown), shown
    assert re.search(r"stopped +shipped=2 +quarantined=0 +pending=0", shown.splitlines()[-1]), shown


def test_find_gives_its_room_to_the_text(spoken: Scene) -> None:
    def shown(*arguments: str, columns: int = 80) -> list[str]:
        return on_terminal("find", *arguments, columns=columns, cwd=spoken.place, settings=spoken.settings)

    _, head, *rows = shown()
    assert head.split() == ["id", "UTC", "emotion", "best", "text", "input"]
    assert head.index("text input") < 40
    assert all("succeeded" not in row for row in rows)
    publish(spoken.folder, failed())
    spoken.ship()
    assert "failed" in "".join(shown())
    for columns in (40, 80, 120):
        assert len(shown("--wide", columns=columns)) == 1 + 3 + 1, "a line a row, and what follows the last"
    assert "sidecar find" in " ".join(shown("nothing of the kind"))


def test_status_says_how_it_stands(spoken: Scene) -> None:
    (spoken.folder / "broken.json").write_bytes(b"{")
    with running(cwd=spoken.place, settings={**spoken.settings, "SIDECAR_SETTLE_SECONDS": "0"}) as shipper:
        shipper.shipped(0)
        publish(spoken.folder, succeeded())
        shipper.shipped(1)
        # One that was shipped before may be counted too: a shipper that starts reads the newest again.
        eventually(lambda: spoken.query("SELECT COUNT(*) FROM tts_events") == [(3,)], "the new one")
        listen = ("--listen", f"127.0.0.1:{shipper.port}")
        facts = spoken.facts("status", *listen)
        assert facts["process"] | {"version": ""} == {
            "answers": True,
            "difference": "",
            "version": "",
            "reasons": [],
            "pending": 0,
            "shipped": facts["process"]["shipped"],
            "quarantined": 1,
            "oldest_pending": None,
        }
        assert facts["folders"][0]["event_files"] == 4
        assert (facts["tables"]["events"], facts["tables"]["records"]) == (3, 3)
        assert facts["tables"]["quarantined"] == {"invalid_json": 1}
        assert [each["shipper"] for each in facts["tables"]["shippers"]] == ["studio"]
        assert "3 records of 3 events" in spoken.run("status", *listen)
        top = json.loads(spoken.run("top", "--count", "1", "--interval", "0.2", "--json", *listen))
        assert (top["ready"], top["pending"], top["quarantined"]) == ("ready", 0, 1)
        assert top["syntheses"] == {"succeeded": 1}
        screen = spoken.run("top", "--count", "1", "--interval", "0.2", *listen)
        assert "quarantined" in screen
        assert "succeeded 1" in screen


@pytest.fixture
def talked_about(scene: Scene) -> Scene:
    """A record with remarks, requests made again, errors, files in quarantine: every cell long."""
    first = scene.speak("first.wav", data={"text": TEXT * 3})
    for number in range(3):
        scene.speak(f"again_{number}.wav", data={"text": "欢迎光临，请问您需要什么帮助？" * 3}, emotion="melancholic")
        remark = {
            "rating": 5,
            "note": "尾音自然，但是开头有一点点快" * 3,
            "caller": {"user": "李雷 from the laboratory"},
        }
        publish(scene.folder, envelope("audio.rated", remark, subject=first["id"], sequence=number + 1))
    publish(scene.folder, failed(subject=first["id"]))
    (scene.folder / f"{'long' * 20}.json").write_bytes(b"{")
    scene.ship()
    return scene


@pytest.mark.parametrize(
    ("command", "narrow", "wide"),
    [
        ("find", "id/created at/emotion/text input", "status/user id/duration/rating/audio path"),
        ("timeline 1", "time/what/actor/rating/said", "note/reason/error type/path"),
        ("quarantine list", "id/reason/file/why", "last seen/bytes/attempts/shipper"),
        ("stats duplicates", "takes/wasted seconds/last at/emotion/text input", "voice/model version/compute seconds"),
        ("stats voices", "voice/attempts/failures/failure rate/saturated", ""),
        ("stats errors", "error type/failures/error message/created at", ""),
    ],
)
def test_no_column_is_lost_in_a_narrow_terminal(talked_about: Scene, command: str, narrow: str, wide: str) -> None:
    def shown(*options: str) -> list[str]:
        settings = {**talked_about.settings, "SIDECAR_TIMEZONE": "UTC"}
        return on_terminal(*command.split(), *options, columns=80, cwd=talked_about.place, settings=settings)

    lines = shown()
    assert max(map(cell_len, lines)) <= 80
    head = " ".join([line for line in lines if not line.startswith("record ")][:2])  # the zone takes a second line
    assert [column for column in narrow.split("/") if column not in head] == []
    assert "…" not in head
    if wide:
        text = "\n".join(shown("--wide"))
        assert [column for column in wide.split("/") if column not in text] == []
        assert "…" not in text


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_sentences_are_wrapped_between_words(spoken: Scene, columns: int) -> None:
    """The terminal would break them anywhere. What is longer than a line by itself is left whole."""
    for command in (["verify", "--ignore", "sequence_gap"], ["doctor", "--no-service"], ["stats"]):
        lines = on_terminal(*command, columns=columns, cwd=spoken.place, settings=spoken.settings)
        sentences = [line for line in lines if "━" not in line]  # but for the progress, which is gone at the end
        wide = [line for line in sentences if cell_len(line) > columns and " " in line.strip()]
        assert [line for line in wide if str(spoken.place) not in line] == []


def test_times_say_their_zone(talked_about: Scene) -> None:
    for arguments in (["find"], ["timeline", "1"], ["quarantine", "list", "--wide"]):
        assert ", UTC" in talked_about.run(*arguments, "--timezone", "UTC")
        assert "Asia/Shanghai" in talked_about.run(*arguments, "--timezone", "Asia/Shanghai")


def test_top_leaves_its_last_look_and_a_whole_line(scene: Scene) -> None:
    with running(cwd=scene.place, settings=scene.settings) as shipper:
        shipper.shipped(0)
        arguments = ("top", "--count", "1", "--interval", "0.2", "--listen", f"127.0.0.1:{shipper.port}")
        assert scene.run(*arguments).endswith("\n")
        left = on_terminal(*arguments, columns=80, cwd=scene.place, settings=scene.settings)
    assert any("quarantined" in line for line in left)
    assert left[-1] == ""


def test_a_long_note_is_told_in_full(tmp_path: Path, database_url: str) -> None:
    scene = set_scene(tmp_path, database_url)
    first = scene.speak("first.wav")
    for number, note in enumerate((None, "好" * 600), start=1):
        remark = {"rating": number, "note": note, "caller": {"user": None}}
        publish(scene.folder, envelope("audio.rated", remark, subject=first["id"], sequence=number))
    scene.ship()
    told = [json.loads(line) for line in scene.run("timeline", "1", "--json").splitlines()]
    assert [(each["rating"], each["note"], each["actor"]) for each in told[1:]] == [
        (1, None, None),
        (2, "好" * 600, None),
    ]


def test_status_without_a_shipper_fails_and_still_tells_the_rest(spoken: Scene) -> None:
    facts = spoken.facts("status", "--listen", "127.0.0.1:1", code=1)
    assert not facts["process"]["answers"]
    assert facts["tables"]["records"] == 2
    spoken.run("top", "--count", "1", "--listen", "127.0.0.1:1", code=1)


def test_status_without_a_database_names_it(tmp_path: Path) -> None:
    (tmp_path / "outputs").mkdir()
    settings = {"SIDECAR_DATABASE_URL": "mysql://u:p@127.0.0.1:1/d", "SIDECAR_WATCH_DIR": str(tmp_path / "outputs")}
    scene = Scene(tmp_path, settings)
    facts = scene.facts("status", "--listen", "127.0.0.1:1", code=1)
    assert "127.0.0.1:1" in facts["tables"]["error"]
    assert facts["folders"][0]["event_files"] == 0


def test_run_once_beside_the_service_ships_without_its_port(scene: Scene) -> None:
    with running(cwd=scene.place, settings=scene.settings) as shipper:
        shipper.shipped(0)
        done = sidecar(
            "run", "--once", "--listen", f"127.0.0.1:{shipper.port}", cwd=scene.place, settings=scene.settings
        )
    assert done.returncode == 0


@pytest.mark.parametrize(
    "command",
    [
        *(
            "find",
            "status",
            "stats emotions",
            "timeline 1",
            "rate 1 5",
            "export x.csv",
            "verify",
            "replay --since 2d",
            "web",
        ),
        *("rebuild", "index", "forget --user x", "prune --older-than 1d", "backfill", "quarantine list"),
        *("quarantine show 1", "quarantine drop --all", "quarantine retry --all", "doctor --no-service", "run --once"),
    ],
)
def test_in_a_folder_without_a_database_none_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """Whatever else the command does there."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "outputs").mkdir()
    cleared = dict.fromkeys((name for name in os.environ if name.startswith("SIDECAR_")), None)
    done = CliRunner().invoke(root_command, command.split(), env=cleared)
    assert [path.name for path in tmp_path.iterdir()] == ["outputs"]
    if command in ("prune --older-than 1d", "backfill"):  # ask no database
        return
    assert done.exit_code in (1, 2)
    said = " ".join(done.output.split())
    assert str(tmp_path) in said
    for cure in ("cd to", "SIDECAR_DATABASE_URL", "sidecar init"):
        assert cure in said
    if not command.startswith(("status", "doctor", "run")):
        assert done.output.count("\n") == 1, done.output


def test_migrate_makes_it_and_says_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = sidecar("migrate", cwd=tmp_path)
    assert f"database: sqlite:///{tmp_path}/sidecar.db" in done.stdout
    assert (tmp_path / "sidecar.db").exists()


@pytest.mark.parametrize("arguments", [("run",), ("web",)])
def test_beside_another_one_it_says_which(scene: Scene, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    with running(cwd=scene.place, settings=scene.settings) as shipper:
        taken = f"127.0.0.1:{shipper.port}"
        settings = {**scene.settings, "SIDECAR_LISTEN": taken, "SIDECAR_WEB_LISTEN": taken}
        done = sidecar(*arguments, cwd=scene.place, settings=settings, check=False)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    url = scene.settings["SIDECAR_DATABASE_URL"]
    assert (
        f"another sidecar runs here, at {taken} (sidecar run, pid {shipper.process.pid}, database {url})" in done.stderr
    )
