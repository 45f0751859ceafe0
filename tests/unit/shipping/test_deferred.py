"""Files that are looked at again later: in the order in which they are due, whatever is announced."""

from __future__ import annotations

from sidecar.shipping.deferred import Deferred


def deferred(*names: str) -> Deferred:
    made = Deferred()
    for number, name in enumerate(names):
        made.add(name, ctime_ns=100 - number, signature=(number,), now=float(number), pause=10.0)
    return made


def test_the_first_to_wait_is_the_first_to_be_due() -> None:
    waiting = deferred("a", "b")
    assert waiting.next_at == 10.0
    assert waiting.due(9.9) is None
    assert waiting.due(10.0) == "a"
    assert waiting.due(10.0) == "a", "it stays until it is removed or added again"
    waiting.remove("a")
    assert waiting.due(10.0) is None
    assert waiting.due(11.0) == "b"


def test_one_that_is_added_again_waits_again_and_its_age_is_kept() -> None:
    waiting = deferred("a")
    waiting.add("a", ctime_ns=100, signature=(0,), now=10.0, pause=10.0)
    assert waiting.next_at == 20.0
    assert waiting.since("a", (0,)) == 0.0
    waiting.add("a", ctime_ns=101, signature=(9,), now=20.0, pause=10.0)
    assert waiting.since("a", (0,)) is None
    assert waiting.since("a", (9,)) == 20.0, "it changed meanwhile"


def test_what_is_announced_is_due_at_once_and_once() -> None:
    waiting = deferred("a", "b")
    waiting.retry_now("b")
    waiting.retry_now("stranger")
    assert waiting.next_at == 0.0
    assert [waiting.due(1.0), waiting.due(1.0)] == ["b", None]
    assert "b" in waiting


def test_the_oldest_ctime_follows_what_comes_and_goes() -> None:
    waiting = deferred("a", "b", "c")
    assert waiting.oldest_ctime_ns == 98
    waiting.remove("c")
    assert waiting.oldest_ctime_ns == 99
    waiting.add("d", ctime_ns=1, signature=(), now=5.0, pause=10.0)
    assert waiting.oldest_ctime_ns == 1
    waiting.clear()
    assert len(waiting) == 0
    assert [waiting.oldest_ctime_ns, waiting.next_at] == [None, None]
