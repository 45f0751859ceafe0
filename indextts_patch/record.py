"""The record of one call, from its start to its end."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from .facts import caller, emotion
from .facts.arguments import Arguments
from .facts.observations import Observations
from .facts.output import Output, streamed
from .facts.request import Request
from .facts.values import clean
from .guard import attempt
from .recorder import Recorder
from .writing import event
from .writing.inflight import Marker

_MAX_MESSAGE = 65_535
_MAX_TRACEBACK = 262_144

# The outermost call that runs in this thread or task.
CURRENT: ContextVar[Record | None] = ContextVar("indextts_patch_current", default=None)


class Record:
    """One outermost call. Every method is called through `guard.attempt`."""

    def __init__(
        self, recorder: Recorder, function: Callable[..., Any], model: object, args: tuple[Any, ...], kwargs: Any
    ) -> None:
        self._recorder, self._model = recorder, model
        self.arguments = Arguments(function, model, args, kwargs)
        self.args, self.kwargs = args, kwargs
        self.open = True
        self.begun = False
        self.observations = Observations()
        self._id: str | None = None
        self._inner: dict[str, Any] | None = None
        self._result: object = None
        self._chunks = 0
        self._samples = 0
        self._first_chunk: float | None = None
        self._process = os.getpid()
        self._output = Output(self.arguments.output(), recorder.options.root)
        self._request: Request | None = None
        self._facts: dict[str, Any] = {"model": None}
        self._reused: dict[str, Any] | None = None
        self._marker: Marker | None = None
        self._started_at = event.now()
        self._began = time.perf_counter()

    def choose_name(self) -> None:
        """Give the call an output name of its own, where that is switched on and the name is taken."""
        path = self._output.path
        if path is None or not self._recorder.options.unique_names:
            return
        own = self._recorder.reserve(path)
        if own != path:
            self.args, self.kwargs = self.arguments.with_output(own, self.args, self.kwargs)
            self._output.path = own

    def start(self) -> None:
        """Note what the call asks for, and mark it as running. Does nothing the second time."""
        if self._id is not None:
            return
        self._id = event.uuid7()
        self._started_at = event.now()
        options = self._recorder.options
        self._output.look()
        self._request = attempt(Request, self.arguments, self._model, options)
        if self._request is not None:
            self._facts.update(attempt(self._request.facts) or {})
        self._facts["caller"] = attempt(caller.caller, client=options.client)
        self._facts["seed"] = attempt(caller.seed)
        self._facts["recorder"] = self._recorder.software
        self._marker = attempt(self._mark)
        self._began = time.perf_counter()

    def _mark(self) -> Marker | None:
        assert self._id is not None
        data = {**self._facts, "timing": {"started_at": self._started_at}, "audio": self._output.nothing()}
        return self._recorder.inflight.add(self._id, {"output": self._output.path, "data": data})

    def reuse(self) -> bool:
        """Answer the call with the audio of an equal earlier one, where that is switched on and there is one.

        Returns:
            Whether the audio lies at the requested path and the call is recorded.
        """
        reuse, path, request = self._recorder.reuse, self._output.path, self._request
        if reuse is None or path is None or request is None or self._id is None:
            return False
        hit = reuse.find(request, os.path.dirname(path))
        if hit is None:
            return False
        take, content = hit
        if take.path != path:
            reuse.put(content, path, self._id)
        # Not measured again: the bytes are those of the earlier event, by their hash.
        kept = {key: value for key, value in take.audio.items() if key not in ("requested_path", "replaces")}
        self._reused = {**kept, "path": self._output.portable(path), "reused_from": take.subject}
        self._finish(event.REUSED, None)
        return True

    def begin(self) -> None:
        """A generator or coroutine begins to run: only now has the call started."""
        self.begun = True
        self.start()

    def chunk(self, item: object) -> None:
        """A stream yielded an item: a tensor of shape (1, samples), the list that upstream yields instead of
        silence, or the result.
        """
        self._chunks += 1
        if self._first_chunk is None:
            self._first_chunk = time.perf_counter() - self._began
        shape = getattr(item, "shape", None)
        if shape is not None and len(shape) == 2:
            self._samples += int(shape[-1])
        elif isinstance(item, (str, os.PathLike, tuple)):
            self._result = item

    def inner_failed(self, error: BaseException) -> None:
        """A function within the call raised; infer of 2 and 2.5 swallows IndexError and returns None."""
        self._inner = _error(error)

    def succeeded(self, result: object) -> None:
        """The call returned, or its stream ended."""
        if result is not None:
            self._result = result
        silent = self._result is None and not self._chunks
        if silent and (self._inner is not None or not self._output.wrote()):
            nothing = {"type": "NoResult", "message": "the call returned None", "traceback": None}
            self._finish(event.FAILED, self._inner or nothing)
        else:
            self._finish(event.SUCCEEDED, None)

    def failed(self, error: BaseException) -> None:
        """The call raised. Only text is kept: an exception would pin its frames, and with them GPU memory."""
        self._finish(event.FAILED, _error(error))

    def abandoned(self) -> None:
        """The consumer closed the stream early. If it had been given the result already, nothing is missing."""
        if self._result is not None:
            self._finish(event.SUCCEEDED, None)
            return
        message = f"the consumer gave the stream up after {self._chunks} chunks"
        self._finish(event.FAILED, {"type": "GeneratorExit", "message": message, "traceback": None})

    def discard(self) -> None:
        """The generator or coroutine was dropped before it began: nothing was synthesised."""
        if self.open and os.getpid() == self._process:
            self._recorder.release(self._output.path)
            self._recorder.inflight.remove(self._marker)
        self.open = False

    def _finish(self, outcome: str, error: dict[str, Any] | None) -> None:
        if not self.open:
            return
        self.open = False
        self.start()  # where it could not be done before
        assert self._id is not None
        if os.getpid() != self._process:
            return  # a forked child came back through here; the call is its parent's
        wall = time.perf_counter() - self._began
        self._recorder.release(self._output.path)
        data = {**self._facts, "error": error}
        data["audio"] = audio = self._reused or attempt(self._audio, failed=outcome == event.FAILED)
        data["timing"] = self._timing(wall, (audio or {}).get("duration"))
        if data.get("emotion") is not None:
            data["emotion"] = dict(data["emotion"])
            attempt(emotion.add_computed, data["emotion"], self.observations.vectors)
        data["truncated"] = self.observations.truncated
        data["warnings"] = [clean(text) for text in self.observations.warnings]
        self._recorder.emitter.write(
            identity=self._id,
            subject=self._id,
            event_type=outcome,
            data=data if self._request is None else self._request.private(data),
            place=self._recorder.emitter.place(self._output.path, self._id),
        )
        if self._recorder.reuse is not None:
            attempt(self._recorder.reuse.add, self._recorder.emitter.source, outcome, self._id, data)
        self._recorder.inflight.remove(self._marker)

    def _timing(self, wall: float, duration: float | None) -> dict[str, Any]:
        first = self._first_chunk
        return {
            "started_at": self._started_at,
            "wall": round(wall, 6),
            "first_chunk": None if first is None else round(first, 6),
            **self.observations.stages,
            "rtf": round(wall / duration, 6) if duration else None,
            "segments": self.observations.segments,
        }

    def _audio(self, *, failed: bool) -> dict[str, Any] | None:
        written = self._output.facts(self._result, self.arguments.meaning.get("output"), failed=failed)
        return written or streamed(self._samples, (self._facts["model"] or {}).get("version"))


def _error(error: BaseException) -> dict[str, Any]:
    import traceback  # late: only a failure needs it

    kind = type(error)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    message = attempt(str, error)
    lines = attempt(traceback.format_exception, kind, error, error.__traceback__)
    return {
        "type": clean(name, 255),
        "message": None if message is None else clean(message, _MAX_MESSAGE),
        "traceback": None if lines is None else clean("".join(lines)[-_MAX_TRACEBACK:], _MAX_TRACEBACK),
    }
