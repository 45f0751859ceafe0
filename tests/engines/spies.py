"""What an engine really used, taken below everything that the patch looks at.

The patch reads the calls of the GPT, the flow and the vocoder; here it is read from what those call in turn
(transformers' generate, the solver, the vocoder's forward), and where the engine makes a tensor of the emotion.
"""

from __future__ import annotations

import functools
import inspect
import json
import random
import time
from collections.abc import Callable
from typing import Any

import torch

GENERATION = ("do_sample", "top_p", "top_k", "temperature", "length_penalty", "num_beams", "repetition_penalty")


class Spies:
    """Set once on an engine; `fresh` begins a new account."""

    def __init__(self, engine: Any) -> None:
        self.fresh()
        self.then: dict[str, Callable[[], None]] = {}  # what happens within a step, by its name
        flow = engine.s2mel.models["cfm"]
        self._below(type(engine.gpt.inference_model), "generate", "gpt", self._generated)
        self._below(type(engine.gpt), "merge_emovec", "emotion", self._merged)
        self._below(type(flow), "solve_euler", "s2mel", self._solved)
        self._below(type(engine.bigvgan), "forward", "bigvgan", self._spoken)
        self._below(type(engine.campplus_model), "forward", "voice", lambda *_: None)
        self._below(random, "randint", "random", lambda *_: None)
        plain = torch.tensor
        torch.tensor = self._tensor(plain)

    def fresh(self) -> None:
        """Forget everything."""
        self.calls: dict[str, int] = {}
        self.seconds: dict[str, float] = {}
        self.segments: list[dict[str, Any]] = []
        self.generation: list[dict[str, Any]] = []
        self.flow: list[dict[str, Any]] = []
        self.alphas: list[float] = []
        self.vectors: list[list[float]] = []
        self.samples = 0

    def told(self) -> dict[str, Any]:
        """The account, as JSON can hold it."""
        names = ("calls", "seconds", "segments", "generation", "flow", "alphas", "vectors", "samples")
        told: dict[str, Any] = json.loads(json.dumps({name: getattr(self, name) for name in names}))
        return told

    def _below(self, owner: Any, name: str, step: str, look: Callable[..., None]) -> None:
        original = getattr(owner, name)
        signature = inspect.signature(original)

        @functools.wraps(original)
        def spied(*args: Any, **kwargs: Any) -> Any:
            self.calls[step] = self.calls.get(step, 0) + 1
            if step in self.then:
                self.then[step]()
            began = time.perf_counter()
            try:
                result = original(*args, **kwargs)
            finally:
                self.seconds[step] = self.seconds.get(step, 0.0) + time.perf_counter() - began
            look(signature.bind(*args, **kwargs).arguments, result)
            return result

        setattr(owner, name, spied)

    def _generated(self, given: dict[str, Any], codes: Any) -> None:
        passed = given["kwargs"]
        made = codes.shape[1] - given["inputs"].shape[1]
        limit = passed["max_length"] - given["inputs"].shape[1]
        stopped = bool(codes[0, -1] == passed["eos_token_id"])
        self.segments.append({"tokens": made - stopped, "stop": "token" if stopped else "limit", "limit": limit})
        self.generation.append({name: passed[name] for name in GENERATION} | {"max_mel_tokens": limit})

    def _merged(self, given: dict[str, Any], _: Any) -> None:
        self.alphas.append(float(given.get("alpha", 1.0)))

    def _solved(self, given: dict[str, Any], _: Any) -> None:
        self.flow.append({"steps": len(given["t_span"]) - 1, "cfg_rate": given["inference_cfg_rate"]})

    def _spoken(self, _: Any, sound: Any) -> None:
        self.samples += sound.shape[-1]

    def _tensor(self, plain: Callable[..., Any]) -> Callable[..., Any]:
        def tensor(data: Any, *args: Any, **kwargs: Any) -> Any:
            if isinstance(data, list) and len(data) == 8 and all(isinstance(each, float) for each in data):
                self.vectors.append(list(data))  # eight integers would be tokens
            return plain(data, *args, **kwargs)

        return tensor
