"""A take's request, to be made again: as a call in Python, as curl to a speech server, as JSON.

What is written here is what was recorded: nothing is added, and what an event cannot hold is said to be missing.
Upstream's WebUI reads no setting from its address, so that it cannot be opened with those of a take.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

MAX_TEXT = 20_000
"""Characters of a text up to which it is written out again."""
_RECORDED_BY_PROXY = "sidecar proxy"
_SERVER = "http://127.0.0.1:9793"  # where `sidecar proxy` listens unless it is told otherwise
_REQUEST = ("text", "language", "emotion", "voice", "params", "model")
_EMOTION_MODES = ("speaker", "reference", "vector", "text")
"""In the order of index-tts-vllm's emo_control_method."""

Data = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class _Class:
    """How one of upstream's classes is made and asked (index-tts v1.5.0 to ee40fa7, and the packages of the same)."""

    voice: str = "spk_audio_prompt"
    half: str = "use_fp16"
    """The constructor's argument that asks for 16 bits; is_fp16 where a parameter of the call speaks of a sentence."""
    halves: tuple[str, ...] = ("fp16",)
    language: str = ""
    emotions: bool = True
    by_text: Mapping[str, Any] = field(default_factory=dict)
    """What the constructor needs besides, so that a text can tell the emotion."""
    switches: Mapping[str, str] = field(default_factory=dict)
    """Arguments of the constructor by the names that events give to accelerations."""


_SWITCHES = {
    "cuda_kernel": "use_cuda_kernel",
    "deepspeed": "use_deepspeed",
    "accel": "use_accel",
    "compile": "use_torch_compile",
}
_LATEST = _Class(half="use_bf16", halves=("bf16",), language="lang", by_text={"use_qwen_emo": True}, switches=_SWITCHES)
_CLASSES: Mapping[str, _Class] = {
    "indextts.infer.IndexTTS": _Class(
        voice="audio_prompt", emotions=False, switches={"cuda_kernel": _SWITCHES["cuda_kernel"]}
    ),
    "indextts.infer_v2.IndexTTS2": _Class(switches=_SWITCHES),
    "indextts.infer_v2_5.IndexTTS2": _LATEST,
}


@dataclass(frozen=True, kw_only=True)
class Again:
    """The same request in three forms; empty where it cannot be said in one."""

    python: str = ""
    curl: str = ""
    json: str = ""


def again(document: Mapping[str, Any] | None) -> Again | None:
    """
    Args:
        document: the take's own event.

    Returns:
        None where nobody can make the request again: its text was not kept, or is too long to be written out here.
    """
    data: Data = (document or {}).get("data") or {}
    text = data.get("text")
    if not isinstance(text, str) or not text or len(text) > MAX_TEXT:
        return None
    request = {name: data[name] for name in _REQUEST if data.get(name) is not None}
    return Again(python=_python(data), curl=_curl(data), json=json.dumps(request, ensure_ascii=False, indent=2))


def _python(data: Data) -> str:
    """Empty for engines whose arguments are not known here, and where the voice's file is not known."""
    model, params = data.get("model") or {}, data.get("params") or {}
    kind = _CLASSES.get(str(model.get("class")))
    voice = (data.get("voice") or {}).get("path")
    if kind is None or not voice:
        return ""
    module, _, name = str(model["class"]).rpartition(".")
    effective = params.get("effective") or {}
    method = _method(effective)
    call = f"tts.{method}({_arguments(_asked(data, kind, str(voice)), params.get('requested') or {})})"
    if method == "infer_generator" or effective.get("stream_return"):
        call = f"for _ in {call}:\n    pass"
    made = ", ".join(f"{name}={value!r}" for name, value in _constructed(data, kind).items())
    return f"from {module} import {name}\n\ntts = {name}({made})\n{call}\n"


def _method(effective: Data) -> str:
    """The method that has these parameters: upstream's signatures tell which one was called."""
    if any(name in effective for name in ("segments_bucket_max_size", "sentences_bucket_max_size")):
        return "infer_fast"
    return "infer_generator" if "quick_streaming_tokens" in effective else "infer"


def _constructed(data: Data, kind: _Class) -> dict[str, Any]:
    model = data.get("model") or {}
    made: dict[str, Any] = {}
    if model.get("dir"):
        made |= {"cfg_path": f"{model['dir']}/config.yaml", "model_dir": model["dir"]}
    if model.get("precision"):
        early = "max_text_tokens_per_sentence" in ((data.get("params") or {}).get("effective") or {})
        made["is_fp16" if early else kind.half] = model["precision"] in kind.halves
    for name, used in (model.get("acceleration") or {}).items():
        if used and name in kind.switches:
            made[kind.switches[name]] = True
    if (data.get("emotion") or {}).get("mode") == "text":
        made |= kind.by_text
    return made


def _asked(data: Data, kind: _Class, voice: str) -> dict[str, Any]:
    """The arguments that have a member of their own in the event."""
    asked = {kind.voice: voice, "text": data["text"], "output_path": _beside(data.get("audio") or {})}
    if kind.language and data.get("language"):
        asked[kind.language] = data["language"]
    emotion = (data.get("emotion") or {}) if kind.emotions else {}
    mode = emotion.get("mode")
    vector, alpha = _vector(emotion)
    if mode == "reference":
        asked["emo_audio_prompt"] = (emotion.get("audio") or {}).get("path")
    elif mode == "vector":
        asked["emo_vector"] = vector
    elif mode == "text":
        asked |= {"use_emo_text": True, "emo_text": emotion.get("text")}
    if alpha is not None:
        asked["emo_alpha"] = alpha
    if emotion.get("random"):
        asked["use_random"] = True
    return asked


def _vector(emotion: Data) -> tuple[Any, Any]:
    """The weights and the alpha to ask with. Where only those are known that the model used, alpha is in them."""
    passed, used = emotion.get("vector_input"), emotion.get("vector_effective")
    if passed is None and used is not None and emotion.get("mode") == "vector":
        return used, 1.0
    return passed, emotion.get("alpha_requested")


def _beside(audio: Data) -> str | None:
    """A file beside the take's own, which is not overwritten; None where there was none to write."""
    path = audio.get("path") or audio.get("requested_path")
    return str(PurePosixPath(path).with_stem(PurePosixPath(path).stem + "_again")) if path else None


def _arguments(asked: Data, requested: Data) -> str:
    lines = [f"{name}={value!r}," for name, value in asked.items()]
    for name, value in requested.items():
        if name in asked or not name.isidentifier():
            continue
        foreign = isinstance(value, str) and value.startswith("<")
        lines.append(f"# {name}: {value!r} was passed, which no event can hold" if foreign else f"{name}={value!r},")
    return "\n" + "".join(f"    {line}\n" for line in lines)


def _curl(data: Data) -> str:
    """Empty where audio came in the request itself: of that the event has the hash alone."""
    body = _passed_on(data) if str(data.get("recorder", "")).startswith(_RECORDED_BY_PROXY) else _body(data)
    if body is None:
        return ""
    members = ",\n".join(f"  {_json(name)}: {_json(value)}" for name, value in body.items())
    address, key = f'"${{SPEECH_URL:-{_SERVER}}}/v1/audio/speech"', '"Authorization: Bearer $SPEECH_KEY"'
    output = f"again.{_suffix(data, body)}"
    return (
        f"curl {address} ${{SPEECH_KEY:+-H {key}}} \\\n"
        f"  -H 'Content-Type: application/json' -o {output} -d @- <<'JSON'\n{{\n{members}\n}}\nJSON\n"
    )


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _suffix(data: Data, body: Data) -> str:
    """Of what will come: what was asked for, else what came, since servers differ in what they send then."""
    wanted = str(body.get("response_format") or (data.get("audio") or {}).get("format") or "wav")
    return wanted if wanted.isalnum() else "wav"


def _passed_on(data: Data) -> dict[str, Any] | None:
    """A request that went through the proxy: every member as it came, but for the one that wants events: a file of
    them plays nowhere, and the audio is the same."""
    requested = (data.get("params") or {}).get("requested")
    if requested is None or any(_only_hash(value) for value in requested.values()):
        return None
    body = {name: value for name, value in requested.items() if (name, value) != ("stream_format", "sse")}
    body["input"] = data["text"]
    emotion = data.get("emotion") or {}
    return {**body, "emo_text": emotion["text"]} if emotion.get("text") else body


def _only_hash(value: object) -> bool:
    values = value if isinstance(value, list) else [value]
    return any(isinstance(each, dict) and {"sha256", "bytes"} <= each.keys() for each in values)


def _body(data: Data) -> dict[str, Any]:
    """A call of an engine, with the members that servers have for IndexTTS (proxy/README.md has the table)."""
    model = data.get("model") or {}
    requested = (data.get("params") or {}).get("requested") or {}
    body = {
        "model": model.get("name") or f"IndexTTS-{model.get('version') or 2}",
        "input": data["text"],
        "voice": (data.get("voice") or {}).get("path"),
        "language": data.get("language"),
        "response_format": "wav",
        **dict(_emotion(data.get("emotion") or {})),
        **{name: value for name, value in requested.items() if not (isinstance(value, str) and value.startswith("<"))},
    }
    return {name: value for name, value in body.items() if value is not None}


def _emotion(emotion: Data) -> Iterator[tuple[str, Any]]:
    mode = emotion.get("mode")
    if mode not in _EMOTION_MODES:
        return
    vector, alpha = _vector(emotion)
    yield "emo_control_method", _EMOTION_MODES.index(mode)
    yield "emo_ref_path", (emotion.get("audio") or {}).get("path") if mode == "reference" else None
    yield "emo_vec", vector if mode == "vector" else None
    yield "emo_text", emotion.get("text") if mode == "text" else None
    yield "emo_weight", alpha
    yield "emo_random", emotion.get("random") or None
