"""Paths as events hold them, and the identity of input files."""

from __future__ import annotations

import errno
import functools
import os
from stat import S_ISREG

from ..options import below
from .values import clean
from .wav import sha256

_MAX_PATH = 2048


def absolute(path: object) -> str | None:
    """The path as the call will use it; None for no path. Taken before the call: the working folder may change."""
    if not path or not isinstance(path, (str, bytes, os.PathLike)):
        return None
    name = os.fsdecode(path)
    return _absolute(name, "" if name.startswith("/") else os.getcwd())


@functools.lru_cache(maxsize=1024)
def _absolute(path: str, folder: str) -> str:
    return os.path.abspath(os.path.join(folder, path))


@functools.lru_cache(maxsize=1024)
def portable(path: str, root: str) -> str | None:
    """The path as events hold it: relative to the root where it lies below, slashes on every system.

    None where the event cannot hold it: longer than 2,048 characters, or with a NUL in it.
    """
    inner = below(root, path)
    result = clean(inner if inner is not None else path.replace(os.sep, "/"), _MAX_PATH + 1)
    return None if len(result) > _MAX_PATH or "\0" in result else result


def fingerprint(path: str) -> tuple[str | None, int]:
    """SHA-256 and size in bytes of an input file, remembered for as long as the file is the same.

    Raises:
        OSError: the file cannot be read.
    """
    state = os.stat(path)
    if not S_ISREG(state.st_mode):
        raise OSError(errno.EINVAL, "no regular file", path)  # reading a pipe would take it away from the engine
    return _fingerprint(path, state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns)


@functools.lru_cache(maxsize=256)
def _fingerprint(path: str, *_: int) -> tuple[str | None, int]:
    return sha256(path)
