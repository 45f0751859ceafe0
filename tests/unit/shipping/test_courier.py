"""One bad event is found by halving, and costs its neighbours nothing; the position moves with the last of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timezone
from typing import TypeVar

import pytest

from sidecar.errors import PermanentSinkError, PositionLost, Reason
from sidecar.event.event import Event
from sidecar.shipping.courier import Courier
from sidecar.storage.sink import Acknowledgement, Batch, Delivery, Position, Quarantined
from tests.events import encode, succeeded

T = TypeVar("T")
HELD = Position(identity="1:2", ctime_ns=10, files=1, revision=7)
NEXT = Position(identity="1:2", ctime_ns=20, files=9, revision=7)


class Sink:
    """Refuses events by their paths; `names` says whether it tells which."""

    def __init__(self, bad: Sequence[str] = (), *, names: bool = False) -> None:
        self.bad, self.names = set(bad), names
        self.revision = HELD.revision
        self.position = HELD
        self.stored: list[str] = []
        self.quarantined: list[Quarantined] = []
        self.mended: list[str] = []
        self.attempts = 0
        self.closed = False

    def check(self) -> None: ...
    def open_position(self, shipper: str, folder: str) -> Position:
        return self.position

    def quarantined_paths(self, shipper: str, folder: str) -> set[str]:
        return set()

    def render(self, deliveries: Sequence[Delivery]) -> object:
        return len(deliveries)

    def commit(self, batch: Batch) -> Acknowledgement:
        self.attempts += 1
        if self.revision != batch.position.revision:
            raise PositionLost("older than what was committed")
        refused = {each.path: "no" for each in batch.deliveries if each.path in self.bad}
        if refused:
            raise PermanentSinkError("something is refused", rejected=refused if self.names else None)
        self.stored += [each.path for each in batch.deliveries]
        self.quarantined += batch.quarantined
        self.mended += batch.mended
        self.position = batch.position
        self.revision += 1
        return Acknowledgement(revision=self.revision)

    def close(self) -> None:
        self.closed = True


def once(function: Callable[[], T]) -> T:
    return function()


def batch(*paths: str, mended: Sequence[str] = ()) -> Batch:
    deliveries = [Delivery(event=Event.decode(encode(succeeded())), path=path) for path in paths]
    now = datetime(2026, 11, 22, tzinfo=timezone.utc)
    return Batch(
        shipper="studio", folder="/outputs", deliveries=deliveries, quarantined=(), position=NEXT, recorded_at=now,
        mended=mended,
    )  # fmt: skip


@pytest.fixture
def sink() -> Sink:
    return Sink()


@pytest.fixture
def courier(sink: Sink) -> Iterator[Courier]:
    made = Courier(sink, once, quarantine_max_bytes=16)
    yield made
    made.close()
    assert sink.closed


def test_a_good_batch_is_one_commit_and_its_position_carries_the_sink_s_revision(courier: Courier, sink: Sink) -> None:
    receipt = courier.deliver(batch("a", "b"), HELD).result()
    assert [each.path for each in receipt.committed] == sink.stored == ["a", "b"]
    assert receipt.position == Position(identity="1:2", ctime_ns=20, files=9, revision=8)
    assert sink.attempts == 1


@pytest.mark.parametrize("names", [True, False])
@pytest.mark.parametrize("bad", [["a"], ["c"], ["a", "d"], ["a", "b", "c", "d"]])
def test_what_is_refused_goes_to_quarantine_and_the_rest_is_shipped(
    bad: list[str], names: bool, courier: Courier, sink: Sink
) -> None:
    sink.bad, sink.names = set(bad), names
    receipt = courier.deliver(batch("a", "b", "c", "d"), HELD).result()
    assert sorted(sink.stored) == sorted({"a", "b", "c", "d"} - set(bad))
    assert sorted(entry.path for entry in receipt.refused) == bad
    assert sorted(entry.path for entry in sink.quarantined) == bad
    assert {entry.reason for entry in sink.quarantined} == {Reason.REJECTED_BY_SINK}
    assert all(len(entry.content) == 16 and entry.size > 16 for entry in sink.quarantined)
    assert receipt.position.ctime_ns == NEXT.ctime_ns
    assert sink.position.ctime_ns == NEXT.ctime_ns


def test_the_position_does_not_move_before_the_last_half(courier: Courier, sink: Sink) -> None:
    sink.bad = {"d"}
    positions = []
    commit = sink.commit

    def watched(batch: Batch) -> Acknowledgement:
        acknowledgement = commit(batch)
        positions.append(sink.position.ctime_ns)
        return acknowledgement

    sink.commit = watched  # type: ignore[method-assign]
    courier.deliver(batch("a", "b", "c", "d"), HELD).result()
    assert positions[:-1] == [HELD.ctime_ns] * (len(positions) - 1)
    assert positions[-1] == NEXT.ctime_ns


def test_a_refused_file_that_was_in_quarantine_is_not_mended(courier: Courier, sink: Sink) -> None:
    sink.bad, sink.names = {"a"}, True
    courier.deliver(batch("a", "b", mended=["a", "b"]), HELD).result()
    assert sink.mended == ["b"]


def test_a_lost_position_is_told_to_whoever_waits(courier: Courier, sink: Sink) -> None:
    sink.revision = 3
    with pytest.raises(PositionLost):
        courier.deliver(batch("a"), HELD).result()
    assert sink.stored == []


def test_a_refusal_of_our_own_bookkeeping_is_a_bug(courier: Courier, sink: Sink) -> None:
    def refuse(batch: Batch) -> Acknowledgement:
        raise PermanentSinkError("the position itself")

    sink.commit = refuse  # type: ignore[method-assign]
    with pytest.raises(PermanentSinkError, match="the position itself"):
        courier.deliver(batch(), HELD).result()
