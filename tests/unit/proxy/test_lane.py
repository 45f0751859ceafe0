"""One call's writing happens in order, and what waits has a bound."""

from __future__ import annotations

import threading

from sidecar.proxy.lane import Lanes


def test_the_jobs_of_a_lane_are_done_in_order_and_those_of_lanes_beside_each_other() -> None:
    lanes = Lanes(threads=4, most_jobs=10_000)
    done: dict[int, list[int]] = {number: [] for number in range(20)}
    for order in done.values():
        lane = lanes.lane()
        for job in range(100):
            assert lane.put(lambda order=order, job=job: order.append(job))  # type: ignore[misc]
    lanes.close()
    assert all(order == list(range(100)) for order in done.values())


def test_more_than_may_wait_is_not_taken() -> None:
    lanes = Lanes(threads=1, most_jobs=3)
    held = threading.Event()
    taken = [lanes.lane().put(held.wait) for _ in range(5)]  # type: ignore[arg-type]
    held.set()
    lanes.close()
    assert taken == [True, True, True, False, False]


def test_a_job_that_fails_does_not_end_its_lane() -> None:
    lanes = Lanes(threads=1, most_jobs=10)
    lane, done = lanes.lane(), threading.Event()
    lane.put(lambda: 1 / 0)  # type: ignore[arg-type]
    lane.put(done.set)
    assert done.wait(10)
    lanes.close()
