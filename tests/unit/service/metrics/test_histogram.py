"""The histogram that is fed by the batch says what the client library's own says."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.exposition import generate_latest
from prometheus_client.openmetrics import exposition as openmetrics

from sidecar.service.metrics.histogram import EXEMPLAR, BatchHistogram

_BOUNDS = (0.1, 1, 2.5, 60)
# Whole quarters add up to the same sum in any order; the bounds themselves are among the values.
_values = st.lists(st.one_of(st.sampled_from(_BOUNDS[1:]), st.integers(0, 400).map(lambda quarters: quarters / 4)))


def _exposed(registry: CollectorRegistry) -> list[str]:
    lines = generate_latest(registry).decode().splitlines()
    return [line for line in lines if "_created" not in line]


@given(batches=st.lists(st.tuples(st.sampled_from(["succeeded", "failed"]), _values)))
def test_with_a_label(batches: list[tuple[str, list[float]]]) -> None:
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    subject = BatchHistogram("wall_seconds", "Wall time.", bounds=_BOUNDS, label="status", registry=ours)
    reference = Histogram("wall_seconds", "Wall time.", ["status"], buckets=_BOUNDS, registry=theirs)
    for status, values in batches:
        subject.observe(status, values)
        labelled = reference.labels(status)
        for value in values:
            labelled.observe(value)
    assert sorted(_exposed(ours)) == sorted(_exposed(theirs))


@given(batches=st.lists(_values))
def test_without_a_label(batches: list[list[float]]) -> None:
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    subject = BatchHistogram("factor", "Wall over audio time.", bounds=_BOUNDS, registry=ours)
    reference = Histogram("factor", "Wall over audio time.", buckets=_BOUNDS, registry=theirs)
    for values in batches:
        subject.observe("", values)
        for value in values:
            reference.observe(value)
    assert _exposed(ours) == _exposed(theirs)


def told(registry: CollectorRegistry) -> str:
    page: bytes = openmetrics.generate_latest(registry)  # type: ignore[no-untyped-call]
    return page.decode()


@given(batches=st.lists(_values))
def test_the_last_take_of_each_bucket_is_its_exemplar(batches: list[list[float]]) -> None:
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    subject = BatchHistogram("factor", "Wall over audio time.", bounds=_BOUNDS, registry=ours)
    reference = Histogram("factor", "Wall over audio time.", buckets=_BOUNDS, registry=theirs)
    for batch, values in enumerate(batches):
        takes = [f"take-{batch}-{number}" for number in range(len(values))]
        subject.observe("", values, takes)
        for value, take in zip(values, takes, strict=True):
            reference.observe(value, {EXEMPLAR: take})
    exposed = [re.sub(r"(# \{.*\} \S+) \S+", r"\1", told(each)).splitlines() for each in (ours, theirs)]
    without_created = [[line for line in lines if "_created" not in line] for lines in exposed]
    assert without_created[0] == without_created[1]


def test_what_is_no_take_names_none() -> None:
    registry = CollectorRegistry()
    subject = BatchHistogram("factor", "Wall over audio time.", bounds=_BOUNDS, registry=registry)
    subject.observe("", [0.05, 2], ["", "019ab334"])
    page = told(registry)
    assert page.count("# {") == 1
    assert re.search(r'le="2.5"\} 2(\.0)? # \{event_id="019ab334"\} 2(\.0)? ', page)
    assert "# {" not in generate_latest(registry).decode(), "the plain format has no exemplars"
