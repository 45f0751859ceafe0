"""The published examples are what schema/README.md says they are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sidecar.errors import EventError, Reason
from sidecar.event.contract import validator
from sidecar.event.event import Event
from sidecar.shipping.reading import Directory, read_file, stat_file
from tests.events import encode, succeeded
from tests.schema.examples import INVALID, MAX_BYTES, SCHEMA, VALID, event_of


def decode(path: Path) -> Event:
    directory = Directory(path.parent)
    try:
        found = stat_file(directory, path.name)
        return Event.decode(read_file(directory, path.name, found, max_bytes=MAX_BYTES, keep_bytes=64))
    finally:
        directory.close()


@pytest.mark.parametrize("path", VALID, ids=lambda path: path.stem)
def test_a_valid_example_fits_the_schema_and_is_decoded(path: Path) -> None:
    document = json.loads(path.read_bytes())
    assert [error.message for error in validator().iter_errors(document)] == []
    event = decode(path)
    assert event.id == document["id"]
    assert event.data == document["data"]


@pytest.mark.parametrize("path", VALID, ids=lambda path: path.stem)
def test_an_example_says_the_truth_about_its_own_text(path: Path) -> None:
    data = decode(path).data
    if "text_length" in data:
        assert data["text_length"] == len(data["text"])


def test_ids_of_the_examples_are_unique() -> None:
    ids = [decode(path).id for path in VALID]
    assert len(set(ids)) == len(ids)


def test_the_largest_event_allowed_is_decoded(tmp_path: Path) -> None:
    path = tmp_path / "largest.json"
    path.write_bytes(event_of(MAX_BYTES))
    assert path.stat().st_size == MAX_BYTES
    assert decode(path).data["text"].startswith("欢欢")


@pytest.mark.parametrize(
    "path", [path for path in INVALID if path.stem != Reason.REJECTED_BY_SINK], ids=lambda path: path.stem
)
def test_an_invalid_example_is_refused_for_the_reason_in_its_name(path: Path) -> None:
    with pytest.raises(EventError) as refused:
        decode(path)
    assert refused.value.reason == path.stem


def test_an_event_one_byte_too_large_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "too_large.json"
    path.write_bytes(event_of(MAX_BYTES + 1))
    with pytest.raises(EventError) as refused:
        decode(path)
    assert refused.value.reason is Reason.TOO_LARGE


def test_something_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "unreadable.json"
    path.mkdir()
    with pytest.raises(EventError) as refused:
        decode(path)
    assert refused.value.reason is Reason.UNREADABLE


def test_the_event_that_only_a_database_refuses_is_decoded() -> None:
    (path,) = [path for path in INVALID if path.stem == Reason.REJECTED_BY_SINK]
    assert "[" * 150 in path.read_text("utf-8").replace(" ", "")
    assert decode(path).sequence == 11


def test_every_reason_code_has_an_example_or_a_word_why_not() -> None:
    explained = (SCHEMA / "README.md").read_text("utf-8")
    for reason in Reason:
        assert f"| `{reason}` |" in explained
    stems = {path.stem for path in INVALID}
    assert stems <= set(Reason)
    assert set(Reason) - stems == {Reason.TOO_LARGE, Reason.UNREADABLE}


def test_every_valid_example_is_listed_in_the_readme() -> None:
    explained = (SCHEMA / "README.md").read_text("utf-8")
    assert [path.stem for path in VALID if f"`{path.stem}`" not in explained] == []


@pytest.mark.parametrize(
    "data",
    [
        {"text": ["secret"]},
        {"caller": {"user": {"name": "secret"}}},
        {"language": "secret" * 10},
        {"voice": {"path": "../secret"}},
    ],
)
def test_a_refusal_repeats_nothing_of_what_was_said(data: dict[str, Any]) -> None:
    """It goes into logs."""
    with pytest.raises(EventError) as caught:
        Event.decode(encode(succeeded(data=data)))
    assert "/data/" in str(caught.value)
    assert "secret" not in str(caught.value)
