"""What is known of files, and which one is next."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sidecar.shipping import known as module
from sidecar.shipping.known import KnownFiles, content_signature, full_signature
from sidecar.shipping.listing import pack


def test_an_announced_file_comes_before_a_backlog_and_the_backlog_by_its_age() -> None:
    known = KnownFiles()
    known.list([pack(30, "young"), pack(20, "old")])
    known.notice(["new"], now_ns=40)
    assert (known.pending, known.discovered, known.oldest_pending_ns, known.oldest_open_ns) == (3, 3, 20, 20)
    assert [known.next() for _ in range(4)] == ["new", "old", "young", None]
    assert known.pending == 0
    assert known.oldest_pending_ns is None


def test_a_name_is_known_once_however_often_it_is_announced() -> None:
    known = KnownFiles()
    known.notice(["a", "a"], now_ns=1)
    known.notice(["a"], now_ns=2)
    assert (known.pending, known.discovered, known.oldest_pending_ns) == (1, 1, 1)


def test_more_names_than_are_kept_are_left_to_a_scan(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MAX_NOTICED", 2)
    known = KnownFiles()
    assert known.notice(["a", "b"], now_ns=1)
    assert not known.notice(["c"], now_ns=1)
    assert known.pending == 2


def test_what_was_announced_is_not_counted_as_missed() -> None:
    known = KnownFiles()
    known.list([pack(90, "just now"), pack(20, "announced"), pack(10, "missed")])
    known.notice(["announced"], now_ns=50)
    assert known.count_unannounced(before_ns=50) == 1


def test_an_announcement_of_a_deferred_file_makes_it_due() -> None:
    known = KnownFiles()
    known.deferred.add("half.json", 5, (), now=100.0, pause=1.0)
    assert known.due_again(lambda: 100.5) is None
    known.notice(["half.json"], now_ns=1)
    assert known.due_again(lambda: 100.5) == "half.json"
    assert known.discovered == 0, "it was known"


def test_a_deferred_file_waits_for_what_is_announced_and_holds_the_position() -> None:
    known = KnownFiles()
    known.deferred.add("half.json", 5, (), now=100.0, pause=1.0)
    known.notice(["new.json"], now_ns=9)
    assert known.due_again(lambda: 200.0) is None
    assert (known.oldest_open_ns, known.oldest_pending_ns) == (5, 5)


def test_a_settled_file_is_known_until_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("1")
    known = KnownFiles()
    known.settle("a.json", path.stat().st_ctime_ns, content_signature(path.stat()))
    assert known.is_known("a.json", path.stat())
    path.chmod(0o600)
    assert known.is_known("a.json", path.stat()), "its rights say nothing of its content"
    os.utime(path, ns=(1, 1))
    assert not known.is_known("a.json", path.stat())


def test_a_file_refused_for_its_rights_is_looked_at_again_when_they_change(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("1")
    known = KnownFiles()
    known.settle("a.json", path.stat().st_ctime_ns, full_signature(path.stat()))
    assert known.is_settled("a.json", path.stat())
    path.chmod(0o600)
    assert not known.is_settled("a.json", path.stat())


def test_what_is_forgotten_counts_as_dropped() -> None:
    known = KnownFiles()
    known.list([pack(1, "a"), pack(2, "b")])
    known.deferred.add("c", 3, (), now=0.0, pause=1.0)
    known.notice(["d"], now_ns=1)
    known.reopen({"/outputs/e"})
    assert (known.dropped, known.pending, known.quarantined) == (4, 0, {"/outputs/e"})
