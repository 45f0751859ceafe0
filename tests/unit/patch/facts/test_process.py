"""What a process tells of torch, GPUs and distributions, as real modules with their faces say it."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from indextts_patch.facts import process
from indextts_patch.options import read
from indextts_patch.upstream import libraries

GPUS = [
    SimpleNamespace(name="NVIDIA L40S", total_memory=47_697_362_944, major=8, minor=9),
    SimpleNamespace(name="NVIDIA H200", total_memory=150_110_011_392, major=9, minor=0),
]


class Version(str):
    """torch.__version__ is a string of a kind of its own."""


@pytest.fixture
def torch(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    torch, cuda, version = ModuleType("torch"), ModuleType("torch.cuda"), ModuleType("torch.version")
    vars(torch).update(__version__=Version("2.8.0+cu128"))
    vars(version).update(cuda="12.8", hip=None)
    vars(cuda).update(
        is_initialized=lambda: True, device_count=lambda: len(GPUS), get_device_properties=lambda index: GPUS[index]
    )
    for module in (torch, cuda, version):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    return torch


def told() -> dict[str, Any]:
    return process.facts(read({}), "indextts_patch 1")


def test_gpus_are_told_as_torch_shows_them(torch: ModuleType) -> None:
    assert told()["gpus"] == [
        {"device": "cuda:0", "name": "NVIDIA L40S", "memory": 47_697_362_944, "capability": "8.9"},
        {"device": "cuda:1", "name": "NVIDIA H200", "memory": 150_110_011_392, "capability": "9.0"},
    ]
    assert (told()["cuda"], told()["hip"]) == ("12.8", None)
    assert told()["packages"]["torch"] == "2.8.0+cu128"


@pytest.mark.parametrize(
    ("line", "version"),
    [
        ("NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.15  Tue Mar  5 22:23:56 UTC 2024\nGCC", "550.54.15"),
        (
            "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  570.86.15  Release Build  (dvs-builder)",
            "570.86.15",
        ),
        ("something else", None),
    ],
)
@pytest.mark.usefixtures("torch")
def test_the_driver_is_what_the_system_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, version: str | None
) -> None:
    (tmp_path / "version").write_text(line)
    monkeypatch.setattr(libraries, "NVIDIA_DRIVER", str(tmp_path / "version"))
    assert told()["driver"] == version


def test_one_fact_that_cannot_be_had_costs_no_other(torch: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: int) -> Any:
        raise RuntimeError("CUDA error: device-side assert triggered")

    vars(sys.modules["torch.cuda"])["get_device_properties"] = broken
    monkeypatch.setattr(libraries, "CPU", "/nowhere")
    facts = told()
    assert (facts["gpus"], facts["driver"], facts["packages"]["torch"]) == ([], None, "2.8.0+cu128")
    assert facts["cpu"]["name"]


def installed(folder: Path, name: str, *files: str) -> None:
    info = folder / f"{name}.dist-info"
    info.mkdir()
    (info / "RECORD").write_text("".join(f"{file},sha256=x,1\n" for file in (*files, f"{info.name}/METADATA")))


def test_engines_are_the_installed_distributions_whose_packages_are_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed(tmp_path, "indextts2_inference-2.1.1", "indextts/infer_v2.py", "../../bin/indextts")
    installed(tmp_path, "indextts25_inference-0.2.0", "indextts25/api.py")
    installed(tmp_path, "indextts-2.0.0", "_indextts.pth")  # installed in place
    installed(tmp_path, "numpy-1.26.4", "numpy/__init__.py", "indextts/stolen.py")
    (tmp_path / "vox_indextts-0.1.19.dist-info").mkdir()  # without a list
    monkeypatch.setattr(sys, "path", [str(tmp_path), str(tmp_path / "nowhere"), "", str(tmp_path)])
    monkeypatch.setitem(sys.modules, "indextts", ModuleType("indextts"))
    assert told()["engines"] == {"indextts": "2.0.0", "indextts2-inference": "2.1.1"}
