"""Replaces the functions of a class that is known to be an engine, and puts them back."""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import FunctionType

from ..facts.engine import of
from ..facts.signature import signature
from ..guard import Any, attempt, say
from ..recorder import Recorder
from ..upstream import engines, rule
from . import probes
from .calls import wrap
from .parts import Parts
from .recognition import function, speaks

# The function below, on each wrapper: by it a wrapper is known.
_ORIGINAL = "__indextts_patch__"
_MISSING = object()


class Patches:
    """What was replaced, in order."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self.classes: list[str] = []
        self._replaced: list[tuple[Any, str, Any, Any]] = []
        self._parts = Parts(self._set)

    def hook(self, kind: type, methods: tuple[str, ...], namespace: dict[str, Any]) -> None:
        """Hook these methods of a class once; one line on stderr says so."""
        name = f"{kind.__module__}.{kind.__qualname__}"
        if any(hasattr(function(kind, method), _ORIGINAL) for method in methods):
            return
        for method in methods:
            self._record(kind, method)
        self._set(kind, "__init_subclass__", self._init_subclass(kind, methods))
        for subclass in _subclasses(kind):
            self._record_subclass(subclass, methods)
        attempt(self._probe, kind, namespace)
        self.classes.append(name)
        options = self.recorder.options
        say(
            f"recording {name} (version {of(kind).version or 'unknown'}: {', '.join(methods)});"
            f" events go beside each audio file, else to {options.events_dir}"
        )

    def undo(self) -> None:
        """Put everything back, last first. What somebody else has replaced since is left to them."""
        for owner, name, ours, before in reversed(self._replaced):
            attempt(_put_back, owner, name, ours, before)
        self._replaced.clear()
        self.classes.clear()

    def _record_subclass(self, kind: type, inherited: tuple[str, ...]) -> None:
        """A class that derives from an engine's: what it overrides, and what else of it speaks."""
        engine = of(kind)
        for name in list(vars(kind)):
            found = function(kind, name)
            if found is None:
                continue
            if name in inherited or (rule.speaks(name) and speaks(engine, signature(found).names)):
                self._record(kind, name)

    def _record(self, kind: type, name: str) -> None:
        static = kind if isinstance(vars(kind)[name], staticmethod) else None
        self._wrap(kind, name, functools.partial(wrap, recorder=self.recorder, watch=self._parts.watch, static=static))

    def _init_subclass(self, kind: Any, methods: tuple[str, ...]) -> classmethod[Any, Any, None]:
        own = vars(kind).get("__init_subclass__")

        def __init_subclass__(subclass: Any, /, **kwargs: Any) -> None:
            if own is not None:
                own.__func__(subclass, **kwargs)
            else:
                super(kind, subclass).__init_subclass__(**kwargs)
            attempt(self._record_subclass, subclass, methods)

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

    def _wrap(self, owner: type, name: str, wrapper: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
        original = function(owner, name)
        if original is None or hasattr(original, _ORIGINAL):
            return
        wrapped: Any = wrapper(original)
        setattr(wrapped, _ORIGINAL, original)
        kind = type(vars(owner)[name])
        self._set(owner, name, wrapped if kind is FunctionType else kind(wrapped))

    def _set(self, owner: type, name: str, value: Any) -> None:
        self._replaced.append((owner, name, value, vars(owner).get(name, _MISSING)))
        setattr(owner, name, value)


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
