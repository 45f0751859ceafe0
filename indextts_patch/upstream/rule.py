"""The rule by which an engine is known without a row of its own: by the names of its module, method and parameters.

Names alone are looked at, and without regular expressions: every import of the host passes through here.
"""

from __future__ import annotations

import os

from .rows import ENGINES
from .rows import NAMES as NAMES

# In the name of a module that belongs to the family, its underscores left out: mlx_indextts.generate,
# index_tts_2_5_onnx.api, engines.index_tts.indextts.infer_v2.
_FAMILY = "indextts"
_OURS = __name__.partition(".")[0]  # called so too
# A public method whose name begins so, and that takes a text and a voice (PARAMETERS), speaks.
_SPEAKING = ("infer", "synthesize", "clone", "generate", "stream")
DEFINITIONS = tuple(f"def {word}".encode() for word in _SPEAKING)  # how such a method stands in a source
# Classes in modules with such a part, and those whose own names begin so, stand in for an engine in somebody's tests.
_TESTS = ("test", "tests", "testing", "conftest", "mocks", "fakes", "doubles", "stubs")
_STAND_INS = ("fake", "mock", "dummy", "stub", "test")
# Upstream's modules are found by their last part alone, since programs put its folder itself on sys.path or load the
# file by its path; forks add a suffix (infer_v2_fast).
_STEMS = tuple(dict.fromkeys(engine.stem for engine in ENGINES if engine.by_stem))
_FORKED = ("infer_v2", "infer_vllm")
_FORKS = tuple(f"{stem}_" for stem in _FORKED)
_FULL = tuple({f".{engine.module}" for engine in ENGINES})
_PATHS = tuple({os.sep + engine.module.replace(".", os.sep) + ".py" for engine in ENGINES})


def is_family(module: str) -> bool:
    """Whether a module's name alone says that it may hold an engine that has no row."""
    return _FAMILY in module.replace("_", "").lower() and not module.startswith(_OURS)


def is_module(name: str) -> bool:
    """Whether a module of this name is to be looked through once it is loaded."""
    return is_family(name) or is_forked(name.rpartition(".")[2]) or f".{name}".endswith(_FULL)


def is_file(path: str) -> bool:
    """Whether a file is to be looked through, whatever name it is loaded under."""
    if not path.endswith(".py"):
        return False
    stem = os.path.basename(path)[: -len(".py")]
    return stem in _STEMS or is_forked(stem) or f"{os.sep}{path}".endswith(_PATHS)


def is_forked(stem: str) -> bool:
    """Whether the last part of a module's name is one of upstream's, or a fork's of it: infer_v2_fast."""
    return stem in _FORKED or stem.startswith(_FORKS)


def speaks(method: str) -> bool:
    """Whether a method of this name may be one that speaks a text."""
    return method.startswith(_SPEAKING)


def is_stand_in(module: str, name: str) -> bool:
    """Whether a class without a row is the double of somebody's tests."""
    parts = module.lower().split(".")
    return name.lower().lstrip("_").startswith(_STAND_INS) or any(
        part in _TESTS or part.startswith("test_") for part in parts
    )
