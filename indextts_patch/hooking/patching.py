"""Replaces the functions of a class that is known to be an engine, and puts them back."""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import FunctionType
from typing import Any

from ..facts.arguments import takes
from ..facts.model import class_version
from ..facts.signature import signature
from ..guard import attempt, say, say_once
from ..recorder import Recorder
from ..upstream import engines
from . import probes
from .calls import wrap

# The function below, on each wrapper: by it a wrapper is known.
_ORIGINAL = "__indextts_patch__"
_MISSING = object()


class Patches:
    """What was replaced, in order."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self.classes: list[str] = []
        self._replaced: list[tuple[Any, str, Any, Any]] = []

    def hook(self, kind: type, namespace: dict[str, Any]) -> None:
        """Hook a class once; one line on stderr says so."""
        name = f"{kind.__module__}.{kind.__qualname__}"
        telling = _telling_method(kind)
        if telling is None:
            methods = " or ".join(engines.TELLING_METHODS)
            say_once(f"unknown {name}", f"leaving {name} alone: its {methods} does not take a text and a voice")
            return
        if _ORIGINAL in vars(telling):
            return
        wrapped = self._wrap_methods(kind)
        self._set(kind, "__init_subclass__", self._init_subclass(kind))
        for subclass in _subclasses(kind):
            self._wrap_methods(subclass)
        attempt(self._probe, kind, namespace)
        self.classes.append(name)
        options = self.recorder.options
        say(
            f"recording {name} (version {class_version(kind) or 'unknown'}: {', '.join(wrapped)});"
            f" events go beside each audio file, else to {options.events_dir}"
        )

    def undo(self) -> None:
        """Put everything back, last first. What somebody else has replaced since is left to them."""
        for owner, name, ours, before in reversed(self._replaced):
            attempt(_put_back, owner, name, ours, before)
        self._replaced.clear()
        self.classes.clear()

    def _wrap_methods(self, kind: type) -> list[str]:
        recording = functools.partial(wrap, recorder=self.recorder)
        return [name for name in engines.METHODS if self._wrap(kind, name, recording)]

    def _init_subclass(self, kind: Any) -> classmethod[Any, Any, None]:
        own = vars(kind).get("__init_subclass__")

        def __init_subclass__(subclass: Any, /, **kwargs: Any) -> None:
            if own is not None:
                own.__func__(subclass, **kwargs)
            else:
                super(kind, subclass).__init_subclass__(**kwargs)
            attempt(self._wrap_methods, subclass)

        return classmethod(__init_subclass__)

    def _probe(self, kind: type, namespace: dict[str, Any]) -> None:
        self._wrap(kind, engines.PROGRESS.method, probes.progress)
        self._wrap(kind, engines.SLIDERS.method, probes.sliders)
        self.probe_emotion(namespace.get(engines.EMOTION_CLASS))
        for name, value in probes.globals_to_shadow(namespace).items():
            self._replaced.append((namespace, name, value, namespace.get(name, _MISSING)))
            namespace[name] = value

    def probe_emotion(self, kind: object) -> None:
        """See what a class computes as the emotion of a text."""
        if isinstance(kind, type):
            self._wrap(kind, engines.EMOTION_METHOD, probes.computed_emotion)

    def _wrap(self, owner: type, name: str, wrapper: Callable[[Callable[..., Any]], Callable[..., Any]]) -> bool:
        function = vars(owner).get(name)
        if not isinstance(function, FunctionType) or hasattr(function, _ORIGINAL):
            return False
        wrapped = wrapper(function)
        setattr(wrapped, _ORIGINAL, function)
        self._set(owner, name, wrapped)
        return True

    def _set(self, owner: type, name: str, value: Any) -> None:
        self._replaced.append((owner, name, value, vars(owner).get(name, _MISSING)))
        setattr(owner, name, value)


def _telling_method(kind: type) -> FunctionType | None:
    """The method of its own by which a class is recognised as an engine: it takes a text and a voice."""
    for name in engines.TELLING_METHODS:
        function = vars(kind).get(name)
        if isinstance(function, FunctionType):
            known = signature(function)
            if takes(known, "text") and takes(known, "voice"):
                return function
    return None


def _subclasses(kind: type) -> list[type]:
    below: list[type] = []
    subclass: type
    for subclass in kind.__subclasses__():
        below += [subclass, *_subclasses(subclass)]
    return below


def _put_back(owner: Any, name: str, ours: Any, before: Any) -> None:
    namespace = owner if isinstance(owner, dict) else vars(owner)
    if namespace.get(name) is not ours:
        return
    put, remove = (dict.__setitem__, dict.__delitem__) if isinstance(owner, dict) else (setattr, delattr)
    if before is _MISSING:
        remove(owner, name)
    else:
        put(owner, name, before)
