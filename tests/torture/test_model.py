"""A model of the promise, against the real scan, position, shipper and an SQLite sink.

Files come and go in every way that a file system knows while the shipper is told of them or not, dies, loses answers,
has its clock set and its database restored. After calm, rows and quarantine are what the model below says.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, precondition, rule

from tests.events import encode, envelope, failed, started, succeeded, uuid7
from tests.torture.harness import ManualClock, Process, back_up, make_database, restore, rows

EXAMPLES = int(os.environ.get("TORTURE_MODEL_EXAMPLES", "60"))
_MEMORY = Path("/dev/shm")
BAD = {
    "invalid_json": b'{"specversion": "1.0", "type": "indextts.',
    "schema_mismatch": encode(envelope("synthesis.succeeded", {"text": 7})),
    "unsupported_version": encode(envelope("synthesis.succeeded", {}, dataschema="urn:indextts:event:2.0")),
    "too_large": encode(succeeded("x" * 70_000)),
}
STARTED = "indextts.process.started"
tags = st.lists(st.sampled_from(["favourite", "片头", "a"]), max_size=2)
FOREIGN = b'{"voice": "anna", "speed": 1.0}'


class Model:
    """What must be true after calm: an event that ever lay whole and undisturbed in the folder is a row, once."""

    def __init__(self) -> None:
        self.files: dict[str, bytes | str] = {}
        """What lies under each name now: content, or the reason why it can't be read."""
        self.must: set[str] = set()
        """Ids that must be rows."""
        self.contents: dict[str, set[str]] = {}
        """By id, the SHA-256 of every content that it was seen with; one of them is the row's."""

    def put(self, name: str, content: bytes | str) -> None:
        self.remove(name)
        self.files[name] = content
        if (id_ := event_id(content)) is not None:
            self.must.add(id_)
            self.contents.setdefault(id_, set()).add(digest(content))

    def remove(self, name: str) -> None:
        """Its event may go unseen with it, unless another file holds it or it was shipped before (see `shipped`)."""
        content = self.files.pop(name, b"")
        id_ = event_id(content)
        if id_ is not None and not any(event_id(other) == id_ for other in self.files.values()):
            self.must.discard(id_)

    def shipped(self, ids: set[str]) -> None:
        self.must |= ids


def event_id(content: bytes | str) -> str | None:
    if isinstance(content, str) or content in BAD.values() or content == FOREIGN or not content.endswith(b"\n"):
        return None
    found: str = json.loads(content)["id"]
    return found


def digest(content: bytes | str) -> str:
    assert isinstance(content, bytes)
    return hashlib.sha256(content).hexdigest()


class FolderMachine(RuleBasedStateMachine):
    names: Bundle[str] = Bundle("names")

    @initialize(batch=st.integers(1, 5))
    def begin(self, batch: int) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="model-", dir=_MEMORY if _MEMORY.is_dir() else None))
        self.folder = self.root / "outputs"
        self.folder.mkdir()
        self.database = self.root / "sidecar.db"
        make_database(self.database)
        self.clock = ManualClock()
        self.model = Model()
        self.batch = batch
        self.counter = 0
        self.backup: Path | None = None
        self.process = self.start()

    def start(self) -> Process:
        return Process(self.folder, self.database, self.clock, batch_max_events=self.batch)

    def teardown(self) -> None:
        if hasattr(self, "root"):
            self.calm()
            self.process.end()
            shutil.rmtree(self.root)

    # -- files

    def new_name(self) -> str:
        self.counter += 1
        return f"spk_{self.counter}.wav.json"

    def write(self, name: str, content: bytes, *, announced: bool) -> None:
        hidden = self.folder / f".{name}.tmp"
        hidden.write_bytes(content)
        hidden.rename(self.folder / name)
        self.put(name, content, announced=announced)

    def put(self, name: str, content: bytes | str, *, announced: bool) -> None:
        self.model.put(name, content)
        if announced:
            self.process.notices.add(self.process.folder.key, name)

    def made(self) -> list[Any]:
        return [json.loads(content) for content in self.model.files.values() if event_id(content) is not None]

    @rule(target=names, announced=st.booleans(), fails=st.booleans())
    def create(self, announced: bool, fails: bool) -> str:
        name = self.new_name()
        self.write(name, encode(failed() if fails else succeeded()), announced=announced)
        return name

    @rule(target=names, announced=st.booleans(), number=st.integers(1, 3), torch=st.sampled_from(["2.8.0", None]))
    def process_begins(self, announced: bool, number: int, torch: str | None) -> str:
        """Once more than it should, now and then."""
        name = self.new_name()
        told = started(source=f"indextts://studio/{number}", data={"packages": {"torch": torch} if torch else None})
        self.write(name, encode(told), announced=announced)
        return name

    @rule(target=names, announced=st.booleans(), reason=st.sampled_from(sorted(BAD)))
    def create_bad(self, announced: bool, reason: str) -> str:
        name = self.new_name()
        self.write(name, BAD[reason], announced=announced)
        return name

    @rule(target=names, announced=st.booleans())
    def create_foreign(self, announced: bool) -> str:
        name = self.new_name()
        self.write(name, FOREIGN, announced=announced)
        return name

    @rule(target=names, announced=st.booleans(), kind=st.sampled_from(["fifo", "folder", "link"]))
    def create_unreadable(self, announced: bool, kind: str) -> str:
        name = self.new_name()
        if kind == "fifo":
            os.mkfifo(self.folder / name)
        elif kind == "folder":
            (self.folder / name).mkdir()
        else:
            (self.folder / name).symlink_to(self.root / "elsewhere.json")
        self.put(name, "unreadable", announced=announced)
        return name

    @rule(target=names, announced=st.booleans(), share=st.floats(0, 0.99), between=st.floats(0, 20))
    def write_slowly(self, announced: bool, share: float, between: float) -> str:
        """In place, as a careless program does, with the shipper looking in between."""
        name, content = self.new_name(), encode(succeeded())
        part = content[: int(len(content) * share)]
        with (self.folder / name).open("wb", buffering=0) as file:
            file.write(part)
            self.put(name, part, announced=announced)
            self.step(between)
            file.write(content[len(part) :])
        self.put(name, content, announced=announced)
        if not announced:  # a close without a notice and without a change of the folder: overflow tells of it
            self.process.notices.missed(self.process.folder.key)
        return name

    @rule(target=names, name=consumes(names), announced=st.booleans())
    def rename(self, name: str, announced: bool) -> str:
        if name not in self.model.files:
            return name
        new = self.new_name()
        (self.folder / name).rename(self.folder / new)
        content = self.model.files[name]
        self.put(new, content, announced=announced)
        self.model.remove(name)
        return new

    @rule(target=names, name=names, announced=st.booleans(), how=st.sampled_from(["copy", "old copy", "link"]))
    def duplicate(self, name: str, announced: bool, how: str) -> str:
        content = self.model.files.get(name)
        if not isinstance(content, bytes):
            return name
        new = self.new_name()
        if how == "link":
            os.link(self.folder / name, self.folder / new)
        else:
            (self.folder / new).write_bytes(content)
            if how == "old copy":
                os.utime(self.folder / new, (1_000_000_000, 1_000_000_000))
        self.put(new, content, announced=announced)
        return new

    @rule(target=names, announced=st.booleans(), name=names)
    def same_id_other_content(self, announced: bool, name: str) -> str:
        content = self.model.files.get(name)
        id_ = event_id(content) if content is not None else None
        if id_ is None:
            return name
        new = self.new_name()
        self.write(new, encode(succeeded("another text", id=id_, subject=id_)), announced=announced)
        return new

    @rule(target=names, name=names, announced=st.booleans())
    def same_name_again(self, name: str, announced: bool) -> str:
        if isinstance(self.model.files.get(name), bytes):
            (self.folder / name).unlink()
            self.note_shipped()
            self.write(name, encode(succeeded()), announced=announced)
        return name

    @rule(name=consumes(names))
    def delete(self, name: str) -> None:
        if isinstance(self.model.files.get(name), bytes):
            self.note_shipped()
            (self.folder / name).unlink()
            self.model.remove(name)
            self.note_shipped()

    @rule(name=names, mode=st.sampled_from([0o600, 0o644, 0o000]))
    def chmod(self, name: str, mode: int) -> None:
        if isinstance(self.model.files.get(name), bytes) and (mode or os.geteuid() == 0):
            (self.folder / name).chmod(mode)

    @rule(target=names, announced=st.booleans(), about=st.one_of(st.none(), st.integers(0, 5)), stars=st.integers(1, 5))
    def rate(self, announced: bool, about: int | None, stars: int) -> str:
        """Of a record that is there, or of one that is still to come."""
        known = self.made()
        subject = known[about % len(known)]["subject"] if about is not None and known else uuid7()
        name = self.new_name()
        self.write(name, encode(envelope("audio.rated", {"rating": stars}, subject=subject)), announced=announced)
        return name

    @rule(target=names, announced=st.booleans(), about=st.integers(0, 5))
    def audio_deleted(self, announced: bool, about: int) -> str:
        known = self.made()
        subject = known[about % len(known)]["subject"] if known else uuid7()
        name = self.new_name()
        self.write(name, encode(envelope("audio.deleted", {}, subject=subject)), announced=announced)
        return name

    @rule(
        target=names,
        announced=st.booleans(),
        about=st.one_of(st.none(), st.integers(0, 5)),
        add=tags,
        remove=tags,
        note=st.sampled_from([{}, {"note": None}, {"note": "尾音自然"}, {"note": "again"}]),
    )
    def tag(
        self, announced: bool, about: int | None, add: list[str], remove: list[str], note: dict[str, str | None]
    ) -> str:
        """Of a record that is there, or of one that is still to come; of one moment, now and then, several."""
        said = {"add": add, "remove": remove, **note}
        return self.say("audio.tagged", said, self.subject(about), announced=announced)

    @rule(
        target=names,
        announced=st.booleans(),
        about=st.one_of(st.none(), st.integers(0, 5)),
        over=st.lists(st.integers(0, 5), min_size=1, max_size=3),
        user=st.sampled_from([None, "anna", "Anna"]),
    )
    def prefer(self, announced: bool, about: int | None, over: list[int], user: str | None) -> str:
        said = {"over": [self.subject(each) for each in over], "caller": {"user": user}}
        return self.say("audio.preferred", said, self.subject(about), announced=announced)

    def subject(self, about: int | None) -> str:
        known = self.made()
        return str(known[about % len(known)]["subject"]) if about is not None and known else uuid7()

    def say(self, what: str, data: dict[str, Any], subject: str, *, announced: bool) -> str:
        name = self.new_name()
        moment = {"time": f"2026-11-22T12:00:00.00000{self.counter % 4}Z"}
        self.write(name, encode(envelope(what, data, subject=subject, **moment)), announced=announced)
        return name

    # -- the world

    @rule(seconds=st.floats(0, 90))
    def step(self, seconds: float) -> None:
        self.clock.passes(seconds)
        if not self.process.step():
            self.restart()

    @rule()
    def overflow(self) -> None:
        self.process.notices.missed(self.process.folder.key)

    @rule(seconds=st.integers(-4000, 4000))
    def clock_set(self, seconds: int) -> None:
        self.clock.skew_ns += seconds * 1_000_000_000

    @rule(plan=st.lists(st.sampled_from(["", "before", "after", "die before", "die after"]), max_size=4))
    def database_fails(self, plan: list[str]) -> None:
        self.process.sink.plan = plan

    @rule()
    def restart(self) -> None:
        """Killed: nothing is drained, nothing is said."""
        self.process.end()
        self.process = self.start()

    @rule()
    def take_backup(self) -> None:
        self.backup = self.root / "backup.db"
        self.backup.unlink(missing_ok=True)
        back_up(self.database, self.backup)

    @precondition(lambda self: self.backup is not None)
    @rule()
    def restore_backup(self) -> None:
        assert self.backup is not None
        restore(self.backup, self.database)
        present = {id_ for content in self.model.files.values() if (id_ := event_id(content)) is not None}
        self.model.must &= present | self.stored_ids()

    @rule(seconds=st.floats(0, 5), back=st.booleans())
    def folder_away(self, seconds: float, back: bool) -> None:
        """Renamed away while the shipper goes on, then back, or another one in its place."""
        self.note_shipped()
        self.folder.rename(self.root / "away")
        self.step(seconds)
        if not back:
            self.folder.mkdir()
            self.step(seconds)
            self.folder.rmdir()
        (self.root / "away").rename(self.folder)

    # -- the promise

    def stored_ids(self) -> set[str]:
        return {str(row[0]) for row in rows(self.database, "SELECT id FROM tts_events")}

    def note_shipped(self) -> None:
        self.model.shipped(self.stored_ids())

    @rule()
    def calm(self) -> None:
        self.process.sink.plan = []
        self.clock.skew_ns = max(self.clock.skew_ns, 0)
        self.process.settle()
        tally = self.process.tally
        assert tally.conserved, vars(tally)
        assert tally.pending == 0
        self.check_events()
        self.check_quarantine()
        self.check_records()

    def check_events(self) -> None:
        stored = {str(id_): sha for id_, sha in rows(self.database, "SELECT id, sha256 FROM tts_events")}
        missing = self.model.must - set(stored)
        assert not missing, f"lost: {missing}"
        for id_, sha in stored.items():
            assert sha in self.model.contents[id_]

    def check_quarantine(self) -> None:
        found = rows(self.database, "SELECT path, reason FROM sidecar_quarantine WHERE status = 'quarantined'")
        quarantined = {os.path.basename(str(path)): str(reason) for path, reason in found}
        stored = {str(id_): sha for id_, sha in rows(self.database, "SELECT id, sha256 FROM tts_events")}
        for name, content in self.model.files.items():
            expected = reason_of(content, stored)
            assert quarantined.get(name, "") == expected, (name, expected, content)

    def check_records(self) -> None:
        stored = rows(self.database, "SELECT event FROM tts_events")
        events = [json.loads(str(event)) for (event,) in stored]
        expected = fold([event for event in events if event["type"] != STARTED])
        found = rows(self.database, "SELECT event_id, status, text_input, rating, deleted_at FROM tts_records")
        assert {str(row[0]): (*row[1:4], row[4] is not None) for row in found} == expected
        self.check_said(events)
        processes = {}
        for event in sorted((event for event in events if event["type"] == STARTED), key=lambda event: event["id"]):
            processes[event["source"]] = event["id"], (event["data"]["packages"] or {}).get("torch")
        told = rows(self.database, "SELECT source, event_id, torch FROM tts_processes")
        assert {source: tuple(facts) for source, *facts in told} == processes

    def check_said(self, events: list[Any]) -> None:
        """Of each tag, note, pair and person the latest counts, of two at one moment that of the greater id."""
        tags: dict[tuple[str, ...], int] = {}
        notes: dict[str, str | None] = {}
        preferences: dict[tuple[str, ...], int] = {}
        for event in sorted(events, key=lambda event: (event["time"], event["id"])):
            subject, data = event["subject"], event["data"]
            if event["type"] == "indextts.audio.tagged":
                tags |= {(subject, tag): 0 for tag in data["remove"]} | {(subject, tag): 1 for tag in data["add"]}
                notes |= {subject: data["note"]} if "note" in data else {}
            elif event["type"] == "indextts.audio.preferred":
                person = hashlib.sha256((data["caller"]["user"] or "").encode()).hexdigest()
                for other in data["over"]:
                    if other != subject:
                        preferences |= {(subject, other, person): 1, (other, subject, person): 0}
        stored = rows(self.database, "SELECT event_id, tag, present FROM tts_tags")
        assert {(str(row[0]), str(row[1])): row[2] for row in stored} == tags
        noted = rows(self.database, "SELECT event_id, take_note FROM tts_records WHERE note_key IS NOT NULL")
        assert {str(event_id): note for event_id, note in noted} == notes
        told = rows(self.database, "SELECT event_id, other, person, won FROM tts_preferences")
        assert {tuple(map(str, row[:3])): row[3] for row in told} == preferences


def reason_of(content: bytes | str, stored: dict[str, object]) -> str:
    """The reason code under which a file must be in quarantine; "" for none."""
    if isinstance(content, str):
        return content
    for reason, bad in BAD.items():
        if content == bad:
            return reason
    id_ = event_id(content)
    if id_ is None:
        return "" if content == FOREIGN else "invalid_json"
    return "" if stored[id_] == digest(content) else "rejected_by_sink"


def fold(events: list[Any]) -> dict[str, tuple[object, ...]]:
    """The projection in its shortest words: status, text, last rating, whether the audio is deleted."""
    records: dict[str, tuple[object, ...]] = {}
    for event in sorted(events, key=lambda event: (event["time"], event["id"])):
        status, text, rating, deleted = records.get(event["subject"], ("pending", "", None, False))
        if event["type"].startswith("indextts.synthesis."):
            status, text = event["type"].rpartition(".")[2], event["data"].get("text") or ""
        elif event["type"] == "indextts.audio.rated":
            rating = event["data"]["rating"]
        elif event["type"] == "indextts.audio.deleted":
            deleted = True
        elif event["type"] == "indextts.audio.preferred" or "note" not in event["data"]:
            continue  # other tables' matter
        records[event["subject"]] = (status, text, rating, deleted)
    return records


TestFolder = FolderMachine.TestCase
TestFolder.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=40,
    suppress_health_check=list(HealthCheck),
    deadline=None,
)
