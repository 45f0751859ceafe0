"""What is known of the model that a call is made on, read from the object and from its class."""

from __future__ import annotations

import functools
import os
from typing import Any

from ..guard import attempt
from ..upstream import engines
from .paths import absolute, portable
from .signature import unwrapped
from .values import name, number


def describe(model: object, root: str) -> dict[str, Any]:
    """Members of the schema's `model`, read from the object that infer was called on; its path relative to the root."""
    kind = type(model)
    full = attempt(absolute, getattr(model, engines.DIRECTORY, None))
    return {
        "version": version(model),
        "class": name(f"{kind.__module__}.{kind.__qualname__}"),
        "dir": None if full is None else portable(full, root),
        "device": name(getattr(model, engines.DEVICE, None), 64),
        "precision": _precision(model),
    }


def _precision(model: object) -> str | None:
    flags = {flag: getattr(model, flag) for flag in engines.PRECISIONS if hasattr(model, flag)}
    chosen = (engines.PRECISIONS[flag] for flag, on in flags.items() if on)
    return next(chosen, "fp32" if flags else None)


def version(model: object) -> str | None:
    """The model's version: from the module of its class, which is right where config files are not.

    Upstream's configurations of 2.5 were seen to say 2.0, and those of IndexTTS 1 say nothing at all.
    """
    kind: Any = type(model)
    known = class_version(kind)
    return name(getattr(model, engines.VERSION, None), 32) or known if known in (None, "1") else known


def engine_sampling(model: object) -> dict[str, Any] | None:
    """What the engine below a vLLM fork's model samples with, under upstream's names; None without such an engine.

    It is fixed when the model is made, so the keywords of a call change nothing.
    """
    holder, parameters = engines.SAMPLING
    engine = getattr(getattr(model, holder, None), parameters, None)
    if engine is None:
        return None
    sampling = {ours: number(getattr(engine, theirs, None)) for ours, theirs in engines.SAMPLING_NAMES.items()}
    return {**sampling, "do_sample": bool(sampling["temperature"])}


@functools.lru_cache(maxsize=64)
def class_version(kind: Any) -> str | None:
    """The version that the module of a class, or of what it derives from, stands for."""
    for one in kind.__mro__:
        # Not by sys.modules: a module that was loaded by its location need not be in it.
        methods = (unwrapped(vars(one).get(method)) for method in engines.TELLING_METHODS)
        files = [str(getattr(method, "__globals__", {}).get("__file__") or "") for method in methods]
        for module in (one.__module__.rpartition(".")[2], *(os.path.splitext(os.path.basename(f))[0] for f in files)):
            if module in engines.VERSIONS:
                return engines.VERSIONS[module]
    return None


@functools.lru_cache(maxsize=64)
def scales_by_alpha(kind: type) -> bool:
    """Whether this class scales emotion vectors by alpha: seen from the message that it prints when it does.

    Upstream before c605114, and the forks made from there, set alpha to 1 instead.
    """
    for method in engines.SCALING_METHODS:
        code = getattr(unwrapped(getattr(kind, method, None)), "__code__", None)
        constants = () if code is None else code.co_consts
        if any(engines.SCALES_BY_ALPHA in part for part in constants if isinstance(part, str)):
            return True
    return False
