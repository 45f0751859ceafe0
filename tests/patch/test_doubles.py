"""The doubles take what upstream takes: their signatures are those of each version, kept as facts beside them.

signatures.json was read from upstream's own files at the revisions that it names; no code of theirs is in it.
"""

from __future__ import annotations

import importlib.util
import inspect
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from indextts_patch.upstream.engines import EMOTION_METHOD, PROGRESS, SLIDERS
from tests.patch.helpers import DOUBLE
from tests.unit.patch.facts.test_signature import check

FACTS: dict[str, Any] = json.loads((DOUBLE / "signatures.json").read_text(encoding="utf-8"))
SPEAKING = ("infer", "infer_fast", "infer_generator", "infer_stream", "infer_with_ref_audio_embed")
# What the patch wraps or a host calls. How QwenEmotion is made is the model's own business.
OBSERVED = (*SPEAKING, "__init__", PROGRESS.method, SLIDERS.method, EMOTION_METHOD)


def load(path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    for folder in (DOUBLE, path.parents[1]):
        monkeypatch.syspath_prepend(folder)
    for name in ("engine", "loguru"):  # theirs, for this test only
        monkeypatch.setitem(sys.modules, name, None)
        del sys.modules[name]
    spec = importlib.util.spec_from_file_location(f"double_{path.parts[-3]}_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def told(function: Any) -> str:
    """Its signature without annotations, and whether it is a coroutine function."""
    signature = inspect.signature(function)
    bare = [one.replace(annotation=inspect.Parameter.empty) for one in signature.parameters.values()]
    words = str(inspect.Signature(bare))
    return f"async {words}" if inspect.iscoroutinefunction(inspect.unwrap(function)) else words


def test_every_double_has_its_facts() -> None:
    modules = [path for path in DOUBLE.glob("*/indextts/*.py") if path.name != "__init__.py"]
    assert sorted(FACTS) == sorted(path.relative_to(DOUBLE).as_posix() for path in modules)


@pytest.mark.parametrize("name", FACTS)
def test_a_double_has_the_signatures_of_its_version(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module = load(DOUBLE / name, monkeypatch)
    found = {
        f"{kind.__qualname__}.{method}": told(getattr(kind, method))
        for kind in vars(module).values()
        if isinstance(kind, type) and kind.__module__ == module.__name__
        for method in OBSERVED
        if inspect.isfunction(getattr(kind, method, None)) and (kind.__name__, method) != ("QwenEmotion", "__init__")
    }
    for method in FACTS[name].get("only in copies of it", ()):
        assert found.pop(method)
    assert found == FACTS[name]["signatures"]


@pytest.mark.parametrize("name", FACTS)
def test_the_patch_reads_a_signature_as_python_does(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module = load(DOUBLE / name, monkeypatch)
    for words in FACTS[name]["signatures"]:
        kind, _, method = words.partition(".")
        check(getattr(vars(module)[kind], method))
