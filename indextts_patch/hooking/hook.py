"""Finds the engines' classes in the process and hooks them, reversibly.

The class's own functions are replaced, not a module's names: that reaches callers who imported the class before as
well as those who will later. A class is found in a module loaded already, by the import system (a finder that only
adds a look at the finished module), or where a program loads the file by its location.
"""

from __future__ import annotations

import builtins
import importlib.util
import sys

from ..guard import attempt, say_once
from ..options import Options
from ..upstream.rule import is_file, is_module

TYPE_CHECKING = False  # typing itself takes longer to import than all that installing needs
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any

    from .patching import Patches


class Hook:
    """All that is hooked in this process, and the way back. `version` is the patch's; each event names it."""

    def __init__(self, options: Options, version: str) -> None:
        self._options = options
        self._version = version
        self._patches: Patches | None = None
        self._finder = _Finder(self)
        self._plain_location = importlib.util.spec_from_file_location
        self._plain_build = builtins.__build_class__
        self._installed = False
        self._emotions: list[type] = []  # what computes emotions, loaded before the first engine
        self.left_alone: dict[str, str] = {}  # classes that look alike -> why they are none

    def install(self) -> None:
        """Hook what is loaded and watch for what will be; what is hooked already stays as it is."""
        if not self._installed:
            self._installed = True
            sys.meta_path.insert(0, self._finder)
            importlib.util.spec_from_file_location = self._location
            if any(is_file(word) or is_module(word) for word in sys.orig_argv[1:]):  # an engine is run as the program
                vars(builtins)["__build_class__"] = self._build
        for name, module in list(sys.modules.items()):
            file = getattr(module, "__dict__", {}).get("__file__")
            if is_module(name) or (isinstance(file, str) and is_file(file)):
                attempt(self.look, module)

    def uninstall(self) -> None:
        """Take everything out again."""
        if self._finder in sys.meta_path:
            sys.meta_path.remove(self._finder)
        # Somebody may have wrapped our function in turn; then ours stays below it, and only passes on.
        if importlib.util.spec_from_file_location == self._location:
            importlib.util.spec_from_file_location = self._plain_location
        if vars(builtins)["__build_class__"] == self._build:
            vars(builtins)["__build_class__"] = self._plain_build
        self._installed = False
        if self._patches is not None:
            self._patches.undo()
            self._patches.recorder.close()
            self._patches = None

    def hooked(self) -> list[str]:
        """Qualified names of the classes that are hooked."""
        return [] if self._patches is None else list(self._patches.classes)

    def look(self, module: ModuleType) -> None:
        """Hook the engines' classes that a module defines."""
        for kind in list(vars(module).values()):
            if isinstance(kind, type) and kind.__module__ == module.__name__:
                self.look_at_class(kind, vars(module))

    def look_at_class(self, kind: type, namespace: dict[str, Any]) -> None:
        """Hook a class if it is an engine's, or what engines have computed emotions; with its module's globals."""
        # Only now: a process that never loads a TTS pays for nothing but this module.
        from .recognition import is_emotion, recognise

        found = recognise(kind)
        if found is not None and found.methods:
            self._begin().hook(kind, found.methods, namespace)
        elif is_emotion(kind):
            if self._patches is not None:
                self._patches.probe_emotion(kind)
            else:
                self._emotions.append(kind)
        elif found is not None and found.reason is not None:
            name = f"{kind.__module__}.{kind.__qualname__}"
            self.left_alone[name] = found.reason
            if found.engine.name:
                say_once(f"unknown {name}", f"leaving {name} alone: {found.reason}")

    def _begin(self) -> Patches:
        if self._patches is None:
            from ..recorder import Recorder
            from .patching import Patches

            self._patches = Patches(Recorder(self._options, self._version))
            attempt(self._patches.recorder.recover)
            while self._emotions:
                attempt(self._patches.probe_emotion, self._emotions.pop())
        return self._patches

    def _build(self, function: Any, name: str, *bases: Any, **keywords: Any) -> Any:
        """The class statement, where upstream's own file is run as the program (`python indextts/infer_v2.py`).

        Its classes are used before the module is finished, so each is looked at as soon as it is made.
        """
        kind = self._plain_build(function, name, *bases, **keywords)
        if isinstance(kind, type) and kind.__module__ == "__main__":
            attempt(self.look_at_class, kind, function.__globals__)
        return kind

    def _location(self, name: str, location: Any = None, **kwargs: Any) -> ModuleSpec | None:
        """importlib.util.spec_from_file_location, by which programs load a file past the import system."""
        spec = self._plain_location(name, location, **kwargs)
        file = spec.origin if self._installed and spec is not None else None
        if spec is not None and file is not None and is_file(file):
            attempt(_look_after_loading, spec, self.look)
        return spec


class _Finder:
    """Lets the other finders find an engine's module, and has it looked at once it is loaded."""

    def __init__(self, hook: Hook) -> None:
        self._hook = hook

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: object = None) -> ModuleSpec | None:
        """Called by the import system for every module that is not loaded yet."""
        if not is_module(name):
            return None
        for finder in sys.meta_path:
            find = getattr(finder, "find_spec", None)
            if isinstance(finder, _Finder) or find is None:
                continue
            spec: ModuleSpec | None = find(name, path, target)
            if spec is not None:
                attempt(_look_after_loading, spec, self._hook.look)
                return spec
        return None


def _look_after_loading(spec: ModuleSpec, look: Callable[[ModuleType], None]) -> None:
    """Have `look` called with the module that this spec will load.

    The loader keeps its type and all else that it offers (get_source, resources): only its exec_module is shadowed,
    on this one instance.
    """
    loader: Any = spec.loader
    plain = getattr(loader, "exec_module", None)
    if loader is None:
        return  # a folder without an __init__.py
    if plain is None:
        say_once("loader", f"cannot watch {spec.name}: its loader is of an old kind")
        return

    def exec_module(module: ModuleType) -> None:
        plain(module)
        attempt(look, module)

    loader.exec_module = exec_module
