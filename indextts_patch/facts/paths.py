"""Paths as events hold them, and the identity of input files."""

from __future__ import annotations

import functools
import os
from collections import OrderedDict

from ..writing.event import clean
from . import wav as riff

_MAX_PATH = 2048
_REMEMBERED_FILES = 256


def below(root: str, path: str) -> str | None:
    """The path relative to the root with forward slashes, None where it does not lie below it."""
    root, path = root.rstrip(os.sep), path.rstrip(os.sep)
    folded_root, folded = os.path.normcase(root), os.path.normcase(path)
    if folded == folded_root:
        return "."
    if not folded.startswith(folded_root + os.sep):
        return None
    return path[len(root) + 1 :].replace(os.sep, "/")


def absolute(path: object) -> str | None:
    """The path as the call will use it; None for no path. Taken before the call: the working folder may
    change.
    """
    if not path or not isinstance(path, (str, bytes, os.PathLike)):
        return None
    return os.path.abspath(os.fsdecode(path))


@functools.lru_cache(maxsize=1024)
def portable(path: str, root: str) -> str | None:
    """The path as events hold it: relative to the root where it lies below, slashes on every system.

    None where the event cannot hold it: longer than 2,048 characters, or with a NUL in it.
    """
    inner = below(root, path)
    result = clean(inner if inner is not None else path.replace(os.sep, "/"), _MAX_PATH + 1)
    return None if len(result) > _MAX_PATH or "\0" in result else result


_fingerprints: OrderedDict[tuple[str, int, int, int, int], tuple[str | None, int]] = OrderedDict()


def fingerprint(path: str) -> tuple[str | None, int]:
    """SHA-256 and size of an input file, remembered for as long as the file is the same.

    Raises:
        OSError: the file cannot be read.
    """
    state = os.stat(path)
    key = (path, state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns)
    known = _fingerprints.get(key)
    if known is None:
        known = riff.sha256(path)
        _fingerprints[key] = known
        while len(_fingerprints) > _REMEMBERED_FILES:
            _fingerprints.popitem(last=False)
    return known
