"""What a call leaves behind and where, and folders that refuse."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.patch.helpers import ok, one_event, run


def test_a_folder_that_cannot_be_written_costs_one_warning_and_a_gap(tmp_path: Path) -> None:
    (tmp_path / "outputs").write_text("a file where the folder should be")
    body = (
        "import os\nfrom indextts.infer_v2 import IndexTTS2\ntts = IndexTTS2()\n"
        'for i in range(3): print(tts.infer("voice.wav", f"lost {i}", None)[0])\n'
        'os.unlink("outputs")\n'
        'tts.infer("voice.wav", "kept", "outputs/kept.wav")\n'
        'tts.infer("voice.wav", "next", "outputs/next.wav")\n'
    )
    result = ok(run(tmp_path, body))
    assert [(event["data"]["text"], event["sequence"]) for event in result.events] == [("kept", 5), ("next", 7)]
    assert result.events[0]["data"]["unwritten_events"] == 4, "that of the process was lost too"
    assert [event["sequence"] for event in result.processes] == [6], "told as soon as something could be written"
    assert "unwritten_events" not in result.events[1]["data"]
    assert len([line for line in result.said() if "cannot write events" in line]) == 1
    assert result.stdout.count("22050") == 3


def test_an_events_folder_that_somebody_removed_is_made_again(tmp_path: Path) -> None:
    body = (
        "import shutil\nfrom indextts.infer_v2 import IndexTTS2\ntts = IndexTTS2()\n"
        'tts.infer("voice.wav", "removed", None)\n'
        'shutil.rmtree("outputs")\n'
        'tts.infer("voice.wav", "kept", None)\n'
    )
    result = ok(run(tmp_path, body))
    assert [event["data"]["text"] for event in result.events] == ["kept"]
    assert result.said() == result.said()[:1]  # that it records, and nothing else


def test_a_failed_call_does_not_claim_the_file_that_lay_there_before(tmp_path: Path) -> None:
    body = (
        "from indextts.infer_v2 import IndexTTS2\ntts = IndexTTS2()\n"
        'tts.infer("voice.wav", "one", "outputs/x.wav")\n'
        'try: tts.infer("voice.wav", "[raise ValueError no]", "outputs/x.wav")\n'
        "except ValueError: pass\n"
    )
    _, failed = ok(run(tmp_path, body)).events
    assert failed["data"]["audio"] == {"path": None, "requested_path": "outputs/x.wav"}


def test_a_call_that_wrote_its_file_and_returns_nothing_has_succeeded(tmp_path: Path) -> None:
    # As upstream did on 2025-09-30: https://github.com/index-tts/index-tts/issues/460
    body = (
        "from indextts.infer_v2 import IndexTTS2\n"
        "class Own(IndexTTS2):\n"
        "    def infer(self, spk_audio_prompt, text, output_path, *extra, **kwargs):\n"
        "        super().infer(spk_audio_prompt, text, output_path)\n"
        'Own().infer("voice.wav", "written", "outputs/x.wav", 1, 2)\n'
    )
    [event] = ok(run(tmp_path, body)).events
    assert event["type"] == "indextts.synthesis.succeeded"
    assert event["data"]["audio"]["path"] == "outputs/x.wav"
    assert event["data"]["params"]["requested"] == {"extra": [1, 2]}


def test_a_call_that_returns_another_path_than_it_was_given_is_recorded_with_both(tmp_path: Path) -> None:
    body = (
        "from indextts.infer_v2 import IndexTTS2\n"
        "class Own(IndexTTS2):\n"
        "    def infer(self, spk_audio_prompt, text, output_path):\n"
        "        return super().infer(spk_audio_prompt, text, output_path.replace('x', 'y'))\n"
        'Own().infer("voice.wav", "moved", "outputs/x.wav")\n'
    )
    [event] = ok(run(tmp_path, body)).events
    audio = event["data"]["audio"]
    assert (audio["path"], audio["requested_path"]) == ("outputs/y.wav", "outputs/x.wav")
    assert audio["duration"] > 0


def test_the_fallback_folder_takes_what_cannot_be_written_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "outputs").write_text("a file where the folder should be")
    body = 'from indextts.infer_v2 import IndexTTS2\nIndexTTS2().infer("voice.wav", "saved", None)\n'
    result = ok(run(tmp_path, body, env={"INDEXTTS_PATCH_FALLBACK_DIR": "spare"}))
    [event] = result.events
    assert (tmp_path / "spare" / f"{event['id']}.json").exists()
    assert "unwritten_events" not in event["data"]


_RAW = "engine.save = lambda path, samples, rate, text: open(path, 'wb').write(samples.tobytes())\n"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_a_pipe_is_left_to_the_engine_and_its_reader(tmp_path: Path) -> None:
    body = (
        "import engine, os, threading\nfrom indextts.infer_v2 import IndexTTS2\n"
        'os.mkdir("outputs")\nos.mkfifo("outputs/pipe")\nos.mkfifo("voice")\nheard = []\n' + _RAW +
        'reads = threading.Thread(target=lambda: heard.append(open("outputs/pipe", "rb").read()), daemon=True)\n'
        'writes = threading.Thread(target=lambda: open("voice", "wb").write(b"a voice"), daemon=True)\n'
        "reads.start(), writes.start()\ntts = IndexTTS2()\n"
        'tts.open_prompt = lambda path: print(open(path, "rb").read())\n'
        'tts.infer("voice", "hello", "outputs/pipe")\nreads.join()\nprint(len(heard[0]) > 0)\n'
    )  # fmt: skip
    result = ok(run(tmp_path, body))
    assert "b'a voice'" in result.stdout
    assert result.stdout.rstrip().endswith("True")
    [event] = result.events
    assert event["data"]["voice"] == {"path": "voice"}
    assert event["data"]["audio"] == {"path": None, "requested_path": "outputs/pipe"}


def test_no_event_goes_beside_a_device(tmp_path: Path) -> None:
    body = (
        "import engine\nfrom indextts.infer_v2 import IndexTTS2\n" + _RAW +
        f'IndexTTS2().infer("voice.wav", "hello", {os.devnull!r})\n'
    )  # fmt: skip
    [event] = ok(run(tmp_path, body)).events
    assert event["data"]["audio"] == {"path": None, "requested_path": os.devnull}


def test_a_relative_path_is_found_where_the_working_folder_has_become_another(tmp_path: Path) -> None:
    body = (
        "import os\nfrom indextts.infer_v2 import IndexTTS2\n"
        'voice = os.path.abspath("voice.wav")\nos.mkdir("elsewhere")\n'
        'for _ in IndexTTS2().infer(voice, "hello", "x.wav", stream_return=True):\n'
        '    os.chdir(os.path.dirname(voice) + "/elsewhere")\n'
    )
    audio = one_event(run(tmp_path, body))["audio"]
    assert (audio["path"], audio["requested_path"]) == ("elsewhere/x.wav", "x.wav")
    assert audio["samples"] > 0


def test_what_a_stream_handed_over_is_known_though_no_file_was_written(tmp_path: Path) -> None:
    body = (
        "import engine\nfrom indextts.infer_v2 import IndexTTS2\nengine.save = lambda *_: None\n"
        'list(IndexTTS2().infer("voice.wav", "hello", "x.wav", stream_return=True))\n'
    )
    audio = one_event(run(tmp_path, body))["audio"]
    assert (audio["path"], audio["requested_path"]) == (None, "x.wav")
    assert audio["samples"] > 0


def test_what_an_engine_logs_as_a_warning_is_one(tmp_path: Path) -> None:
    (tmp_path / "infer_v2_logs.py").write_text(
        "import logging\nlogger = logging.getLogger('own')\nclass IndexTTS2:\n"
        "    def infer(self, spk_audio_prompt, text, output_path):\n"
        "        logger.warning('%d unknown tokens: %s', 2, ['a', 'b'])\n"
        "        open(output_path, 'wb').close()\n"
        "        return output_path\n"
    )
    body = (
        "import logging, infer_v2_logs\n"
        "logging.basicConfig(format='%(filename)s:%(lineno)d %(funcName)s %(message)s')\n"
        'infer_v2_logs.IndexTTS2().infer("voice.wav", "hello", "x.wav")\n'
    )
    result = run(tmp_path, body)
    assert one_event(result)["warnings"] == ["2 unknown tokens: ['a', 'b']"]
    assert "infer_v2_logs.py:5 infer 2 unknown tokens: ['a', 'b']" in result.stderr
