"""Where a model is, what speeds it up, and which weights it has."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from indextts_patch.facts import instance, weights
from indextts_patch.facts.model import describe, device


class Engine:
    """An engine's model, as far as its attributes say."""

    def __init__(self, **attributes: Any) -> None:
        vars(self).update(attributes)


def part(kind: str, index: int | None) -> Any:
    parameter = SimpleNamespace(device=SimpleNamespace(type=kind, index=index))
    return SimpleNamespace(parameters=lambda: iter([parameter]))


@pytest.fixture
def cuda(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    module = ModuleType("torch.cuda")
    vars(module).update(is_initialized=lambda: True, current_device=lambda: 3)
    monkeypatch.setitem(sys.modules, "torch.cuda", module)
    return module


@pytest.mark.usefixtures("cuda")
@pytest.mark.parametrize(
    ("attributes", "told"),
    [
        ({"device": "cuda:2"}, "cuda:2"),
        ({"device": "cuda", "gpt": part("cuda", 1)}, "cuda:1"),
        ({"device": "cuda", "gpt": part("cpu", None)}, "cuda:3"),
        ({"device": "cuda", "gpt": SimpleNamespace(parameters=lambda: iter([]))}, "cuda:3"),
        ({"device": "cuda"}, "cuda:3"),
        ({"device": "cpu"}, "cpu"),
        ({}, None),
    ],
)
def test_a_device_is_told_with_its_index(attributes: dict[str, Any], told: str | None) -> None:
    assert device(Engine(**attributes)) == told


def test_before_cuda_is_initialised_its_index_is_not_asked(cuda: ModuleType) -> None:
    vars(cuda)["is_initialized"] = lambda: False
    assert device(Engine(device="cuda")) == "cuda"


@pytest.mark.parametrize(
    ("attributes", "told"),
    [
        ({}, None),
        (
            {"use_accel": True, "use_torch_compile": False, "use_cuda_kernel": True, "gpt": SimpleNamespace()},
            {"accel": True, "compile": False, "cuda_kernel": True},
        ),
        ({"use_accel": True, "gpt": SimpleNamespace(accel_engine=None)}, {"accel": False}),
        ({"gpt": SimpleNamespace(accel_engine=object(), ds_engine=object())}, {"accel": True, "deepspeed": True}),
    ],
)
def test_what_speeds_it_up_is_what_is_in_use(attributes: dict[str, Any], told: dict[str, bool] | None) -> None:
    assert describe(Engine(**attributes), "/")["acceleration"] == told


def test_a_model_that_has_worked_is_remembered_and_not_kept_alive() -> None:
    model = Engine()
    assert [describe(model, "/")["first_call"] for _ in range(2)] == [True, True]
    instance.worked(model)
    assert describe(model, "/")["first_call"] is False
    known = len(instance._known)
    del model
    assert len(instance._known) == known - 1


def test_one_that_cannot_be_remembered_is_recorded_all_the_same() -> None:
    class Slotted:
        __slots__ = ("device",)

    model: Any = Slotted()
    model.device = "cpu"
    told = describe(model, "/")
    assert (told["device"], told["first_call"], told["weights"]) == ("cpu", None, None)


def identity(folder: Path, **files: bytes) -> str | None:
    folder.mkdir(parents=True)
    for name, content in files.items():
        path = folder / name.replace("__", ".6/").replace("_", ".")
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    return weights.identity(str(folder))


def test_weights_differ_where_a_name_a_size_or_an_end_does(tmp_path: Path) -> None:
    big = b"a" * 200_000
    one = identity(tmp_path / "one", gpt_pth=big, qwen__x_bin=b"q")
    assert one is not None
    assert identity(tmp_path / "same", gpt_pth=big, qwen__x_bin=b"q", notes_txt=b"n", qwen__x_json=b"j") == one
    others = [
        identity(tmp_path / "end", gpt_pth=big[:-1] + b"b", qwen__x_bin=b"q"),
        identity(tmp_path / "begin", gpt_pth=b"b" + big[1:], qwen__x_bin=b"q"),
        identity(tmp_path / "size", gpt_pth=big + b"a", qwen__x_bin=b"q"),
        identity(tmp_path / "name", gpt2_pth=big, qwen__x_bin=b"q"),
        identity(tmp_path / "inner", gpt_pth=big, qwen__x_bin=b"p"),
        identity(tmp_path / "small", gpt_pth=big[:70_000], qwen__x_bin=b"q"),
    ]
    assert len({one, *others}) == 7


def test_a_folder_without_weights_has_no_identity(tmp_path: Path) -> None:
    assert identity(tmp_path / "none", readme_txt=b"x") is None
    (tmp_path / "many").mkdir()
    for number in range(300):
        (tmp_path / "many" / f"{number}.npy").touch()
    assert weights.identity(str(tmp_path / "many")) is None
    outputs = tmp_path / "root" / "outputs"
    assert identity(tmp_path / "root", gpt_pth=b"g")
    outputs.mkdir()
    for number in range(5000):
        (outputs / f"{number}.wav").touch()
    assert weights.identity(str(tmp_path / "root")) is None, "a folder of outputs must not be read through"
