"""What is known of the model that a call is made on, read from the object, from its class and its files."""

from __future__ import annotations

import functools

from ..guard import Any, attempt
from ..upstream import engines, libraries
from ..upstream.row import SCALED, SCALED_WHERE_TOLD, UNSCALED
from .engine import kind_of, of, reach
from .instance import instance
from .memory import accelerator
from .paths import absolute, portable
from .signature import unwrapped
from .values import name, number


def describe(model: object, root: str) -> dict[str, Any]:
    """Members of the schema's `model`, read from the object that infer was called on; its path relative to the root."""
    kind, engine = kind_of(model), of(kind_of(model))
    full = attempt(absolute, reach(model, engine.directory))
    known = attempt(instance, model, full)
    return {
        "version": version(model),
        "class": name(f"{kind.__module__}.{kind.__qualname__}"),
        "dir": None if full is None else portable(full, root),
        "device": attempt(device, model),
        "precision": _precision(model),
        "acceleration": attempt(_acceleration, model) or None,
        "weights": None if known is None else known.weights,
        "first_call": None if known is None else not known.has_worked,
    }


def device(model: object) -> str | None:
    """The device that a model is on, with its index: where it says just `cuda`, the one that its weights are on, or
    else the one that torch takes for it in this thread."""
    said = name(reach(model, of(kind_of(model)).device), 64)
    if said not in libraries.ACCELERATORS:
        return said
    parameters = getattr(getattr(model, libraries.TELLING_PART, None), "parameters", None)
    lies = getattr(next(iter(parameters()), None), "device", None) if callable(parameters) else None
    index = getattr(lies, "index", None)
    if getattr(lies, "type", None) == said and index is not None:
        return f"{said}:{index}"
    module = accelerator(said)
    return said if module is None else f"{said}:{module.current_device()}"


def _acceleration(model: object) -> dict[str, bool]:
    """What speeds the model up, and what does not; without what its class does not know."""
    found = {}
    for kind, places in libraries.ACCELERATION.items():
        for part, attribute in places:
            holder = getattr(model, part, None) if part else model
            if hasattr(holder, attribute):
                value = getattr(holder, attribute)
                found[kind] = value if isinstance(value, bool) else value is not None
                break
    return found


def _precision(model: object) -> str | None:
    dtype = of(kind_of(model)).dtype
    if dtype:
        said = reach(model, dtype)
        return engines.DTYPES.get(str(said).rpartition(".")[2])
    flags = {flag: getattr(model, flag) for flag in engines.PRECISIONS if hasattr(model, flag)}
    chosen = (engines.PRECISIONS[flag] for flag, on in flags.items() if on)
    return next(chosen, "fp32" if flags else None)


def version(model: object) -> str | None:
    """The model's version: from the row of its class, which is right where config files are not.

    Upstream's configurations of 2.5 were seen to say 2.0, and those of IndexTTS 1 say nothing at all.
    """
    engine = of(kind_of(model))
    attribute, stands_for = engine.versions
    said = name(getattr(model, attribute, None), 32)
    said = stands_for.get(said, said) if said is not None else None
    return said or engine.version if engine.version in (None, "1") else engine.version


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
def scaling(kind: type) -> str:
    """How this class scales emotion vectors by alpha: UNSCALED, SCALED or SCALED_EXACTLY, as its row says, or the
    message that it prints when it does.

    Upstream before c605114, and the forks made from there, set alpha to 1 instead.
    """
    alpha = of(kind).alpha
    if alpha != SCALED_WHERE_TOLD:
        return alpha
    return SCALED if _says(kind, engines.SCALES_BY_ALPHA) else UNSCALED


@functools.lru_cache(maxsize=64)
def warns_of_truncation(kind: Any) -> bool:
    """Whether this class warns when the speech is cut off, so that its silence tells that it was not."""
    return _says(kind, engines.TRUNCATED)


def _says(kind: type, words: str) -> bool:
    """Whether words stand in the code of an engine's methods."""
    for method in engines.SPEAKING_METHODS:
        code = getattr(unwrapped(getattr(kind, method, None)), "__code__", None)
        constants = () if code is None else code.co_consts
        if any(words in part.lower() for part in constants if isinstance(part, str)):
            return True
    return False
