"""Which engines an environment has, read from their sources: none of them is imported, however heavy it is.

A class is judged by the very rule that judges it in a running process.
"""

from __future__ import annotations

import ast
import functools
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import packages_distributions, version
from typing import NamedTuple

from ..hooking.recognition import Looks, Recognised, judge
from ..upstream import rule
from ..upstream.engines import EMOTION_CLASS
from ..upstream.rows import ENGINES

_MAX_FILES = 5_000  # of one package
_MAX_BYTES = 2 * 1024 * 1024
_METHODS = tuple({f"def {name}".encode() for engine in ENGINES for name in engine.methods})
_INSTALLED = ("site-packages", "dist-packages")


class Found(NamedTuple):
    """A class that is an engine, or looks like one."""

    module: str
    name: str
    file: str
    distribution: str | None  # name and version of what installed it
    recognised: Recognised


def survey() -> list[Found]:
    """Every engine, and what looks like one, in the packages that could be imported here."""
    found: dict[tuple[str, str], Found] = {}
    for folder in dict.fromkeys(os.path.abspath(entry or os.curdir) for entry in sys.path):
        for module, file in _modules(folder):
            for looks in _classes(module, file):
                recognised = judge(looks)
                if recognised is not None:
                    where = _distribution(module) if is_installed(file) else None
                    found.setdefault((module, looks.name), Found(module, looks.name, file, where, recognised))
    return list(found.values())


def sources() -> list[str]:
    """The modules of the rows that are there as a source tree, not installed: what would run here."""
    modules = dict.fromkeys(engine.module for engine in ENGINES)
    return [module for module in modules if any(not is_installed(file) for file in _files(module))]


def is_installed(file: str) -> bool:
    """Whether a file belongs to an installed distribution."""
    return any(part in _INSTALLED for part in file.split(os.sep))


def _files(module: str) -> list[str]:
    below = module.replace(".", os.sep) + ".py"
    files = (os.path.join(os.path.abspath(entry or os.curdir), below) for entry in sys.path)
    return [file for file in files if os.path.isfile(file)][:1]


def _modules(folder: str) -> Iterator[tuple[str, str]]:
    """Modules whose names the rule knows, with their files, below a folder of sys.path."""
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return
    tops = {engine.module.partition(".")[0] for engine in ENGINES}
    for name in names:
        path = os.path.join(folder, name)
        if name.endswith(".py") and rule.is_module(name[:-3]):
            yield name[:-3], path
        elif name.isidentifier() and (name in tops or rule.is_family(name)) and os.path.isdir(path):
            yield from _within(name, path)


def _within(package: str, folder: str) -> Iterator[tuple[str, str]]:
    count = 0
    for where, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name.isidentifier())
        inner = os.path.relpath(where, folder).replace(os.sep, ".")
        for name in sorted(files):
            stem, extension = os.path.splitext(name)
            module = ".".join(part for part in (package, inner.strip("."), stem) if part and part != "__init__")
            if extension == ".py" and rule.is_module(module):
                count += 1
                if count > _MAX_FILES:
                    return
                yield module, os.path.join(where, name)


def _classes(module: str, file: str) -> Iterator[Looks]:
    try:
        with open(file, "rb") as opened:
            content = opened.read(_MAX_BYTES)
        if not any(words in content for words in (*rule.DEFINITIONS, *_METHODS)):
            return
        tree = ast.parse(content)
    except (OSError, SyntaxError, ValueError, RecursionError):
        return
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name != EMOTION_CLASS:
            functions = [each for each in node.body if isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef))]
            yield Looks(
                module,
                node.name,
                file,
                {each.name: _parameters(each) for each in functions},
                frozenset(each.name for each in functions if "abstractmethod" in _words(each.decorator_list)),
                "Protocol" in _words(node.bases),
            )


def _parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> tuple[str, ...]:
    given = function.args
    return tuple(each.arg for each in (*given.posonlyargs, *given.args, *given.kwonlyargs))


def _words(expressions: Sequence[ast.expr]) -> set[str]:
    """The last parts of the names in expressions."""
    nodes = [node for expression in expressions for node in ast.walk(expression)]
    return {node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "") for node in nodes}


@functools.cache
def _distributions() -> Mapping[str, list[str]]:
    return packages_distributions()


def _distribution(module: str) -> str | None:
    names = _distributions().get(module.partition(".")[0])
    return f"{names[0]} {version(names[0])}" if names else None
