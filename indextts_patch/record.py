"""The record of one call, from its start to its end."""

from __future__ import annotations

import os
from collections.abc import Mapping

from .facts import caller, instance, memory, randomness, samples
from .facts.arguments import Arguments
from .facts.clock import Clock
from .facts.failure import failure
from .facts.output import Output, streamed
from .facts.request import Request
from .facts.seen import Seen
from .facts.sound import sound
from .facts.values import plain
from .guard import Any, attempt
from .recorder import Recorder
from .upstream.stages import MEASURED, Part
from .writing import event
from .writing.inflight import Marker

_engines_calls = 0  # of this process, as far as nothing around them was recorded


class Record:
    """One outermost call. Every method is called through `guard.attempt`."""

    def __init__(self, recorder: Recorder, arguments: Arguments) -> None:
        self._recorder, self._model = recorder, arguments.model
        self.arguments = arguments
        self.args, self.kwargs = arguments.args, arguments.kwargs
        self.open = True
        self.begun = False
        self.wraps = bool(self.arguments.engine.wraps)  # another engine's call may come within, and tell more
        self._before = 0  # engines' calls before this one
        self._partly = False  # whether that call was given a part of the text
        self._passing = False  # whether the file is its own, which the wrapper may remove before it returns
        self._written: dict[str, Any] | None = None
        self._reserved: str | None = None
        self._id: str | None = None
        self._inner: dict[str, Any] | None = None
        self._result: object = None
        self._chunks = 0
        self._samples = 0
        self._rate: int | None = None
        self._process = os.getpid()
        self._output = Output(self.arguments.output(), recorder.options.root)
        self._request: Request | None = None
        self._facts: dict[str, Any] = {"model": None}
        self._reused: dict[str, Any] | None = None
        self._marker: Marker | None = None
        self._memory: int | None = None  # peak of torch's counter as the call began
        self._started_at = ""
        self.clock, self.seen = Clock(), Seen()

    def choose_name(self) -> None:
        """Give the call an output name of its own, where that is switched on and the name is taken."""
        path = self._output.path
        if path is None or not self._recorder.options.unique_names or not self.arguments.engine.returns_path:
            return  # whoever does not return the path could not tell its caller of another one
        self._reserved = own = self._recorder.reserve(path)
        if own != path:
            self.args, self.kwargs = self.arguments.with_output(own, self.args, self.kwargs)
            self._output.path = own

    def start(self) -> None:
        """Note what the call asks for, and mark it as running. Does nothing the second time."""
        if self._id is not None:
            return
        global _engines_calls
        self._id = event.uuid7()
        self._started_at = event.now()
        if not self.wraps:
            _engines_calls += 1
        self._before = _engines_calls
        options = self._recorder.options
        self._output.look()
        self._request = attempt(Request, self.arguments, self._model, options)
        if self._request is not None:
            self._facts.update(attempt(self._request.facts) or {})
        self._facts["caller"] = attempt(caller.caller, client=options.client)
        self._facts["seed"] = attempt(randomness.seed)
        self._facts["random_state"] = attempt(self._random_state)
        self._facts["recorder"] = self._recorder.software
        self._marker = attempt(self._mark)
        attempt(self._recorder.introduce)
        self._memory = attempt(memory.peak, self._device())
        self.clock = Clock()
        self.seen.begin()

    def _random_state(self) -> str | None:
        return randomness.state(self._device(), python=bool(self.arguments.meaning.get("emotion_random")))

    def unstart(self) -> None:
        """It was no start: the call has only made a generator or coroutine, and begins when that does."""
        global _engines_calls
        if self._id is not None and not self.wraps:
            _engines_calls -= 1
        self._recorder.inflight.remove(self._marker)
        self._marker = self._id = None

    def enter(self, part: Part) -> None:
        """A call of a part of the model begins."""
        self._note(self.seen.enter(part))

    def leave(self, part: Part, given: Mapping[str, Any], result: object) -> None:
        """A call of a part of the model has returned; its arguments by name, and its result."""
        self._note(self.seen.leave(part, given, result))

    def _note(self, where: dict[str, Any] | None) -> None:
        if where is not None and self._marker is not None:
            self._recorder.inflight.note(self._marker, where)

    def _device(self) -> str | None:
        return (self._facts["model"] or {}).get("device")

    def _mark(self) -> Marker | None:
        assert self._id is not None
        process = self._recorder.emitter.source  # another one tells of the call, should this one die
        data = {
            **self._facts,
            "process": process,
            "timing": {"started_at": self._started_at},
            "audio": self._output.nothing(),
        }
        marked = {"output": self._output.path, "introduction": self._recorder.introduction, "data": data}
        return self._recorder.inflight.add(self._id, marked)

    def adopt(self, arguments: Arguments) -> bool:
        """An engine's own call within a wrapper's: from now on it says what is asked for; not the text, of which it may
        be given a part.

        Returns:
            Whether it is an engine's, and is to be called with the `args` and `kwargs` of this record.
        """
        if arguments.engine.wraps:
            return False
        self.start()
        whole = self._request
        self.arguments, self._model, self.wraps = arguments, arguments.model, False
        self.args, self.kwargs = arguments.args, arguments.kwargs
        if self._output.path is None:
            self._output = Output(arguments.output(), self._recorder.options.root)
            self._passing = self._output.path is not None
            self._output.look()
        self._request = request = Request(arguments, self._model, self._recorder.options)
        if whole is not None and whole.text is not None:
            self._partly = whole.text != request.text
            request.speak(whole.text)
        self._facts.update(request.facts())
        self._facts["random_state"] = attempt(self._random_state)
        self._memory = attempt(memory.peak, self._device())
        self._recorder.inflight.remove(self._marker)
        self._marker = attempt(self._mark)
        self._memory = attempt(memory.peak, self._device())
        return True

    def reuse(self) -> bool:
        """Answer the call with the audio of an equal earlier one, where that is switched on and there is one.

        Returns:
            Whether the audio lies at the requested path and the call is recorded.
        """
        reuse, path, request = self._recorder.reuse, self._output.path, self._request
        if reuse is None or path is None or request is None or self._id is None:
            return False
        if self._partly or not self.arguments.engine.returns_path:
            return False  # what it returns is no whole take, or nothing that an earlier event holds
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
        """A stream yielded an item: a piece of sound, the list that upstream has instead of silence, or the result."""
        self._chunks += 1
        self.clock.pause()
        heard = sound(item, self.arguments.engine, self._model)
        if isinstance(item, (str, os.PathLike)) or (isinstance(item, tuple) and isinstance(item[0], int)):
            self._result = item
        elif heard is not None:
            self._rate, piece = heard
            self._samples += samples.extent(piece.shape)[0]

    def inner_succeeded(self, result: object) -> None:
        """A function within the call returned."""
        if self._passing and not self._partly and self._output.wrote():
            self._passing = False
            self._written = self._output.facts(result, self.arguments.meaning.get("output"), None, failed=False)

    def inner_failed(self, error: BaseException) -> None:
        """A function within the call raised; infer of 2 and 2.5 swallows IndexError and returns None."""
        self._inner = failure(error)

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
        self._finish(event.FAILED, failure(error))

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
            self._recorder.release(self._reserved)
            self._recorder.inflight.remove(self._marker)
        self.open = False

    def _finish(self, outcome: str, error: dict[str, Any] | None) -> None:
        if not self.open:
            return
        if self.wraps and self._id is not None and _engines_calls != self._before:
            self.discard()  # it handed the work to another thread or task, and an engine's call there has its own event
            return
        self.open = False
        self.start()  # where it could not be done before
        assert self._id is not None
        if os.getpid() != self._process:
            return  # a forked child came back through here; the call is its parent's
        self.clock.stop()
        self._recorder.release(self._reserved)
        data = {**self._facts, "error": error}
        data["audio"] = audio = self._reused or attempt(self._audio, failed=outcome == event.FAILED)
        data["timing"] = {
            "started_at": self._started_at,
            **self.clock.facts((audio or {}).get("duration")),
            **self.seen.timing(ended=error is None),
        }
        if self.arguments.engine.lazy:
            data["timing"] = {name: value for name, value in data["timing"].items() if name not in MEASURED}
        attempt(self._apply, data)
        attempt(self.seen.complete, data, type(self._model))
        data["memory"] = attempt(memory.during, self._device(), self._memory)
        self._recorder.emitter.write(
            identity=self._id,
            subject=self._id,
            event_type=outcome,
            data=data if self._request is None else self._request.private(data),
            place=self._recorder.emitter.place(self._output.path, self._id),
        )
        if self._recorder.reuse is not None:
            attempt(self._recorder.reuse.takes.add, self._recorder.emitter.source, outcome, self._id, data)
        if outcome != event.REUSED:
            attempt(instance.worked, self._model)
        self._recorder.inflight.remove(self._marker)

    def _apply(self, data: dict[str, Any]) -> None:
        """What the engine says that it did, in the place of what its arguments had let expect."""
        applied = self.arguments.applied()
        if applied is not None and data.get("params") is not None:
            data["params"] = {**data["params"], "effective": plain(applied)}

    def _audio(self, *, failed: bool) -> dict[str, Any] | None:
        if self._written is not None and not self._output.wrote():
            return self._written
        heard = sound(self._result, self.arguments.engine, self._model)
        written = self._output.facts(self._result, self.arguments.meaning.get("output"), heard, failed=failed)
        if written is not None and (failed or written["path"] is not None):
            return written
        handed = samples.facts(*heard) if heard is not None else streamed(self._samples, self._rate)
        return {**(handed or {}), **(written or {})} or None  # heard, though no file lies where one was asked for
