"""What erases and rewrites dies at its steps and is run again. `make torture` takes every step, on every server."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.torture.erasing_crashes import OPERATIONS, matrix
from tests.torture.test_erasing import opened

STRIDE = 7


@pytest.mark.parametrize("operation", [operation.name for operation in OPERATIONS])
def test_dying_at_a_step_takes_nothing_and_leaves_nothing(operation: str, tmp_path: Path) -> None:
    with opened("", tmp_path) as world:
        ((_, died),) = matrix(world, stride=STRIDE, only=operation)
    assert died > 3
