"""What is remembered of one model object between its calls: the identity of its weights, and whether it has worked."""

from __future__ import annotations

import contextlib
import weakref

from ..guard import Any
from . import weights

_known: dict[int, Instance] = {}


class Instance:
    """One model object, known by itself and never kept alive; nothing is asked of its hash or equality."""

    def __init__(self, model: object, folder: str | None) -> None:
        """
        Args:
            model: the object that is called.
            folder: its model folder, absolute.

        Raises:
            TypeError: no weak reference can be made to it.
        """
        key = id(model)
        self.reference: weakref.ref[Any] = weakref.ref(model, lambda gone: _forget(key, gone))
        self.weights: str | None = None
        if folder is not None:
            with contextlib.suppress(OSError):  # one that was loaded from somewhere else
                self.weights = weights.identity(folder)
        self.has_worked = False  # whether a call has ended


def instance(model: object, folder: str | None = None) -> Instance:
    """What is known of a model. The first time, its weights are identified: they were loaded when it was made, so what
    becomes of the files later does not matter.

    Raises:
        TypeError: no weak reference can be made to it.
    """
    known = _known.get(id(model))
    if known is None or known.reference() is not model:
        known = _known[id(model)] = Instance(model, folder)
    return known


def worked(model: object) -> None:
    """A call on the model has ended."""
    known = _known.get(id(model))
    if known is not None and known.reference() is model:
        known.has_worked = True


def _forget(key: int, gone: object) -> None:
    known = _known.get(key)
    if known is not None and known.reference is gone:  # not where a new object has its address by now
        del _known[key]
