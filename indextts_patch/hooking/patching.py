"""Replaces the functions of a class that is known to be IndexTTS, and puts them back."""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import Any

from ..facts.arguments import VOICE
from ..facts.model import module_version
from ..facts.signature import parameters
from ..guard import attempt, say, say_once
from ..recorder import Recorder
from . import calls
from . import probes as observe

# Upstream's, then those of the forks (vLLM and its copies).
METHODS = ("infer", "infer_fast", "infer_generator", "infer_stream", "infer_with_ref_audio_embed")
_MISSING = object()


class Patches:
    """What was replaced, in order."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self.classes: list[str] = []
        self._done: list[tuple[Any, str, Any, Any]] = []

    def hook(self, kind: type, namespace: dict[str, Any]) -> None:
        """Hook a class once; one line on stderr says so."""
        if not _is_known(kind):
            name = f"{kind.__module__}.{kind.__qualname__}"
            say_once(f"unknown {name}", f"leaving {name} alone: its infer does not take a text and a voice")
            return
        if calls.ORIGINAL in vars(vars(kind)["infer"]):
            return
        methods = self._wrap_methods(kind)
        self._set(kind, "__init_subclass__", self._init_subclass(kind))
        for subclass in _subclasses(kind):
            self._wrap_methods(subclass)
        attempt(self._observe, kind, namespace)
        name = f"{kind.__module__}.{kind.__qualname__}"
        self.classes.append(name)
        options = self.recorder.options
        say(
            f"recording {name} (version {module_version(kind) or 'unknown'}: {', '.join(methods)});"
            f" events go beside each audio file, else to {options.events_dir}"
        )

    def undo(self) -> None:
        """Put everything back, last first. What somebody else has replaced since is left to them."""
        for owner, name, ours, before in reversed(self._done):
            attempt(_put_back, owner, name, ours, before)
        self._done.clear()
        self.classes.clear()

    def _wrap_methods(self, kind: type) -> list[str]:
        wrapped = []
        for name in METHODS:
            function = vars(kind).get(name)
            if isinstance(function, FunctionType) and not hasattr(function, calls.ORIGINAL):
                self._set(kind, name, calls.wrap(function, self.recorder))
                wrapped.append(name)
        return wrapped

    def _init_subclass(self, kind: Any) -> classmethod[Any, Any, None]:
        own = vars(kind).get("__init_subclass__")

        def __init_subclass__(subclass: Any, /, **kwargs: Any) -> None:
            if own is not None:
                own.__func__(subclass, **kwargs)
            else:
                super(kind, subclass).__init_subclass__(**kwargs)
            attempt(self._wrap_methods, subclass)

        return classmethod(__init_subclass__)

    def _observe(self, kind: type, namespace: dict[str, Any]) -> None:
        self._wrap(kind, "_set_gr_progress", observe.progress)
        self._wrap(kind, "normalize_emo_vec", observe.normalize)
        self.observe_emotion(namespace.get("QwenEmotion"))
        for name, value in observe.globals_to_shadow(namespace).items():
            self._done.append((namespace, name, value, namespace.get(name, _MISSING)))
            namespace[name] = value

    def observe_emotion(self, kind: object) -> None:
        """See what a QwenEmotion class computes."""
        if isinstance(kind, type):
            self._wrap(kind, "inference", observe.inference)

    def _wrap(self, owner: type, name: str, wrapper: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
        function = vars(owner).get(name)
        if isinstance(function, FunctionType) and not hasattr(function, calls.ORIGINAL):
            wrapped = wrapper(function)
            setattr(wrapped, calls.ORIGINAL, function)
            self._set(owner, name, wrapped)

    def _set(self, owner: type, name: str, value: Any) -> None:
        self._done.append((owner, name, value, vars(owner).get(name, _MISSING)))
        setattr(owner, name, value)


def _is_known(kind: type) -> bool:
    infer = vars(kind).get("infer")
    if not isinstance(infer, FunctionType):
        return False
    names = parameters(infer).names
    return "text" in names and any(prompt in names for prompt in VOICE)


def _subclasses(kind: type) -> list[type]:
    found: list[type] = []
    subclass: type
    for subclass in kind.__subclasses__():
        found += [subclass, *_subclasses(subclass)]
    return found


def _put_back(owner: Any, name: str, ours: Any, before: Any) -> None:
    namespace = owner if isinstance(owner, dict) else vars(owner)
    if namespace.get(name) is not ours:
        return
    if isinstance(owner, dict):
        if before is _MISSING:
            del owner[name]
        else:
            owner[name] = before
    elif before is _MISSING:
        delattr(owner, name)
    else:
        setattr(owner, name, before)
