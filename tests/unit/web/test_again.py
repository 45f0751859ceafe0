"""A request in forms in which it can be made again: what is written is what was recorded, and never more."""

from __future__ import annotations

import ast
import json
import subprocess
from typing import Any

import pytest

from sidecar.web.again import MAX_TEXT, again
from tests.events import succeeded

ATTACK = "<x>\n__import__('os').abort()"


def event(**data: Any) -> dict[str, Any]:
    known = {
        "model": {"version": "2", "class": "indextts.infer_v2.IndexTTS2", "dir": "checkpoints", "precision": "fp16"},
        "params": {"requested": {}, "effective": {}},
    }
    return succeeded('It\'s "here"', data={**known, **data})


def call(text: str) -> dict[str, Any]:
    """The arguments of the one call of infer and the like."""
    calls = [each for each in ast.walk(ast.parse(text)) if isinstance(each, ast.Call)]
    [found] = [each for each in calls if isinstance(each.func, ast.Attribute)]
    return {str(each.arg): ast.literal_eval(each.value) for each in found.keywords}


def made(text: str) -> dict[str, Any]:
    """The arguments of the constructor."""
    calls = [each for each in ast.walk(ast.parse(text)) if isinstance(each, ast.Call)]
    [found] = [each for each in calls if isinstance(each.func, ast.Name)]
    return {str(each.arg): ast.literal_eval(each.value) for each in found.keywords}


def test_a_call_has_the_recorded_arguments_and_another_file() -> None:
    forms = again(event(params={"requested": {"top_k": 12, "verbose": True}, "effective": {"top_k": 12}}))
    assert forms is not None
    asked = call(forms.python)
    assert asked.pop("output_path").endswith("_again.wav")
    assert asked == {
        "spk_audio_prompt": "examples/voice_01.wav", "text": "It's \"here\"", "top_k": 12, "verbose": True,
        # of weights of which nobody knows how they were passed, those that the model used: alpha is in them
        "emo_vector": [0.6, 0, 0, 0, 0, 0, 0.1, 0], "emo_alpha": 1.0,
    }  # fmt: skip
    assert made(forms.python) == {
        "cfg_path": "checkpoints/config.yaml",
        "model_dir": "checkpoints",
        "use_fp16": True,
    }


@pytest.mark.parametrize("name", ["note", "x = 1\n", "import os;", "class"])
def test_no_recorded_value_becomes_code(name: str) -> None:
    forms = again(
        event(
            params={"requested": {name: ATTACK, "other": "'); abort('"}, "effective": {}},
            model={"class": "indextts.infer_v2.IndexTTS2", "dir": "'+abort()+'", "precision": "'"},
        )
    )
    assert forms is not None
    assert call(forms.python)["other"] == "'); abort('"
    names = {each.id for each in ast.walk(ast.parse(forms.python)) if isinstance(each, ast.Name)}
    assert names == {"tts", "IndexTTS2"}


def test_no_recorded_value_becomes_a_command() -> None:
    text = "$(exit 3)`exit 3`'\nJSON\nexit 3"
    forms = again(event(text=text, params={"requested": {"response_format": "x; exit 3"}}))
    assert forms is not None
    said = subprocess.run(
        ["bash", "-c", f"curl() {{ printf '%s\\n' \"$@\" >&2; cat; }}\n{forms.curl}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(said.stdout)["input"] == text
    assert "again.wav" in said.stderr.splitlines()
    assert "Authorization" not in said.stderr


def test_an_engine_of_another_kind_is_not_called_in_a_way_that_is_not_known() -> None:
    forms = again(event(model={"version": "2", "class": "mlx_indextts.generate_v2.IndexTTSv2"}))
    assert forms is not None
    assert (forms.python, bool(forms.curl), bool(forms.json)) == ("", True, True)


def test_a_stream_is_read_to_its_end_and_the_generator_s_own_method_is_called() -> None:
    streamed = again(event(params={"requested": {"stream_return": True}, "effective": {"stream_return": True}}))
    direct = again(event(params={"requested": {}, "effective": {"quick_streaming_tokens": 0}}))
    assert streamed is not None
    assert direct is not None
    assert "for _ in tts.infer(" in streamed.python
    assert "for _ in tts.infer_generator(" in direct.python


@pytest.mark.parametrize("text", [None, "", "x" * (MAX_TEXT + 1)], ids=["not kept", "empty", "long"])
def test_without_its_text_no_request_is_made_again(text: str | None) -> None:
    assert again(event(text=text)) is None
    assert again(None) is None


def test_audio_of_which_the_hash_alone_was_kept_cannot_be_sent_again() -> None:
    kept = {"sha256": "9f" * 32, "bytes": 12}
    requested: dict[str, Any]
    for requested in ({"ref_audio": kept}, {"references": [kept]}):
        forms = again(event(recorder="sidecar proxy 0.1.0", params={"requested": {"model": "m", **requested}}))
        assert forms is not None
        assert forms.curl == ""
