"""What torch.compile makes of an engine, without the patch and with it: graphs, breaks, and what comes out.

    <python of the engines> -m tests.engines.compiled FOLDER

Compiled are the parts that people compile, each as one graph: the flow's estimator, as indextts2-inference does it, and
the vocoder. The backend is torch's "eager", which traces and guards like any other and needs no compiler.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
from pathlib import Path
from typing import Any

import torch
from torch._dynamo.utils import counters

import indextts_patch
from tests.engines import loading
from tests.engines.stage import Stage, digest, patched


def compile_parts(engine: Any) -> None:
    """Compile what can be compiled as one graph."""
    flow = engine.s2mel.models["cfm"]
    flow.estimator = torch.compile(flow.estimator, backend="eager", fullgraph=True, dynamic=True)
    engine.bigvgan = torch.compile(engine.bigvgan, backend="eager", fullgraph=True)


def call(stage: Stage) -> list[Any]:
    """One call: how many graphs were made and broken in it, and its sound."""
    counters.clear()
    loading.seed(5)
    with contextlib.redirect_stderr(io.StringIO()):
        _, sound = stage.infer("Hello, this is a test.", max_mel_tokens=6)
    return [counters["stats"]["unique_graphs"], sum(counters["graph_break"].values()), digest(sound.tobytes())]


def part(stage: Stage) -> list[Any]:
    """The vocoder inside of a larger graph, which is how a wrapper around its class comes to be traced."""
    counters.clear()
    vocoder = stage.engine.bigvgan
    whole = torch.compile(lambda mel: vocoder(mel) * 2, backend="eager", fullgraph=True)
    loading.seed(5)
    with torch.no_grad():
        sound = whole(torch.randn(1, 80, 7))
    return [counters["stats"]["unique_graphs"], sum(counters["graph_break"].values()), digest(sound.numpy().tobytes())]


def main(folder: Path) -> None:
    stage = Stage("2.5", folder, spied=False)
    told = {}
    for name in ("bare", "patched"):
        torch._dynamo.reset()
        if name == "patched":
            indextts_patch.install(patched(folder))
        plain = stage.engine.bigvgan, stage.engine.s2mel.models["cfm"].estimator
        told[name] = {"before": call(stage), "part": part(stage)}
        compile_parts(stage.engine)
        told[name]["first"], told[name]["second"] = call(stage), call(stage)
        if name == "bare":  # the patch comes to what is compiled already
            indextts_patch.install(patched(folder))
            told["late"] = {"second": call(stage)}
            indextts_patch.uninstall()
        stage.engine.bigvgan, stage.engine.s2mel.models["cfm"].estimator = plain
    indextts_patch.uninstall()
    print(json.dumps(told))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
