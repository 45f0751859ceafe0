"""The mailbox between the watcher and the shipper."""

from __future__ import annotations

import threading

from sidecar.shipping.notices import Notices


def test_each_name_is_kept_once_in_order_of_arrival() -> None:
    notices = Notices()
    for name in ("b", "a", "b"):
        notices.add("/outputs", name)
    assert list(notices.collect("/outputs").names) == ["b", "a"]
    assert not notices.collect("/outputs").names


def test_more_than_the_limit_asks_for_a_scan_instead() -> None:
    notices = Notices(limit=2)
    for number in range(3):
        notices.add("/outputs", str(number))
    heard = notices.collect("/outputs")
    assert (len(heard.names), heard.missed) == (2, True)


def test_folders_do_not_hear_of_each_other() -> None:
    notices = Notices()
    notices.add("/one", "a")
    notices.missed("/two")
    assert not notices.collect("/one").missed
    assert notices.collect("/two").missed


def test_what_was_said_before_the_wait_ends_it_at_once() -> None:
    notices = Notices()
    notices.add("/outputs", "a")
    notices.wait(3600)


def test_a_wait_ends_when_something_is_said() -> None:
    notices = Notices()
    threading.Timer(0.05, notices.wake).start()
    notices.wait(3600)
