"""What one call asks for, read from its arguments and from the model object."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import inspect
import os
from collections.abc import Callable, Mapping
from typing import Any

from . import emotion
from .event import MAX_TEXT_CHARACTERS, canonical, clean, name, plain
from .notice import attempt
from .options import Options
from .paths import absolute, fingerprint, portable

_VOICE = ("spk_audio_prompt", "audio_prompt")
# Recorded in places of their own.
_ELSEWHERE = {
    "text", "output_path", "lang", *_VOICE, "emo_audio_prompt", "emo_alpha", "emo_vector", "use_emo_text",
    "emo_text", "use_random",
}  # fmt: skip
# Change nothing that can be heard.
_INAUDIBLE = {"verbose", "stream_return"}
# The defaults of generation_kwargs live in the body of upstream's functions, out of a signature's sight.
_GENERATION = {
    "do_sample": True, "top_p": 0.8, "top_k": 30, "temperature": 0.8, "length_penalty": 0.0, "num_beams": 3,
    "repetition_penalty": 10.0, "max_mel_tokens": 1500,
}  # fmt: skip
_GENERATION_1 = {**_GENERATION, "temperature": 1.0, "max_mel_tokens": 600}
_MODULE_VERSIONS = {
    "infer": "1",
    "infer_v2": "2",
    "infer_v2_5": "2.5",
    "infer_vllm": "1",
    "infer_vllm_v2": "2",
}
_SCALES_BY_ALPHA = "scaled emotion vectors to "


class Arguments:
    """The arguments of one call by name: as passed, and with the signature's defaults filled in."""

    def __init__(self, function: Callable[..., Any], model: object, args: tuple[Any, ...], kwargs: Mapping[str, Any]):
        self.passed: dict[str, Any] = {}
        self.all: dict[str, Any] = {}
        kind: Any = type(model)
        try:
            bound = _signature(_telling(function, kind)).bind(model, *args, **kwargs)
        except TypeError:
            # The call is about to fail in the same way; keep what can be told by name.
            self.passed = self.all = dict(kwargs)
            return
        self.passed = self._by_name(bound)
        bound.apply_defaults()
        self.all = self._by_name(bound)

    def output(self) -> str | None:
        """The output path, absolute: taken before the call, in which the working folder may change."""
        return attempt(absolute, self.all.get("output_path"))

    def with_output(
        self, path: str, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The same arguments with the last part of the output path replaced; its folder and type stay as
        passed.
        """
        passed = self.all["output_path"]
        own: Any = os.path.join(os.path.dirname(os.fsdecode(passed)), os.path.basename(path))
        own = own if isinstance(passed, str) else os.fsencode(own) if isinstance(passed, bytes) else type(passed)(own)
        if "output_path" in kwargs:
            return args, {**kwargs, "output_path": own}
        at = next(index for index, value in enumerate(args) if value is passed)
        return (*args[:at], own, *args[at + 1 :]), kwargs

    @staticmethod
    def _by_name(bound: inspect.BoundArguments) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for index, (key, value) in enumerate(bound.arguments.items()):
            kind = bound.signature.parameters[key].kind
            if kind is inspect.Parameter.VAR_KEYWORD:
                found.update(value)
            elif index:  # the first is the model
                found[key] = value
        return found


@functools.lru_cache(maxsize=256)
def _telling(function: Callable[..., Any], kind: Any) -> Callable[..., Any]:
    """The function itself, or, where a subclass overrides it with (*args, **kwargs), the one that it overrides."""
    overridden = (vars(one).get(function.__name__) for one in kind.__mro__)
    candidates: list[Callable[..., Any]] = [function, *(one for one in overridden if callable(one))]
    return next((one for one in candidates if "text" in _signature(one).parameters), function)


@functools.lru_cache(maxsize=256)
def _signature(function: Callable[..., Any]) -> inspect.Signature:
    return inspect.signature(function)


class Request:
    """What a call asks for, as members of the event's data; taken before the call, so that the caller may
    delete or change every file right after."""

    def __init__(self, arguments: Arguments, model: object, options: Options) -> None:
        self._options = options
        given = arguments.all
        text = given.get("text")
        self.text = None if text is None else clean(text if isinstance(text, str) else str(text), MAX_TEXT_CHARACTERS)
        self.language = name(given.get("lang"), 32)
        self.model = attempt(describe, model, options) or {}
        self.voice = attempt(self._file, next((given[key] for key in _VOICE if key in given), None))
        scales = bool(attempt(scales_by_alpha, type(model)))
        self.emotion = attempt(emotion.requested, given, self.text, alpha_scales=scales)
        if self.emotion is not None and self.emotion["mode"] == "reference":
            self.emotion["audio"] = attempt(self._file, given.get("emo_audio_prompt"))
        self.params = attempt(params, arguments, self.model.get("version"))
        self.hash = attempt(self._hash)

    def _file(self, path: object) -> dict[str, Any] | None:
        if isinstance(path, (list, tuple)) and path:
            path = path[0]  # infer_vllm takes a list of prompts
        if not isinstance(path, (str, os.PathLike)):
            return None
        full = absolute(path)
        if full is None:
            return None
        known: dict[str, Any] = {"path": portable(full, self._options.root)}
        with contextlib.suppress(OSError):  # infer is about to say so itself
            known["sha256"], known["bytes"] = fingerprint(full)
        return known

    def _hash(self) -> str | None:
        """SHA-256 over the canonical JSON of all that decides the audio and is known before the call."""
        if self._options.text == "omit":
            return None
        asked = dict(self.emotion or {})
        reference = asked.pop("audio", None) or {}
        audible = {key: asked.get(key) for key in ("mode", "vector_input", "alpha_effective", "text", "random")}
        effective = (self.params or {}).get("effective") or {}
        decides = {
            "text": self.text,
            "language": self.language,
            "voice": (self.voice or {}).get("sha256"),
            "emotion": {**audible, "audio": reference.get("sha256")} if asked else None,
            "params": {key: value for key, value in effective.items() if key not in _INAUDIBLE},
            "model": {key: self.model.get(key) for key in ("version", "class", "dir", "precision")},
        }
        return hashlib.sha256(canonical(decides)).hexdigest()

    def facts(self) -> dict[str, Any]:
        """The request as members of `data`, as much of the texts as the options allow."""
        found: dict[str, Any] = {"text": self.text, "language": self.language, "emotion": self.emotion}
        if self.text is not None:
            found["text_length"] = len(self.text)
            found["text_sha256"] = hashlib.sha256(self.text.encode()).hexdigest()
        found.update(voice=self.voice, params=self.params, model=self.model, request_hash=self.hash)
        return self.private(found)

    def private(self, data: dict[str, Any]) -> dict[str, Any]:
        """The data without the texts, where the options say so: also where a message or parameter repeats
        them.
        """
        if self._options.text == "store":
            return data
        data = dict(data)
        texts: list[str] = [text for text in (self.text, (data.get("emotion") or {}).get("text")) if text]
        for key in ("params", "error", "warnings"):
            for text in texts:
                data[key] = without(data.get(key), text)
        data["text"] = None
        if data.get("emotion"):
            data["emotion"] = {**data["emotion"], "text": None}
        if self._options.text == "omit":
            data["text_sha256"] = None
        return data


def without(value: Any, text: str) -> Any:
    """The value with every occurrence of a text replaced by [text]; an error's type stays."""
    if isinstance(value, str):
        return value.replace(text, "[text]")
    if isinstance(value, dict):
        return {key: item if key == "type" else without(item, text) for key, item in value.items()}
    return [without(item, text) for item in value] if isinstance(value, list) else value


def params(arguments: Arguments, version: str | None) -> dict[str, Any]:
    """Generation arguments: as passed, and as upstream uses them.

    IndexTTS 2 and 2.5 take do_sample and then sample in any case (infer_v2.py, the call of inference_speech).
    """
    effective = dict(_GENERATION_1 if version is not None and version.startswith("1") else _GENERATION)
    effective.update(_others(arguments.all))
    if version is not None and version.startswith("2"):
        effective["do_sample"] = True
    return {"requested": plain(_others(arguments.passed)), "effective": plain(effective)}


def _others(given: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in given.items() if key not in _ELSEWHERE}


def describe(model: object, options: Options) -> dict[str, Any]:
    """Members of the schema's `model`, read from the object that infer was called on."""
    kind = type(model)
    device = getattr(model, "device", None)
    folder = getattr(model, "model_dir", None)
    half = getattr(model, "use_fp16", None) or getattr(model, "is_fp16", None)
    precision = "fp16" if half else "bf16" if getattr(model, "use_bf16", None) else None
    if precision is None and any(hasattr(model, flag) for flag in ("use_fp16", "is_fp16", "use_bf16")):
        precision = "fp32"
    full = attempt(absolute, folder)
    return {
        "version": version(model),
        "class": name(f"{kind.__module__}.{kind.__qualname__}"),
        "dir": None if full is None else portable(full, options.root),
        "device": name(device, 64),
        "precision": precision,
    }


def version(model: object) -> str | None:
    """The model's version: from the module of its class, which is right where config files are not.

    Upstream's configurations of 2.5 were seen to say 2.0, and those of IndexTTS 1 say nothing at all.
    """
    kind: Any = type(model)
    said = name(getattr(model, "model_version", None), 32)
    found = module_version(kind)
    return said or found if found in (None, "1") else found


@functools.lru_cache(maxsize=64)
def module_version(kind: Any) -> str | None:
    """The version that the module of a class, or of what it derives from, stands for; 1 covers 1.5 too."""
    for one in kind.__mro__:
        # Not by sys.modules: a module that was loaded by its location need not be in it.
        file = str(getattr(inspect.unwrap(vars(one).get("infer") or id), "__globals__", {}).get("__file__") or "")
        for module in (one.__module__.rpartition(".")[2], os.path.splitext(os.path.basename(file))[0]):
            if module in _MODULE_VERSIONS:
                return _MODULE_VERSIONS[module]
    return None


@functools.lru_cache(maxsize=64)
def scales_by_alpha(kind: type) -> bool:
    """Whether this class scales emotion vectors by emo_alpha: seen from the message that it prints when it
    does.

    Upstream before c605114, and the forks made from there, set alpha to 1 instead.
    """
    for method in ("infer_generator", "infer"):
        function = inspect.unwrap(getattr(kind, method, None) or (lambda: None))
        code = getattr(function, "__code__", None)
        if code is not None and any(_SCALES_BY_ALPHA in part for part in code.co_consts if isinstance(part, str)):
            return True
    return False
