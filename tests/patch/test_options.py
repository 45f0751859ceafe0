"""Every option does what its row in the table says."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.patch.helpers import DOUBLE, REPO, environment, event_files, events, ok, python, run, voice

ONE = "from indextts.infer_v2 import IndexTTS2\ntts = IndexTTS2()\n"


def test_texts_are_kept_hashed_or_left_out(tmp_path: Path) -> None:
    secret = "my secret words"
    body = ONE + (
        f'tts.infer("voice.wav", {secret!r}, "outputs/a.wav", use_emo_text=True)\n'
        f'try: tts.infer("voice.wav", {secret!r}, None, note="he said: " + {secret!r})\n'
        "except ValueError: pass\n"
    )
    for kept in ("store", "hash", "omit"):
        root = tmp_path / kept
        root.mkdir()
        first, second = ok(run(root, body, env={"INDEXTTS_PATCH_TEXT": kept})).events
        raw = "".join(path.read_text(encoding="utf-8") for path in root.rglob("*.json"))
        assert (secret in raw) == (kept == "store")
        assert (first["data"]["text"] is None) == (kept != "store")
        assert (first["data"]["text_sha256"] is None) == (kept == "omit")
        assert (first["data"]["request_hash"] is None) == (kept == "omit")
        assert first["data"]["text_length"] == len(secret)
        assert first["data"]["emotion"]["label"] == "calm"
        assert second["data"]["error"]["type"] == "ValueError"


def test_with_unique_names_two_requests_of_one_second_both_keep_their_audio(tmp_path: Path) -> None:
    body = ONE + (
        "import threading\n"
        "def speak(n): print(tts.infer('voice.wav', f'[slow 0.1] {n}' + 'x' * n, 'outputs/spk_1.wav'))\n"
        "threads = [threading.Thread(target=speak, args=(n,)) for n in range(4)]\n"
        "[t.start() for t in threads]; [t.join() for t in threads]\n"
        "try: tts.infer('voice.wav', '[raise ValueError no]', output_path='outputs/spk_1.wav')\n"
        "except ValueError: pass\n"
    )
    result = ok(run(tmp_path, body, env={"INDEXTTS_PATCH_UNIQUE_NAMES": "1"}))
    paths = [event["data"]["audio"]["path"] for event in result.events if event["data"]["error"] is None]
    assert sorted(paths) == [f"outputs/spk_1{part}.wav" for part in ("-2", "-3", "-4", "")]
    for event in result.events:
        own = event["data"]["audio"]["path"] == "outputs/spk_1.wav"
        assert event["data"]["audio"].get("requested_path") == (None if own else "outputs/spk_1.wav")
    for path in paths:
        assert path in result.stdout
        assert (tmp_path / f"{path}.json").exists()
    assert not list(tmp_path.rglob("*.reserved"))
    assert not any(event["data"]["audio"].get("replaces") for event in result.events)


def test_without_unique_names_both_events_live_and_the_second_names_the_first(tmp_path: Path) -> None:
    body = ONE + "for n in 'abc': tts.infer('voice.wav', n, 'outputs/spk_1.wav')\n"
    first, second, third = ok(run(tmp_path, body)).events
    assert "replaces" not in first["data"]["audio"]
    assert second["data"]["audio"]["replaces"] == first["id"]
    assert third["data"]["audio"]["replaces"] == second["id"]
    names = [path.name for path in event_files(tmp_path / "outputs")]
    assert names == ["spk_1.wav.2.json", "spk_1.wav.3.json", "spk_1.wav.json"]
    # Another process goes on where this one stopped.
    *_, fourth = ok(run(tmp_path, ONE + "tts.infer('voice.wav', 'd', 'outputs/spk_1.wav')\n")).events
    found = {event["data"]["text"]: event for event in events(tmp_path)}
    assert found["d"]["data"]["audio"]["replaces"] == third["id"]
    assert (tmp_path / "outputs" / "spk_1.wav.4.json").exists()
    assert fourth


def test_folders_are_taken_from_the_options(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    body = ONE + "tts.infer('voice.wav', 'a', None)\ntts.infer('voice.wav', 'b', 'work/b.wav')\n"
    env = {"INDEXTTS_PATCH_ROOT": str(tmp_path / "work"), "INDEXTTS_PATCH_EVENTS_DIR": "elsewhere"}
    first, second = ok(run(tmp_path, body, env=env)).events
    assert (tmp_path / "work" / "elsewhere" / f"{first['id']}.json").exists()
    assert second["data"]["audio"]["path"] == "b.wav"
    assert second["data"]["voice"]["path"] == str(tmp_path / "voice.wav")
    assert not (tmp_path / "outputs").exists()


def test_hidden_and_temporary_folders_get_no_events(tmp_path: Path) -> None:
    body = ONE + (
        "import tempfile\n"
        "tts.infer('voice.wav', 'hidden', '.out.tmp/0001.wav')\n"
        "tts.infer('voice.wav', 'temporary', tempfile.mkdtemp() + '/x.wav')\n"
        "tts.infer('voice.wav', 'visible', 'deep/er/x.wav')\n"
    )
    (tmp_path / "tmp").mkdir()
    (tmp_path / "root").mkdir()
    result = ok(run(tmp_path / "root", body, env={"TMPDIR": str(tmp_path / "tmp")}))
    where = {event["data"]["text"]: event["data"]["audio"]["path"] for event in result.events}
    assert where["hidden"] == ".out.tmp/0001.wav"
    assert sorted(path.parent.name for path in event_files(tmp_path / "root")) == ["er", "outputs", "outputs"]
    assert not list((tmp_path / "tmp").rglob("*.json"))


def test_a_wrong_setting_is_told_once_and_does_not_stop_anything(tmp_path: Path) -> None:
    result = ok(run(tmp_path, ONE + "tts.infer('voice.wav', 'a', None)\n", env={"INDEXTTS_PATCH_TEXT": "Sotre"}))
    assert len(result.events) == 1
    assert [line for line in result.said() if "INDEXTTS_PATCH_TEXT='Sotre'" in line and "store, hash, omit" in line]


GRADIO = """
import sys, types, contextvars, time
context = types.ModuleType("gradio.context")
class LocalContext:
    request = contextvars.ContextVar("request")
    event_id = contextvars.ContextVar("event_id")
    blocks = contextvars.ContextVar("blocks")
context.LocalContext = LocalContext
sys.modules["gradio.context"] = context
"""
ASKED = """
class Request:
    username = "小明"
    session_hash = "s3ss10n"
    class client: host = "192.0.2.7"
class Blocks:
    class _queue: event_analytics = {"e1": {"time": time.time() - 2.5}}
LocalContext.request.set(Request()); LocalContext.event_id.set("e1"); LocalContext.blocks.set(Blocks())
"""


@pytest.mark.parametrize("client", ["0", "1"])
def test_gradios_user_session_and_wait_are_recorded_and_the_address_only_on_demand(tmp_path: Path, client: str) -> None:
    body = GRADIO + ONE + "tts.infer('voice.wav', 'nobody', None)\n" + ASKED + "tts.infer('voice.wav', 'a', None)\n"
    nobody, asked = ok(run(tmp_path, body, env={"INDEXTTS_PATCH_CLIENT": client})).events
    assert nobody["data"]["caller"] is None
    caller = asked["data"]["caller"]
    assert (caller["user"], caller["session"], caller["request"]) == ("小明", "s3ss10n", "e1")
    assert 2.5 <= caller["queue_wait"] < 30
    assert caller.get("client") == ("192.0.2.7" if client == "1" else None)


def test_torchs_seed_is_recorded_where_torch_is_loaded(tmp_path: Path) -> None:
    torch = "import types\nsys.modules['torch'] = torch = types.ModuleType('torch')\n"
    torch += "torch.initial_seed = lambda: 2**64 - 1\n"
    [event] = ok(run(tmp_path, torch + ONE + "tts.infer('voice.wav', 'a', None)\n")).events
    assert event["data"]["seed"] == 2**64 - 1


def test_the_request_hash_is_of_what_decides_the_audio(tmp_path: Path) -> None:
    voice(tmp_path, "other.wav")
    body = ONE + (
        "say = lambda *a, **k: tts.infer(*a, **k)\n"
        "say('voice.wav', 'a', 'outputs/1.wav')\n"
        "say('voice.wav', 'a', 'outputs/2.wav', verbose=True, top_p=0.8)\n"
        "say('other.wav', 'a', 'outputs/3.wav')\n"
        "say('voice.wav', 'b', 'outputs/4.wav')\n"
        "say('voice.wav', 'a', 'outputs/5.wav', top_p=0.9)\n"
        "say('voice.wav', 'a', 'outputs/6.wav', emo_vector=[0.1] * 8)\n"
    )
    hashes = [event["data"]["request_hash"] for event in ok(run(tmp_path, body)).events]
    assert hashes[0] == hashes[1]
    assert len(set(hashes)) == 5


def test_doctor_tells_what_it_found_and_leaves_a_test_event(tmp_path: Path) -> None:
    executable = python("3.11")
    assert executable is not None
    command = [executable, "-m", "indextts_patch", "doctor"]
    done = subprocess.run(command, cwd=tmp_path, env=environment("head"), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "ok the hook took: indextts.infer_v2_5.IndexTTS2" in done.stdout
    assert "ok the hook took: indextts.infer_v2.IndexTTS2" in done.stdout
    assert f"ok {tmp_path / 'outputs'} can be written" in done.stdout
    [event] = events(tmp_path)
    assert event["type"] == "indextts.recorder.tested"
    assert list((tmp_path / "outputs").iterdir()) == list((tmp_path / "outputs").glob("*.json"))
    command += ["no_such_module"]
    done = subprocess.run(command, cwd=tmp_path, env=environment("head"), capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "run this in the folder of webui.py" in done.stdout


def installed(site: Path) -> None:
    """Packages in a folder of installed ones, of which none can be imported here."""
    sources = {
        "index_tts_2_5_mlx/api.py": (
            "import mlx\nclass IndexTTS:\n    def synthesize(self, text, ref_audio_path): ...\n"
        ),
        "their_index_tts/speech.py": (
            "import mlx\nclass Speech:\n    def generate(self, text: str, *, voice, speed=1): ...\n"
            "class Words:\n    def infer(self, text): ...\n"
            "class MockSpeech:\n    def generate(self, text, voice): ...\n"
            "import abc\nclass Base:\n    @abc.abstractmethod\n    def generate(self, text, voice): ...\n"
        ),
        "their_index_tts/broken.py": "def infer(:\n",
        "indextts25/api.py": "import mlx\nclass IndexTTS25:\n    def stream(self, text, voice): ...\n",
    }
    for name, source in sources.items():
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_text(source)
    info = site / "index_tts_2.5_mlx-0.1.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: index-tts-2.5-mlx\nVersion: 0.1.1\n")
    (info / "RECORD").write_text("index_tts_2_5_mlx/api.py,,\n")


def test_doctor_names_the_engines_of_an_environment_without_loading_them(tmp_path: Path) -> None:
    site = tmp_path / "site-packages"
    installed(site)
    executable = python("3.11")
    assert executable is not None
    env = {**environment("head"), "PYTHONPATH": f"{REPO}:{site}"}
    command = [executable, "-m", "indextts_patch", "doctor"]
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    lines = done.stdout.splitlines()
    assert "engine index_tts_2_5_mlx.api.IndexTTS (IndexTTS 2.5; index-tts-2.5-mlx 0.1.1)" in lines
    assert "       records synthesize" in lines
    told = " ".join(done.stdout.split())
    assert "engine their_index_tts.speech.Speech (not among the engines that are known; found by its names;" in told
    assert "engine indextts25.api.IndexTTS25 (IndexTTS 2.5;" in told
    assert "around indextts25.infer_v2_5.IndexTTS2: one event, with the facts of that" in told
    assert "not known: stage times" in told
    assert "left alone: their_index_tts.speech.Words: its infer does not take a text and a voice" in told
    assert "left alone: their_index_tts.speech.MockSpeech: by its name it stands in for an engine in tests" in told
    assert "left alone: their_index_tts.speech.Base: it only says what an engine looks like" in told
    assert "cannot be imported" not in told
    report = lines[next(number for number, line in enumerate(lines) if line.startswith("engine ")) :]
    assert max(len(line) for line in report if str(tmp_path) not in line) <= 80


@pytest.mark.parametrize(("one", "other"), [("infer_v2_5", "infer_v2"), ("infer_v2", "infer")])
def test_doctor_does_not_warn_of_versions_that_this_environment_cannot_load(
    tmp_path: Path, one: str, other: str
) -> None:
    executable = python("3.11")
    assert executable is not None
    tree = tmp_path / "indextts"
    tree.mkdir()
    (tree / "__init__.py").touch()
    (tree / f"{other}.py").write_text("import there_is_no_such_module\n")
    command = [executable, "-m", "indextts_patch", "doctor"]
    env = {**environment("head"), "PYTHONPATH": f"{REPO}:{DOUBLE}"}
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert f"WARNING indextts.{other} cannot be imported here: ModuleNotFoundError" in done.stdout
    (tree / f"{one}.py").symlink_to(DOUBLE / "head" / "indextts" / f"{one}.py")
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert f"ok the hook took: indextts.{one}" in done.stdout
    assert "WARNING" not in done.stdout
    assert f"not in use: indextts.{other} cannot be imported here" in done.stdout


def test_a_marker_is_there_while_a_call_runs_and_says_what_is_known(tmp_path: Path) -> None:
    body = ONE + (
        "import glob, json\n"
        "def look(value, desc=None):\n"
        "    [name] = glob.glob('outputs/.inflight/*.call')\n"
        "    print('MARKER', json.dumps(json.loads(open(name).readline())['data']['text']))\n"
        "tts.gr_progress = look\n"
        "tts.infer('voice.wav', 'being made', None)\n"
    )
    result = ok(run(tmp_path, body))
    marked = [line for line in result.stdout.splitlines() if line.startswith("MARKER")]
    assert {json.loads(line[7:]) for line in marked} == {"being made"}


def test_with_unique_names_the_output_is_renamed_and_not_the_voice_of_the_same_name(tmp_path: Path) -> None:
    body = ONE + "one = 'voice.wav'\nprint(tts.infer(one, 'over itself', one))\n"
    [event] = ok(run(tmp_path, body, env={"INDEXTTS_PATCH_UNIQUE_NAMES": "1"})).events
    assert event["data"]["voice"]["path"].endswith("voice.wav")
    assert event["data"]["audio"]["path"] == "voice-2.wav"
