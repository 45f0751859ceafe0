"""The engines, each with all that was played on it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.engines.engines import Scene, played, python, shared


@pytest.fixture(params=["2", "2.5"], scope="session")
def scenes(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Scene]:
    """Every scene of one engine, then of the other: indextts2-inference, indextts25-inference."""
    python()
    # Processes that share the tests share what was played.
    return played("tests.engines.stage", request.param, shared(tmp_path_factory))
