"""What one process records with: options, emitter, markers, reserved names, and the index of what can be reused."""

from __future__ import annotations

import atexit
import contextlib
import os
import threading

from .guard import Any, attempt, say
from .options import Options
from .writing import event
from .writing.emitter import Emitter
from .writing.inflight import InFlight
from .writing.recovery import report_interrupted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .reuse import Reuse

_RESERVED = ".reserved"
_MAX_NAMES = 100_000
_open: set[Recorder] = set()  # those that hold markers in this process
_watching_forks = False


class Recorder:
    """Made when the first class is hooked; before the first call it touches no file but the markers of the dead."""

    def __init__(self, options: Options, version: str) -> None:
        self.options = options
        self.software = f"indextts_patch {version}"  # in every event
        self.folders = [folder for folder in (options.events_dir, options.fallback_dir) if folder]
        self.emitter = Emitter(options)
        self.inflight = InFlight(self.folders, self.emitter.instance)
        self.introduction: str | None = None  # id of the event that is to tell of this process
        self._begin()
        self.reuse: Reuse | None = None
        if options.reuse != "off":
            from .reuse import Reuse  # late: few use it

            self.reuse = Reuse(options.root, self.emitter.source, sampled=options.reuse == "any")
            self.reuse.takes.begin(options.events_dir)
        atexit.register(self.close)
        _watch_forks(self)

    def _begin(self) -> None:
        """A source begins, of which nothing has been told."""
        self.introduction = event.uuid7()
        self._introducing = threading.Lock()

    def recover(self) -> None:
        """Turn what dead processes were doing into events."""
        count = self.inflight.recover(self._report)
        if count:
            say(f"{count} call(s) of a process that ended were found")

    def _report(self, subject: str, marked: dict[str, Any]) -> bool:
        return report_interrupted(self.emitter, self.folders, subject, marked)

    def introduce(self) -> None:
        """Tell, before the first call, what this process and its machine are; later events refer to it by their source.

        Where nothing can be written, it is tried again once something can.
        """
        if self.introduction is None or self.emitter.unwritten or not self._introducing.acquire(blocking=False):
            return
        try:
            identity = self.introduction
            if identity is None:
                return
            from .facts import process  # late: it is needed once

            written = self.emitter.write(
                identity=identity,
                subject=identity,
                event_type=event.STARTED,
                data=process.facts(self.options, self.software),
                place=self.emitter.place(None, identity),
            )
            self.introduction = None if written else event.uuid7()
        finally:
            self._introducing.release()

    def close(self) -> None:
        """A clean end of the process."""
        atexit.unregister(self.close)
        if attempt(self.inflight.close):
            _open.discard(self)

    def forked(self) -> None:
        """This is a forked child now: what its parent has open is the parent's."""
        attempt(self._begin)
        attempt(self.emitter.restart)
        attempt(self.inflight.restart, self.emitter.instance)

    def reserve(self, path: str) -> str:
        """A name that no file has and no running call wants: the path itself, or spk_1-2.wav for spk_1.wav.

        A hidden file beside it holds the name until the call ends, so that other processes stay off it too.

        Raises:
            OSError: the folder cannot be written.
        """
        folder, name = os.path.split(path)
        base, extension = os.path.splitext(name)
        os.makedirs(folder, exist_ok=True)
        for number in range(1, _MAX_NAMES):
            candidate = os.path.join(folder, name if number == 1 else f"{base}-{number}{extension}")
            if os.path.lexists(candidate):
                continue
            try:
                os.close(os.open(_reservation(candidate), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644))
            except FileExistsError:
                continue
            if not os.path.lexists(candidate):
                return candidate
            self._release(candidate)
        return path

    def release(self, path: str | None) -> None:
        """The call that a name was reserved for has ended."""
        if self.options.unique_names and path is not None:
            self._release(path)

    @staticmethod
    def _release(path: str) -> None:
        with contextlib.suppress(OSError):
            os.unlink(_reservation(path))


def _reservation(path: str) -> str:
    folder, name = os.path.split(path)
    return os.path.join(folder, f".{name}{_RESERVED}")


def _watch_forks(recorder: Recorder) -> None:
    """Python cannot be told to forget a function that is called after a fork, so there is one for all recorders."""
    global _watching_forks
    _open.add(recorder)
    if not _watching_forks and hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_forked)
        _watching_forks = True


def _forked() -> None:
    for recorder in list(_open):
        recorder.forked()
