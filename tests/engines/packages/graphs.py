"""Tiny ONNX graphs with the inputs and outputs of the models that two packages load. They run in a real ONNX Runtime;
what they compute is no speech, but depends on all that goes in.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper

FLOAT, INT, INT32 = TensorProto.FLOAT, TensorProto.INT64, TensorProto.INT32
CODES = 8194  # the last one stops
LAYERS = 24
_random = numpy.random.default_rng(7)


class Graph:
    """Nodes and constants, until they are written."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def node(self, kind: str, *inputs: str, name: str = "", **attributes: Any) -> str:
        name = name or f"{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def constant(self, value: Any) -> str:
        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(numpy.asarray(value), name))
        return name

    def ints(self, *values: int) -> str:
        return self.constant(numpy.array(values, numpy.int64))

    def floats(self, *shape: int) -> str:
        return self.constant(_random.standard_normal(shape).astype(numpy.float32) * 0.1)

    def mean(self, value: str, *axes: int, keep: int = 1) -> str:
        return self.node("ReduceMean", value, self.ints(*axes), keepdims=keep)

    def write(self, path: Path, inputs: dict[str, Any], outputs: dict[str, Any]) -> None:
        """Write the file; inputs and outputs by name: (type, rank)."""
        made = {kind: [self._info(*each) for each in these.items()] for kind, these in (("i", inputs), ("o", outputs))}
        graph = helper.make_graph(self.nodes, path.stem, made["i"], made["o"], self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
        path.parent.mkdir(parents=True, exist_ok=True)
        onnx.save(model, str(path))

    @staticmethod
    def _info(name: str, kind: tuple[int, int]) -> Any:
        return helper.make_tensor_value_info(name, kind[0], [None] * kind[1])


def _caches(graph: Graph, names: Sequence[str]) -> dict[str, Any]:
    """Outputs that hand a cache on: small, and of the rank of a real one."""
    empty = graph.constant(numpy.zeros((1, 1, 1, 1), numpy.float32))
    for name in names:
        graph.node("Identity", empty, name=name)
    return dict.fromkeys(names, (FLOAT, 4))


def _logits(graph: Graph, number: str, name: str, shape: tuple[int, ...]) -> None:
    """Odds of all codes, in a pattern that a number shifts; the token that stops is never likely."""
    odds = _random.standard_normal(CODES).astype(numpy.float32)
    odds[CODES - 1] = -50.0
    wave = graph.node("Sin", graph.node("Mul", graph.constant(numpy.arange(CODES, dtype=numpy.float32)), number))
    mixed = graph.node("Add", wave, graph.constant(odds))
    graph.node("Reshape", mixed, graph.ints(*shape), name=name)


def write_2_5(folder: Path) -> None:
    """The nine models of index-tts-2.5-onnx, where its engine.py looks for them."""
    g = Graph()
    g.node("MatMul", "input_features", g.floats(160, 1024), name="semantic_feat")
    g.write(
        folder / "semantic_model/semantic_model.onnx", {"input_features": (FLOAT, 3), "attention_mask": (INT, 2)},
        {"semantic_feat": (FLOAT, 3)},
    )  # fmt: skip
    g = Graph()
    g.node("MatMul", g.mean("feat", 1, keep=0), g.floats(1024, 1280), name="emo_vec")
    g.write(folder / "emo_vec.onnx", {"feat": (FLOAT, 3), "ilens": (INT, 1)}, {"emo_vec": (FLOAT, 2)})
    g = Graph()
    g.node("MatMul", g.mean("fbank", 1, keep=0), g.floats(80, 192), name="spk_emb")
    g.write(folder / "campplus.onnx", {"fbank": (FLOAT, 3)}, {"spk_emb": (FLOAT, 2)})
    g = Graph()
    g.node("Add", g.node("MatMul", g.mean("x", 1), g.floats(1024, 512)), "template", name="out")
    g.write(folder / "length_regulator.onnx", {"x": (FLOAT, 3), "template": (FLOAT, 3)}, {"out": (FLOAT, 3)})
    g = Graph()
    codes = g.node("Unsqueeze", g.node("Cast", "codes", to=FLOAT), g.ints(2))
    wide = g.node("Sin", g.node("Mul", codes, g.floats(1024)))
    g.node("Concat", wide, wide, axis=1, name="latent")
    g.write(folder / "semantic_codec_decode.onnx", {"codes": (INT, 2)}, {"latent": (FLOAT, 3)})
    write_vocoder(folder / "bigvgan.onnx", "wav")
    g = Graph()
    length = g.node("Cast", g.node("ReduceSum", "text_ids", g.ints(0, 1), keepdims=0), to=FLOAT)
    _logits(g, g.node("Add", length, g.mean("conds", 0, 1, 2, keep=0)), "logits", (1, CODES))
    inputs = {"text_ids": (INT, 2), "conds": (FLOAT, 3), "lang_id": (INT, 1)}
    cached = _caches(g, [f"present_kv_{layer}_{part}" for layer in range(LAYERS) for part in "kv"])
    g.write(folder / "gpt_prefill/gpt_prefill.onnx", inputs, {"logits": (FLOAT, 2), **cached})
    g = Graph()
    number = g.node("Cast", g.node("Add", g.node("ReduceSum", "token", g.ints(0, 1), keepdims=0), "pos_idx"), to=FLOAT)
    _logits(g, number, "logits", (1, CODES))
    past = {f"past_kv_{layer}_{part}": (FLOAT, 4) for layer in range(LAYERS) for part in "kv"}
    cached = _caches(g, [name.replace("past", "present") for name in past])
    inputs = {"token": (INT, 2), "pos_idx": (INT, 1), **past}
    g.write(folder / "gpt_step/gpt_step.onnx", inputs, {"logits": (FLOAT, 2), **cached})
    _write_flow(folder / "cfm_estimator/cfm_estimator.onnx", "v", "cond")


def write_2(folder: Path) -> None:
    """The ten models of indextts-onnx."""
    g = Graph()
    g.node("MatMul", "input_features", g.floats(160, 1024), name="emb")
    g.write(
        folder / "wav2vec2bert.onnx", {"input_features": (FLOAT, 3), "attention_mask": (INT, 2)}, {"emb": (FLOAT, 3)}
    )
    g = Graph()
    g.node("Identity", "input", name="quantized")
    g.write(folder / "semantic_codec.onnx", {"input": (FLOAT, 3)}, {"quantized": (FLOAT, 3)})
    g = Graph()
    g.node("MatMul", g.mean("input", 1, keep=0), g.floats(80, 192), name="style")
    g.write(folder / "campplus.onnx", {"input": (FLOAT, 3)}, {"style": (FLOAT, 2)})
    conditions = {
        "spk_cond": (FLOAT, 3), "text_tokens": (INT32, 2), "emo_cond": (FLOAT, 3), "cond_lengths": (INT, 1),
        "emo_cond_lengths": (INT, 1),
    }  # fmt: skip
    g = Graph()
    total = g.node("Cast", g.node("ReduceSum", "text_tokens", g.ints(0, 1), keepdims=0), to=FLOAT)
    _logits(g, g.node("Add", total, g.mean("spk_cond", 0, 1, 2, keep=0)), "logits", (1, 1, CODES))
    g.write(folder / "gpt2_init.onnx", conditions, {"logits": (FLOAT, 3), **_caches(g, ("kept_key", "kept_value"))})
    g = Graph()
    number = g.node("Cast", g.node("ReduceSum", "input_ids", g.ints(0, 1), keepdims=0), to=FLOAT)
    _logits(g, number, "logits", (1, 1, CODES))
    step = {
        "input_ids": (INT, 2), "attention_mask": (INT, 2), "mel_len": (INT, 0), "past_key_values.0": (FLOAT, 4),
        "past_values.0": (FLOAT, 4),
    }  # fmt: skip
    g.write(folder / "gpt2_step.onnx", step, {"logits": (FLOAT, 3), **_caches(g, ("kept_key", "kept_value"))})
    g = Graph()
    codes = g.node("Unsqueeze", g.node("Cast", "mel_codes", to=FLOAT), g.ints(2))
    g.node("Sin", g.node("Mul", codes, g.floats(64)), name="latent")
    g.write(folder / "gpt2_forward.onnx", {**conditions, "mel_codes": (INT, 2)}, {"latent": (FLOAT, 3)})
    for name, source, length in (
        ("s2mel_ref", "s_ref", "ref_target_lengths"),
        ("s2mel_gen", "latent", "target_lengths"),
    ):
        g = Graph()
        shape = g.node("Concat", g.ints(1), length, g.ints(512), axis=0)
        g.node("Expand", g.mean(source, 1, 2), shape, name="cond")
        more = {"mel_codes": (INT, 2)} if name == "s2mel_gen" else {}
        g.write(folder / f"{name}.onnx", {**more, source: (FLOAT, 3), length: (INT, 1)}, {"cond": (FLOAT, 3)})
    _write_flow(folder / "dit_step.onnx", "dphi", "mu")
    write_vocoder(folder / "bigvgan.onnx", "wav")


def _write_flow(path: Path, output: str, condition: str) -> None:
    g = Graph()
    lean = g.node("Add", g.mean(condition, 1, 2), g.node("Unsqueeze", g.mean("style", 1), g.ints(2)))
    moved = g.node("Add", g.node("Mul", "x", g.constant(numpy.float32(-0.2))), "prompt_x")
    g.node("Add", moved, g.node("Add", lean, g.node("Reshape", "t", g.ints(-1, 1, 1))), name=output)
    inputs = {"x": 3, "prompt_x": 3, "t": 1, "style": 2, condition: 3}
    g.write(path, {"x_lens": (INT, 1), **{name: (FLOAT, rank) for name, rank in inputs.items()}}, {output: (FLOAT, 3)})


def write_vocoder(path: Path, output: str) -> None:
    """256 samples for each frame."""
    g = Graph()
    frames = g.node("Transpose", g.mean("mel", 1), perm=[0, 2, 1])
    sound = g.node("Tanh", g.node("Mul", frames, g.constant(_random.standard_normal(256).astype(numpy.float32) * 0.1)))
    g.node("Reshape", sound, g.ints(1, 1, -1), name=output)
    g.write(path, {"mel": (FLOAT, 3)}, {output: (FLOAT, 3)})
