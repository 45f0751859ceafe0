"""The API is what its document says, whatever it is asked."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from sidecar.web.openapi import document
from tests.answers import scene as scenes
from tests.answers.served import library

_EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "25"))  # for each operation
_PATIENCE = 60.0  # seconds: the first Parquet file waits until pyarrow is imported
_CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Iterator[schemathesis.BaseSchema]:
    root = tmp_path_factory.mktemp("openapi")
    made = scenes.make(root, count=300, sounds=2)
    with library(made, root / "log") as address:
        yield schemathesis.openapi.from_url(f"{address}/api/openapi.json")


def test_no_question_breaks_it(schema: schemathesis.BaseSchema) -> None:
    asked = 0
    for found in schema.get_all_operations():
        assert isinstance(found, Ok), found
        operation = found.ok()

        @settings(
            max_examples=_EXAMPLES,
            derandomize=True,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def ask(case: Any) -> None:
            case.call_and_validate(checks=_CHECKS, timeout=_PATIENCE)

        ask()
        asked += 1
    assert asked == sum(map(len, document()["paths"].values()))
