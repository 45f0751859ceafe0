from __future__ import annotations

from sidecar.shipping.settled import Settled

SECOND = 1_000_000_000


def test_what_is_old_enough_is_forgotten_and_nothing_younger() -> None:
    done = Settled()
    for number in (3, 1, 2):
        done.add(f"{number}.json", number * SECOND, (number,))

    done.forget_before(2 * SECOND)

    assert [done.signature(f"{number}.json") for number in (1, 2, 3)] == [None, (2,), (3,)]


def test_memory_is_given_back() -> None:
    done = Settled()
    for number in range(1000):
        done.add(f"{number}.json", number * SECOND // 10_000, ())
        done.forget_before(number * SECOND // 10_000)

    assert len(done) <= 10, "a millisecond, ten files in each"


def test_a_file_that_was_changed_is_as_old_as_its_last_change() -> None:
    done = Settled()
    done.add("a.json", 1 * SECOND, (1,))
    done.add("a.json", 5 * SECOND, (5,))

    done.forget_before(3 * SECOND)
    assert done.signature("a.json") == (5,)

    done.forget_before(6 * SECOND)
    assert done.signature("a.json") is None


def test_a_file_that_is_known_twice_in_a_moment_is_forgotten_once() -> None:
    done = Settled()
    done.add("a.json", 1 * SECOND, (1,))
    done.add("a.json", 1 * SECOND + 1, (2,))

    done.forget_before(2 * SECOND)

    assert len(done) == 0
