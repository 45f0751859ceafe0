"""The identity of a model's weights: equal where names, sizes and both ends of all files are."""

from __future__ import annotations

import os

from ..upstream.libraries import WEIGHTS
from .digest import new_sha256

_END_BYTES = 64 * 1024  # the ends hold checksums or shapes of all tensors, and some of the tensors
_MAX_FILES = 256
_MAX_ENTRIES = 4096


def identity(folder: str) -> str | None:
    """SHA-256 over the files of a model's folder and of the folders in it, each by name, size and its first and last
    64 KiB: some milliseconds, where hashing all of it takes many seconds.

    Times and places do not count, so that copies of the same files on two machines have one identity.

    Returns:
        None where there are no such files, or more than a model has.

    Raises:
        OSError: the folder or a file cannot be read.
    """
    found = _files(folder)
    if not found:
        return None
    digest = new_sha256()
    for name, path in sorted(found):
        with open(path, "rb", buffering=0) as file:
            size = os.fstat(file.fileno()).st_size
            digest.update(f"{name}\0{size}\0".encode("utf-8", "surrogateescape"))
            digest.update(file.read(_END_BYTES))
            if size > _END_BYTES:
                file.seek(max(size - _END_BYTES, _END_BYTES))
                digest.update(file.read(_END_BYTES))
    return digest.hexdigest()


def _files(folder: str) -> list[tuple[str, str]]:
    """Name from the folder with slashes, and path, of every file that counts; none where it holds too much to be a
    model's."""
    found, folders, seen = [], [("", folder)], 0
    for above, path in folders:  # which grows by those in the first
        with os.scandir(path) as entries:
            for entry in entries:
                seen += 1
                if seen > _MAX_ENTRIES:
                    return []
                if entry.name.startswith("."):
                    continue
                if os.path.splitext(entry.name)[1].lower() in WEIGHTS:
                    if entry.is_file():
                        found.append((above + entry.name, entry.path))
                elif not above and entry.is_dir():
                    folders.append((f"{entry.name}/", entry.path))
    return found if len(found) <= _MAX_FILES else []
