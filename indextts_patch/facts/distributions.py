"""Which distributions the engines of this process come from, by the names and files that installers leave."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator

from ..guard import attempt
from ..upstream.libraries import ENGINE_DISTRIBUTION
from .values import clean

_INFO = ".dist-info"
_MAX_RECORD_BYTES = 4 * 1024 * 1024


def engines() -> dict[str, str]:
    """Name and version of every installed distribution that holds an engine's package which the host has loaded.

    Only folders' names and the lists of files are read: going through every distribution's metadata takes a hundred
    times as long. An engine that runs from a clone of its source is none of them.
    """
    found: dict[str, str] = {}
    for folder in dict.fromkeys(sys.path):
        for info in attempt(_infos, folder) or ():
            name, _, version = info[: -len(_INFO)].partition("-")
            packages = attempt(_packages, os.path.join(folder, info), name) or ()
            if any(package in sys.modules for package in packages):
                found.setdefault(clean(name.replace("_", "-"), 64), clean(version, 64))
    return found


def _infos(folder: str) -> list[str]:
    if not os.path.isdir(folder):
        return []
    names = os.listdir(folder)
    return sorted(name for name in names if name.endswith(_INFO) and re.search(ENGINE_DISTRIBUTION, name))


def _packages(info: str, name: str) -> set[str]:
    """The packages at the top of a distribution; of one that is installed in place, which lists none, the package of
    its own name."""
    return {package for package in _tops(info) if not package.endswith((_INFO, ".data"))} | {name.lower()}


def _tops(info: str) -> Iterator[str]:
    with open(os.path.join(info, "RECORD"), encoding="utf-8", errors="replace") as file:
        for line in file.read(_MAX_RECORD_BYTES).splitlines():
            top, slash, _ = line.partition("/")
            if slash:
                yield top
