"""Parts of a model are watched by wrapping their classes' functions, and only within a call that is recorded."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from indextts_patch.hooking.current import CURRENT
from indextts_patch.hooking.parts import Parts
from indextts_patch.upstream.stages import Part


class GPT:
    def inference_speech(self, text: str, *, max_generate_length: int) -> list[str]:
        """Say it."""
        return [text] * max_generate_length


class Slow(GPT):
    """Inherits what is watched."""


class Later:
    async def inference_speech(self, text: str) -> str:
        await asyncio.sleep(0)
        return text


class Module:
    def __call__(self, sound: str) -> str:
        return self.forward(sound)

    def forward(self, sound: str) -> str:
        if sound == "broken":
            raise RuntimeError(sound)
        return sound + "!"


Module.__module__ = "torch.nn.modules.module"


class BigVGAN(Module):
    pass


class Model:
    def __init__(self, gpt: object) -> None:
        self.gpt = gpt
        self.bigvgan = BigVGAN()
        self.s2mel = None


class Record:
    """Notes what a record would be told."""

    open = True

    def __init__(self) -> None:
        self.heard: list[Any] = []

    def enter(self, part: Part) -> None:
        self.heard.append(part.stage)

    def leave(self, part: Part, given: Mapping[str, Any], result: object) -> None:
        self.heard.append(({key: value for key, value in given.items() if key != "self"}, result))


Put = list[tuple[type, str, Any]]


@pytest.fixture
def put() -> Iterator[Put]:
    """What was set on classes; taken off again."""
    done: Put = []
    yield done
    for owner, name, before in reversed(done):
        if before is None:
            delattr(owner, name)
        else:
            setattr(owner, name, before)


@pytest.fixture
def parts(put: Put) -> Parts:
    def set_(owner: type, name: str, value: Any) -> None:
        put.append((owner, name, vars(owner).get(name)))
        setattr(owner, name, value)

    return Parts(set_)


@pytest.fixture
def record() -> Iterator[Record]:
    current: Any = Record()
    CURRENT.set(current)
    yield current
    CURRENT.set(None)


def test_calls_are_told_with_their_arguments_by_name(parts: Parts, record: Record) -> None:
    model = Model(GPT())
    assert {"gpt", "tokens", "bigvgan"} <= parts.watch(model)
    assert model.gpt.inference_speech("a", max_generate_length=2) == ["a", "a"]  # type: ignore[attr-defined]
    assert model.bigvgan("b") == "b!"
    assert record.heard == [
        "gpt", ({"text": "a", "max_generate_length": 2}, ["a", "a"]), "bigvgan", ({"sound": "b"}, "b!"),
    ]  # fmt: skip


def test_an_inherited_function_is_wrapped_once_and_torchs_own_class_never(parts: Parts, put: Put) -> None:
    for model in (Model(Slow()), Model(GPT()), Model(Slow())):
        parts.watch(model)
    assert [(owner, name) for owner, name, _ in put] == [(GPT, "inference_speech"), (BigVGAN, "__call__")]
    assert "wrapped" not in str(vars(Module)["__call__"])


def test_nothing_is_set_on_an_object(parts: Parts) -> None:
    model = Model(GPT())
    parts.watch(model)
    assert vars(model.gpt) == vars(model.bigvgan) == {}


def test_outside_of_a_recorded_call_nobody_is_told(parts: Parts, record: Record) -> None:
    model = Model(GPT())
    parts.watch(model)
    record.open = False
    assert model.bigvgan("b") == "b!"
    assert record.heard == []


def test_a_part_that_fails_is_entered_and_not_left(parts: Parts, record: Record) -> None:
    model = Model(GPT())
    parts.watch(model)
    with pytest.raises(RuntimeError, match="broken"):
        model.bigvgan("broken")
    assert record.heard == ["bigvgan"]


def test_a_coroutine_is_left_when_it_is_over(parts: Parts, record: Record) -> None:
    model = Model(Later())
    parts.watch(model)
    running = model.gpt.inference_speech("a")  # type: ignore[attr-defined]
    assert record.heard == [], "it has not begun"
    assert asyncio.run(running) == "a"
    assert record.heard == ["gpt", ({"text": "a"}, "a")]


def test_a_model_without_parts_tells_nothing(parts: Parts, put: Put) -> None:
    assert parts.watch(object()) == frozenset()
    assert parts.watch(None) == frozenset()
    assert put == []


class Louder(GPT):
    def inference_speech(self, text: str, *, max_generate_length: int) -> list[str]:
        return super().inference_speech(text.upper(), max_generate_length=max_generate_length)


def test_a_subclass_and_the_method_that_it_extends_are_one_call(parts: Parts, record: Record) -> None:
    parts.watch(Model(GPT()))
    louder = Louder()
    parts.watch(Model(louder))
    assert louder.inference_speech("hello", max_generate_length=1) == ["HELLO"]
    assert [said for said in record.heard if isinstance(said, tuple)] == [
        ({"text": "hello", "max_generate_length": 1}, ["HELLO"])
    ]
