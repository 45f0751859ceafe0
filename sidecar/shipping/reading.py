"""The watched folder itself, opened: what is read through it comes from no other folder.

A path may lead to another folder from one moment to the next: renamed away, unmounted, replaced. A file that is missing
under a path proves nothing then; a file that is missing in an opened folder is gone.
"""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from sidecar.errors import EventError, Reason, SidecarError
from sidecar.event.opening import READ_FLAGS

_HINT = "Check SIDECAR_WATCH_DIR, that the folder is mounted, and that this user may list it."
# Windows has neither; there files are opened by path, and a folder in use cannot be renamed away.
_BY_DESCRIPTOR = os.open in os.supports_dir_fd and hasattr(os, "O_DIRECTORY")
_FOLDER_FLAGS = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_CLOEXEC", 0)

# Short of descriptors or memory, or a network file system whose server is away. A soft-mounted NFS may also say EIO,
# which elsewhere means a bad disk: that goes to quarantine, so that one bad file does not hold up the position.
_TEMPORARY_ERRNOS = {
    *(errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN, errno.EINTR, errno.EBUSY, errno.ESTALE, errno.ENODEV),
    *(errno.ENOTCONN, errno.ETIMEDOUT, errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ENETDOWN, errno.ECONNREFUSED),
    *(errno.ECONNRESET, errno.ECONNABORTED, errno.ENOLCK),
}


class FileBusy(SidecarError):
    """The file cannot be opened now for a reason that passes, such as too many open files."""


class FolderUnavailable(SidecarError):
    """The folder cannot be listed: it does not exist, is not mounted, or its rights forbid it."""


def unavailable(folder: Path, why: str) -> FolderUnavailable:
    return FolderUnavailable(f"{folder}: {why}", hint=_HINT)


@dataclass(frozen=True, kw_only=True, slots=True)
class FolderState:
    """What one stat of a folder says."""

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
                self._descriptor = os.open(path, _FOLDER_FLAGS)
                os.stat(".", dir_fd=self._descriptor)  # whether it may be searched
                status = os.fstat(self._descriptor)
            else:
                self._prefix = os.path.join(path, "")
                status = os.stat(path)
                if not stat.S_ISDIR(status.st_mode):
                    raise NotADirectoryError
        except NotADirectoryError as error:
            raise unavailable(path, "not a folder") from error
        except OSError as error:
            self.close()
            raise unavailable(path, error.strerror or str(error)) from error
        self.state = FolderState(identity=f"{status.st_dev}:{status.st_ino}", mtime_ns=status.st_mtime_ns)

    def stat(self, name: str) -> os.stat_result:
        """The entry itself, links not followed. Raises OSError."""
        if self._descriptor is None:
            return os.lstat(self._prefix + name)
        return os.stat(name, dir_fd=self._descriptor, follow_symlinks=False)

    def open(self, name: str) -> int:
        """A descriptor to read the file, never waiting, never through a link. Raises OSError."""
        return os.open(self._prefix + name, READ_FLAGS, dir_fd=self._descriptor)

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


def stat_file(directory: Directory, name: str) -> os.stat_result:
    """The state of the folder's entry itself, links not followed.

    Raises:
        FileNotFoundError: it is gone.
        PermissionError: the folder may not be searched.
        FileBusy: its state cannot be read now, for a reason that passes.
        EventError: its state cannot be read.
    """
    try:
        return directory.stat(name)
    except (FileNotFoundError, PermissionError):
        raise
    except OSError as error:
        raise _unreadable(name, error) from error


def read_file(directory: Directory, name: str, status: os.stat_result, *, max_bytes: int, keep_bytes: int) -> bytes:
    """Read one event file without ever blocking on it.

    Args:
        status: its state before, by stat_file. A file that changes after it is known by another state the next time.
        max_bytes: a larger file is refused.
        keep_bytes: how many bytes of a refused file the error keeps.

    Raises:
        FileNotFoundError: it is gone.
        FileBusy: it cannot be opened for a reason that passes.
        EventError: too large, or not a readable regular file.
    """
    # Only regular files are opened: the open of a link may leave the folder, of a FIFO wait, of a device do anything.
    if stat.S_ISLNK(status.st_mode):
        raise EventError(Reason.UNREADABLE, "a symbolic link; links are not followed", b"")
    if not stat.S_ISREG(status.st_mode):
        raise EventError(Reason.UNREADABLE, "not a regular file", b"")
    size = status.st_size
    try:
        descriptor = directory.open(name)
        try:
            raw = os.read(descriptor, min(size, max_bytes) + 1)
            while len(raw) < size <= max_bytes and (more := os.read(descriptor, size - len(raw))):
                raw += more
        finally:
            os.close(descriptor)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise _unreadable(name, error) from error
    if size > max_bytes or len(raw) > max_bytes:
        raise EventError(
            Reason.TOO_LARGE,
            f"{max(size, len(raw))} bytes; SIDECAR_EVENT_MAX_BYTES is {max_bytes}",
            raw[:keep_bytes],
        )
    return raw


def _unreadable(name: str, error: OSError) -> SidecarError:
    if error.errno in _TEMPORARY_ERRNOS:
        return FileBusy(f"{name}: {error.strerror}")
    return EventError(Reason.UNREADABLE, f"{error.strerror} (errno {error.errno})", b"")
