"""What is played on a graphics card, one part a process: `gpu` starts them.

    <python> -m tests.engines.card PART VERSION FOLDER DEVICE HOW

It prints one line of JSON: by the name of each check, whether it holds, and what was seen; null where it was not run.
"""

from __future__ import annotations

import contextlib
import copy
import functools
import io
import json
import os
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch

import indextts_patch
from tests.engines import loading, scenes
from tests.engines.stage import Stage, digest, own, patched

Told = dict[str, tuple[bool | None, str]]
_STREAMS = 3
_CALLS = 15


class Card:
    """One engine on one device, and what the patch wrote of it."""

    def __init__(self, version: str, folder: Path, device: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        if ":" in device:
            torch.cuda.set_device(device)
        self.folder, self.device, self.version = folder, device, version
        self.cuda = device.startswith("cuda")
        self.told: Told = {}

    @functools.cached_property
    def stage(self) -> Stage:
        """Made when it is needed, which takes seconds."""
        return Stage(self.version, self.folder, self.device)

    def hold(self, name: str, holds: bool | None, seen: object = "") -> None:
        """Note whether a check holds; None where it cannot be run here."""
        self.told[name] = (holds, str(seen))

    @contextlib.contextmanager
    def recording(self) -> Iterator[None]:
        """With the patch. Its own complaints are a failure."""
        said = io.StringIO()
        with contextlib.redirect_stderr(said):
            indextts_patch.install(patched(self.folder))
            try:
                yield
            finally:
                indextts_patch.uninstall()
        complaints = [line for line in said.getvalue().splitlines() if line.startswith("indextts_patch: could not")]
        if complaints:
            self.hold("the patch has nothing to complain of", False, complaints)

    def events(self) -> list[dict[str, Any]]:
        """All events so far, in their order."""
        found = [json.loads(path.read_bytes()) for path in self.folder.rglob("*.json") if _is_event(path)]
        return sorted(found, key=lambda event: (event["time"], event["id"]))

    def last(self) -> dict[str, Any]:
        """Data of the call that ended last."""
        data: dict[str, Any] = [event for event in self.events() if ".synthesis." in event["type"]][-1]["data"]
        return data

    def call(self, name: str, *, seeded: bool = True) -> str:
        """One plain call from the same seed; a digest of what it returned, or the error's type."""
        out = f"{name}.wav"
        with contextlib.redirect_stdout(io.StringIO()):
            try:
                if seeded:
                    loading.seed(99)
                self.stage.infer(scenes.SHORT, out)
            except Exception as error:  # noqa: BLE001 - told by its type
                return type(error).__name__
        return digest((self.folder / out).read_bytes())[:16]


def _is_event(path: Path) -> bool:
    return ".inflight" not in path.parts and b'"urn:indextts:event:' in path.read_bytes()[:1000]


def machine(card: Card) -> None:
    """What the process says of itself and of the card."""
    with card.recording():
        card.call("machine")
    (process,) = (event for event in card.events() if event["type"] == "indextts.process.started")
    data = process["data"]
    card.hold("the versions are torch's own", data["packages"]["torch"] == torch.__version__, data["packages"])
    card.hold("CUDA is the one that torch was built for", data["cuda"] == torch.version.cuda, data["cuda"])
    card.hold("the engine's distribution is known", bool(data["engines"]), data["engines"])
    card.hold("the call refers to its process", card.events()[-1]["source"] == process["source"])
    model = card.last()["model"]
    card.hold("the weights have an identity", len(model["weights"] or "") == 64, model["weights"])
    card.hold("its first call is told", model["first_call"] is True, model["first_call"])
    if not card.cuda:
        for name in ("GPUs are torch's", "the driver is told", "a device has its index"):
            card.hold(name, None, "no CUDA")
        return
    known = [torch.cuda.get_device_properties(index) for index in range(torch.cuda.device_count())]
    wanted = [(f"cuda:{index}", each.name, each.total_memory) for index, each in enumerate(known)]
    told = [(gpu["device"], gpu["name"], gpu["memory"]) for gpu in data["gpus"]]
    card.hold("GPUs are torch's", told == wanted, told)
    driver = Path("/proc/driver/nvidia/version")
    card.hold(
        "the driver is told", str(data["driver"]) in driver.read_text() if driver.exists() else None, data["driver"]
    )
    lies = str(next(card.stage.engine.gpt.parameters()).device)
    card.hold("a device has its index", model["device"] == lies, f"{card.stage.engine.device}: {model['device']}")


def memory(card: Card) -> None:
    """The peak of a call, beside torch's own counters, which are to be left alone."""
    names = ("a call's peak is torch's", "below an earlier peak only the bound is told", "no counter is reset")
    if not card.cuda:
        for name in names:
            card.hold(name, None, "no CUDA")
        return
    card.call("memory")  # what is made at first use
    with card.recording():
        torch.cuda.reset_peak_memory_stats()
        card.call("memory")
        highest, told = torch.cuda.max_memory_allocated(), card.last()["memory"]
        card.hold(names[0], told["peak"] == told["process_peak"] == highest, f"{told}, torch: {highest}")
        large = torch.empty(256 * 2**20, dtype=torch.uint8, device=card.device)
        del large
        highest = torch.cuda.max_memory_allocated()
        card.call("memory")
        told = card.last()["memory"]
        card.hold(names[1], told["peak"] is None and told["process_peak"] == highest, told)
        card.hold(names[2], torch.cuda.max_memory_allocated() == highest, highest)


def out_of_memory(card: Card) -> None:
    """The card's memory really runs out within a call; the next call is well again."""
    if not card.cuda:
        card.hold("running out of memory is the same and recorded", None, "no CUDA")
        return
    card.call("before")

    def broken(name: str) -> str:
        torch.cuda.empty_cache()
        torch.cuda.set_per_process_memory_fraction(1e-9)  # what is allocated stays, and nothing more is to be had
        # Should all that the engine needs fit into what it has already, this does not.
        card.stage.spies.then["s2mel"] = lambda: torch.empty(2**30, dtype=torch.uint8, device=card.device)
        try:
            return card.call(name)
        finally:
            del card.stage.spies.then["s2mel"]
            torch.cuda.set_per_process_memory_fraction(1.0)

    bare, after = broken("bare"), card.call("after")
    with card.recording():
        with_it = broken("broken")
        error = card.last()["error"] or {}
        again = card.call("again")
    card.hold(
        "running out of memory is the same and recorded",
        bare == with_it == "OutOfMemoryError" and error["type"].endswith("OutOfMemoryError"),
        f"{bare}, {with_it}, {error.get('type')}: {error.get('message', '')[:60]}",
    )
    card.hold("the call after it is well", again == after, f"{after} {again}")


def compiled(card: Card) -> None:
    """torch.compile and what is compiled already: watching must not have it compiled again."""
    counters = torch._dynamo.utils.counters
    flow = card.stage.engine.s2mel.models["cfm"]
    backend = "inductor" if card.cuda else "eager"
    card.call("plain")
    flow.estimator.forward = torch.compile(flow.estimator.forward, backend=backend)
    began = time.perf_counter()
    first = card.call("first")
    if not set(first) <= set("0123456789abcdef"):
        card.hold("what is compiled stays compiled", None, f"torch.compile does not work here: {first}")
        return
    slow = time.perf_counter() - began
    bare = card.call("bare")
    before = json.dumps(counters, default=dict, sort_keys=True)
    with card.recording():
        with_it = [card.call("patched") for _ in range(2)]
        told = card.last()
    after = json.dumps(counters, default=dict, sort_keys=True)
    card.hold("what is compiled stays compiled", after == before, f"{backend}; {slow:.1f} s at first use")
    card.hold("compiled code gives the same", with_it == [bare, bare], f"{bare} {with_it}")
    card.hold("a compiled call has its stages", (told["timing"].get("s2mel") or 0) > 0, told["timing"])
    torch._dynamo.reset()
    with card.recording():  # compiled for the first time within a call that is watched
        anew = card.call("anew")
    card.hold("code that is compiled while it is watched gives the same", anew == bare, f"{bare} {anew}")


def graphs(card: Card) -> None:
    """CUDA graphs: captured before the patch came, and captured within a call that it watches."""
    names = ("a captured graph is replayed as before", "a graph can be captured within a watched call")
    if not card.cuda:
        for name in names:
            card.hold(name, None, "no CUDA")
        return
    vocoder = card.stage.engine.bigvgan
    bare = card.call("bare")
    vocoder.forward = _Graph(type(vocoder).forward.__get__(vocoder))
    card.call("captured")
    replayed = card.call("replayed")
    with card.recording():
        with_it = card.call("patched")
        seconds = card.last()["timing"].get("bigvgan")
    card.hold(names[0], with_it == replayed and bool(seconds), f"{bare} {replayed} {with_it}, {seconds} s")
    vocoder.forward = _Graph(type(vocoder).forward.__get__(vocoder))
    with card.recording():
        within = card.call("within")
        error = card.last()["error"]
    card.hold(names[1], within == replayed and vocoder.forward.replays == 1, error or within)
    del vocoder.forward


class _Graph:
    """A function of one tensor, captured at its first call and replayed from then on."""

    def __init__(self, plain: Callable[[Any], Any]) -> None:
        self._plain, self.replays = plain, 0
        self._graph: Any = None

    def __call__(self, given: Any) -> Any:
        if self._graph is None:
            self._given = given.clone()
            side = torch.cuda.Stream()
            side.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(side):
                for _ in range(3):
                    self._plain(self._given)
            torch.cuda.current_stream().wait_stream(side)
            self._graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(self._graph):
                self._made = self._plain(self._given)
        self._given.copy_(given)
        self._graph.replay()
        self.replays += 1
        return self._made.clone()


def threads(card: Card) -> None:
    """Engines that stream at once, each in a thread and, on a card, in a CUDA stream of its own."""
    stages = []
    for number in range(_STREAMS):
        stages.append(copy.copy(card.stage))
        stages[number].engine = own(card.stage.engine)
        stages[number].folder = card.folder / f"thread-{number}"
        stages[number].folder.mkdir()
    made: dict[int, int] = {}
    broken: list[str] = []

    def speak(number: int, stage: Stage) -> None:
        lane = torch.cuda.stream(torch.cuda.Stream(card.device)) if card.cuda else contextlib.nullcontext()
        made[number] = 0
        with lane, _noted(broken):
            for _ in range(2):
                made[number] += len(list(stage.stream(scenes.LONG, **stage.segments)))

    with card.recording(), contextlib.redirect_stdout(io.StringIO()):
        running = [threading.Thread(target=speak, args=each) for each in enumerate(stages)]
        for thread in running:
            thread.start()
        for thread in running:
            thread.join()
    told = [event for event in card.events() if ".synthesis." in event["type"]]
    well = [event for event in told if event["type"].endswith(".succeeded") and event["data"]["audio"]]
    whole = len(well) == len(told) == 2 * _STREAMS and not broken
    seen = f"{len(told)} events, chunks: {made}, {broken or 'no error'}"
    card.hold("every stream of every thread is one event", whole, seen)
    times = [event["data"]["timing"] for event in well]
    card.hold("no thread's time is another's", all(_fits(each) for each in times), times[:1])
    lengths = {event["data"]["audio"]["samples"] for event in well}
    card.hold("they all have their own sound", len(lengths) == 1, lengths)


@contextlib.contextmanager
def _noted(errors: list[str]) -> Iterator[None]:
    """A thread's error is told, and ends nothing else."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - told by whoever joins the threads
        errors.append(f"{type(error).__name__}: {error}")


def _fits(timing: dict[str, Any]) -> bool:
    parts = sum(timing.get(part) or 0.0 for part in ("gpt", "gpt_forward", "s2mel", "bigvgan"))
    return bool(0 < parts <= timing["wall"] + 0.1)


def overhead(card: Card) -> None:
    """What a call costs with and without the patch, in turns."""
    times: dict[bool, list[float]] = {True: [], False: []}
    card.call("warm")
    for number in range(2 * (_CALLS if card.cuda else 3)):
        with card.recording() if (on := bool(number % 2)) else contextlib.nullcontext():
            card.call("warm")  # which installs, hooks and introduces
            began = time.perf_counter()
            card.call("timed")
            times[on].append(time.perf_counter() - began)
    bare, with_it = (1000 * statistics.median(times[on]) for on in (False, True))
    card.hold("the time that it takes", True, f"a call {bare:.1f} ms, with the patch {with_it - bare:+.1f} ms")


def device_assert(card: Card, how: str) -> None:
    """An assertion fails on the card, which ends every use of it; the error comes when the host asks next."""
    card.call("before")

    def wrong() -> None:
        torch.zeros(2, device=card.device)[torch.tensor([9], device=card.device)]

    card.stage.spies.then["gpt"] = wrong
    with card.recording() if how == "patched" else contextlib.nullcontext():
        error = card.call("broken")
        second = card.call("second", seeded=False)  # seeding could fail by itself, before the engine is called
    card.hold("errors", True, f"{error}, {second}")
    if how == "patched":
        told = [event["data"]["error"] for event in card.events() if event["type"].endswith(".failed")]
        types = [each["type"].rpartition(".")[2] for each in told]
        card.hold("recorded", types == [error, second], types)


def dies(card: Card) -> None:
    """Says when it is in the middle of a call, and waits there to be killed."""
    card.call("before")

    def wait() -> None:
        os.write(1, b"READY\n")  # past what is redirected
        time.sleep(60)

    card.stage.spies.then["s2mel"] = wait
    indextts_patch.install(patched(card.folder))
    card.call("killed")


def play(part: str, version: str, folder: Path, device: str, how: str) -> Told:
    card = Card(version, folder / part, device)
    if part == "device_assert":
        device_assert(card, how)
    else:
        parts: dict[str, Callable[[Card], None]] = {
            each.__name__: each for each in (machine, memory, out_of_memory, compiled, graphs, threads, overhead, dies)
        }
        parts[part](card)
    return card.told


if __name__ == "__main__":
    _, *words = sys.argv
    told = play(words[0], words[1], Path(words[2]), words[3], words[4])
    print(json.dumps(told), flush=True)
    sys.stdout.flush()
    os._exit(0)  # a card on which an assertion failed does not let a process end in peace
