"""A signature is read as Python's own inspect reads it."""

from __future__ import annotations

import functools
import inspect
from typing import Any

import pytest

from indextts_patch.facts.signature import signature


def plain(a, b=1, *rest, c, d=2, **others): ...  # type: ignore[no-untyped-def]


@functools.wraps(plain)
def wrapped(*args, **kwargs): ...  # type: ignore[no-untyped-def]


def check(function: Any) -> None:
    read, known = signature(function), inspect.signature(function).parameters.values()
    variadic = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    named = [one for one in known if one.kind not in variadic]
    assert list(read.names) == [one.name for one in named]
    assert list(read.positional) == [one.name for one in named if one.kind is not one.KEYWORD_ONLY]
    assert read.defaults == {one.name: one.default for one in named if one.default is not one.empty}
    assert read.rest == next((one.name for one in known if one.kind is one.VAR_POSITIONAL), None)


@pytest.mark.parametrize("function", [plain, wrapped, check])
def test_a_signature_is_read_as_inspect_reads_it(function: Any) -> None:
    check(function)
