"""The watched folder itself, opened: what is read through it comes from no other folder.

A path may lead to another folder from one moment to the next: renamed away, unmounted, replaced. A file that is missing
under a path proves nothing then; a file that is missing in an opened folder is gone.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from sidecar.errors import SidecarError

_HINT = "Check SIDECAR_WATCH_DIR, that the folder is mounted, and that this user may list it."
# Windows has neither; there files are opened by path, and a folder in use cannot be renamed away.
_BY_DESCRIPTOR = os.open in os.supports_dir_fd and hasattr(os, "O_DIRECTORY")
# O_NOFOLLOW: a link may point outside the folder. O_NONBLOCK: the open of a FIFO would wait for a writer.
_READ_FLAGS = os.O_RDONLY | sum(getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"))


class FolderUnavailable(SidecarError):
    """The folder cannot be listed: it does not exist, is not mounted, or its rights forbid it."""


def unavailable(folder: Path, why: str) -> FolderUnavailable:
    return FolderUnavailable(f"{folder}: {why}", hint=_HINT)


@dataclass(frozen=True, kw_only=True, slots=True)
class FolderState:
    """What one stat of the folder tells."""

    identity: str
    """device:inode. Another one under the same path is another folder."""
    mtime_ns: int
    """Changes with every entry that comes, goes or is renamed."""


class Directory:
    """An opened folder. While it is open, its file system cannot be unmounted: close it before a wait.

    Raises:
        FolderUnavailable: it is not there, is not a folder, or may not be listed and searched.
    """

    def __init__(self, path: Path) -> None:
        self._descriptor: int | None = None
        self._prefix = ""
        try:
            if _BY_DESCRIPTOR:
                self._descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
                os.stat(".", dir_fd=self._descriptor)  # whether it may be searched
                found = os.fstat(self._descriptor)
            else:
                self._prefix = os.path.join(path, "")
                found = os.stat(path)
                if not stat.S_ISDIR(found.st_mode):
                    raise NotADirectoryError
        except NotADirectoryError as error:
            raise unavailable(path, "not a folder") from error
        except OSError as error:
            self.close()
            raise unavailable(path, error.strerror or str(error)) from error
        self.state = FolderState(identity=f"{found.st_dev}:{found.st_ino}", mtime_ns=found.st_mtime_ns)

    def stat(self, name: str) -> os.stat_result:
        """The entry itself, links not followed. Raises OSError."""
        if self._descriptor is None:
            return os.lstat(self._prefix + name)
        return os.stat(name, dir_fd=self._descriptor, follow_symlinks=False)

    def open(self, name: str) -> int:
        """A descriptor to read the file, never waiting, never through a link. Raises OSError."""
        return os.open(self._prefix + name, _READ_FLAGS, dir_fd=self._descriptor)

    def close(self) -> None:
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)


def stat_folder(path: Path) -> FolderState:
    """
    Raises:
        FolderUnavailable: it is not there, is not a folder, or may not be listed and searched.
    """
    directory = Directory(path)
    directory.close()
    return directory.state
