"""What is known of the model that a call is made on, read from the object and from its class."""

from __future__ import annotations

import functools
import os
from typing import TYPE_CHECKING, Any

from ..guard import attempt
from ..writing.event import name, number
from .paths import absolute, portable
from .signature import unwrapped

if TYPE_CHECKING:
    from ..options import Options

_MODULE_VERSIONS = {
    "infer": "1",
    "infer_v2": "2",
    "infer_v2_5": "2.5",
    "infer_vllm": "1",
    "infer_vllm_v2": "2",
}
_HALF = ("use_fp16", "is_fp16")
_ENGINE = {
    "temperature": "temperature",
    "top_p": "top_p",
    "top_k": "top_k",
    "repetition_penalty": "repetition_penalty",
    "max_mel_tokens": "max_tokens",
}
_SCALES_BY_ALPHA = "scaled emotion vectors to "


def describe(model: object, options: Options) -> dict[str, Any]:
    """Members of the schema's `model`, read from the object that infer was called on."""
    kind = type(model)
    full = attempt(absolute, getattr(model, "model_dir", None))
    return {
        "version": version(model),
        "class": name(f"{kind.__module__}.{kind.__qualname__}"),
        "dir": None if full is None else portable(full, options.root),
        "device": name(getattr(model, "device", None), 64),
        "precision": _precision(model),
    }


def _precision(model: object) -> str | None:
    flags = {flag: getattr(model, flag) for flag in (*_HALF, "use_bf16") if hasattr(model, flag)}
    if any(flags.get(flag) for flag in _HALF):
        return "fp16"
    if flags.get("use_bf16"):
        return "bf16"
    return "fp32" if flags else None


def version(model: object) -> str | None:
    """The model's version: from the module of its class, which is right where config files are not.

    Upstream's configurations of 2.5 were seen to say 2.0, and those of IndexTTS 1 say nothing at all.
    """
    kind: Any = type(model)
    found = module_version(kind)
    return name(getattr(model, "model_version", None), 32) or found if found in (None, "1") else found


def engine_sampling(model: object) -> dict[str, Any] | None:
    """What a vLLM fork's engine samples with, under upstream's names: fixed when the model is made, so that the
    keywords of a call change nothing (index-tts-vllm, gpt/model_vllm.py and model_vllm_v2.py). None without such an
    engine.
    """
    engine = getattr(getattr(model, "gpt", None), "sampling_params", None)
    if engine is None:
        return None
    found = {ours: number(getattr(engine, theirs, None)) for ours, theirs in _ENGINE.items()}
    return {**found, "do_sample": bool(found["temperature"])}


@functools.lru_cache(maxsize=64)
def module_version(kind: Any) -> str | None:
    """The version that the module of a class, or of what it derives from, stands for; 1 covers 1.5 too."""
    for one in kind.__mro__:
        # Not by sys.modules: a module that was loaded by its location need not be in it.
        file = str(getattr(unwrapped(vars(one).get("infer")), "__globals__", {}).get("__file__") or "")
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
        code = getattr(unwrapped(getattr(kind, method, None)), "__code__", None)
        if code is not None and any(_SCALES_BY_ALPHA in part for part in code.co_consts if isinstance(part, str)):
            return True
    return False
