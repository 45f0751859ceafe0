"""Where the generators of random numbers stand before a call. Nothing is drawn, and torch is never imported here."""

from __future__ import annotations

import contextlib
import sys

from ..guard import Any, attempt
from .digest import new_sha256
from .memory import accelerator

_MIN_SEED, _MAX_SEED = -(1 << 63), (1 << 64) - 1


def seed() -> int | None:
    """torch.initial_seed() where the host has loaded torch."""
    initial_seed = getattr(sys.modules.get("torch"), "initial_seed", None)
    value = attempt(initial_seed) if callable(initial_seed) else None
    return value if isinstance(value, int) and _MIN_SEED <= value <= _MAX_SEED else None


def state(device: str | None, *, python: bool) -> str | None:
    """SHA-256 over the states of the generators that a call may draw from; None without torch.

    Args:
        device: the model's, with its number.
        python: whether the call draws from Python's own generator too.
    """
    torch: Any = sys.modules.get("torch")
    if not hasattr(torch, "get_rng_state"):
        return None
    digest = new_sha256(_bytes(torch.get_rng_state()))
    cuda = accelerator("cuda") if device is not None and device.startswith("cuda") else None
    if cuda is not None:
        # It keeps its seed and its place on the host, and cannot be asked while a CUDA graph is captured.
        with contextlib.suppress(RuntimeError):
            digest.update(_bytes(cuda.get_rng_state(device)))
    if python:
        digest.update(repr(sys.modules["random"].getstate()).encode())
    return digest.hexdigest()


def _bytes(state: Any) -> bytes:
    content: bytes = state.numpy().tobytes()
    return content
