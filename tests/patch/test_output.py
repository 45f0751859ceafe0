"""What a call leaves behind and where, and folders that refuse."""

from __future__ import annotations

from pathlib import Path

from tests.patch.helpers import ok, run


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
    assert [(event["data"]["text"], event["sequence"]) for event in result.events] == [("kept", 4), ("next", 5)]
    assert result.events[0]["data"]["unwritten_events"] == 3
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
