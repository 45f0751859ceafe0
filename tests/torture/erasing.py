"""Two hosts with one database, on which everything may be made, erased, restored and shipped again; and what is true of
it whatever happens: no byte and no row that was not asked to go is gone, nothing that was asked to go comes back.

What a step may take is worked out here from the bytes and rows before it, without a line of what does the work.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from pathlib import Path
from typing import Any

from sidecar.event.publish import Publisher
from sidecar.service.retry import Retry, RetryPolicy
from sidecar.shipping.courier import Courier
from sidecar.storage.database import Database, in_chunks, marks
from sidecar.storage.sink import Sink
from sidecar.upkeep.backfill import backfill, survey
from sidecar.upkeep.forget import forget
from sidecar.upkeep.inventory import list_names
from sidecar.upkeep.mentions import Target
from sidecar.upkeep.pending import Place, pending
from sidecar.upkeep.prune import Policy, carry_out, plan
from sidecar.upkeep.rebuild import Rebuilt, rebuild
from sidecar.upkeep.redelivery import Redelivery
from sidecar.upkeep.verify import verify
from tests.events import encode, envelope, publish, rfc3339, succeeded, uuid7
from tests.torture.harness import ManualClock, Process

TABLES = (
    *("tts_records", "tts_processes", "tts_scores", "tts_tags", "tts_preferences", "tts_events"),
    *("sidecar_positions", "sidecar_quarantine"),
)
USERS = ("anna", "ANNA", "anna ", "änna", "😀", "😎")
SYNTHESIS = "indextts.synthesis."
TOMBSTONE = "indextts.record.forgotten"
ERASED = "indextts.events.erased"
_MAX_BYTES = 1_000_000

_REMEMBERED = 2000

Document = dict[str, Any]
Files = dict[tuple[str, str], bytes]


def untracked(items: Any, *_: object) -> Any:
    return iter(items)


@dataclass
class Host:
    name: str
    folder: Path
    sink: Callable[[], Sink]
    process: Process | None = None
    backup: dict[str, tuple[bytes, float]] | None = None

    @property
    def shipper(self) -> str:
        return f"on-{self.name}"


@dataclass
class Snapshot:
    files: Files
    ages: dict[tuple[str, str], float]
    events: dict[str, Document]
    """By id."""
    records: dict[int, tuple[str | None, str | None]]
    """By number: event_id and user_id."""
    overwritten: frozenset[str]
    """Takes whose audio another took the name of: what was said of it may have been forgotten since."""

    def documents(self, host: str) -> Iterator[tuple[str, Document]]:
        """The events that lie on a host, whole, by the files' names."""
        for (where, name), raw in self.files.items():
            if where == host and name.endswith(".json") and not name.startswith("."):
                yield name, parsed(raw)

    def audio_of(self, host: str, subjects: set[str]) -> set[str]:
        """Names of files on the host that are these records' audio: by name, content, and where they were recorded."""
        found = set()
        here = [document for _, document in self.documents(host)]
        recorded = [each for each in self.events.values() if source_host(each) == host]
        for each in [*here, *recorded]:
            audio = each["data"].get("audio") if each["type"].startswith(SYNTHESIS) else None
            if audio and each["subject"] in subjects and audio["path"].startswith("outputs/"):
                name = audio["path"].removeprefix("outputs/")
                if digest(self.files.get((host, name), b"")) == audio["sha256"]:
                    found.add(name)
        return found


@lru_cache(_REMEMBERED)
def parsed(raw: bytes | str) -> Document:
    """What an event says; nobody changes it. Looking is most of what a history costs, and little is new each time."""
    document: Document = json.loads(raw)
    return document


@lru_cache(_REMEMBERED)
def digest(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def source_host(event: Document) -> str:
    return str(event["source"]).split("/")[2]


def user_of(event: Document) -> str | None:
    caller = event["data"].get("caller") or {}
    return caller.get("user")


@dataclass
class World:
    """
    Args:
        connect: opens a connection for people's commands.
        sink: makes what a shipper writes with.
    """

    root: Path
    connect: Callable[[], Database]
    sink: Callable[[], Sink]
    reader: Database | None = None
    """A connection that is kept for looking; a server takes longer to connect than to answer."""
    clock: ManualClock = field(default_factory=ManualClock)
    hosts: dict[str, Host] = field(default_factory=dict)
    backup: dict[str, tuple[list[str], list[tuple[Any, ...]]]] | None = None
    forgotten: set[str] = field(default_factory=set)
    """Ids of everything that was asked to go for good."""
    overwritten: set[str] = field(default_factory=set)
    """Ids of takes whose file another take wrote over."""
    counter: int = 0
    _read: dict[tuple[Any, ...], bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("a", "b"):
            folder = self.root / name / "outputs"
            folder.mkdir(parents=True)
            self.hosts[name] = Host(name, folder, self.sink)

    def close(self) -> None:
        for host in self.hosts.values():
            self.restart(host)

    def restart(self, host: Host) -> None:
        if host.process is not None:
            host.process.end()
            host.process = None

    # -- what is made

    def moment(self, days: float) -> datetime:
        self.counter += 1
        return datetime.now(timezone.utc) - timedelta(days=days) + timedelta(microseconds=self.counter)

    def speak(self, host: Host, user: str, name: str, sound: int, days: float, *, elsewhere: bool = False) -> None:
        """A take, as the recording leaves it; overwriting the file of that name as upstream does."""
        raw = b"RIFF%d" % sound * 20
        at = self.moment(days)
        path = f"/elsewhere/{name}" if elsewhere else f"outputs/{name}"
        audio = {"path": path, "sha256": digest(raw), "bytes": len(raw)}
        stems = [f"{name}.json", *(f"{name}.{number}.json" for number in range(2, 100))]
        taken = [stem for stem in stems if (host.folder / stem).exists()]
        if taken and (before := json.loads((host.folder / taken[-1]).read_bytes()))["data"]["audio"]["path"] == path:
            audio["replaces"] = before["subject"]
            self.overwritten.add(before["subject"])
        if not elsewhere:
            self.write(host, name, raw, days)
        source = f"indextts://{host.name}/1"
        data = {"audio": audio, "caller": {"user": user}}
        event = succeeded(f"words of {user}", source=source, sequence=self.counter, time=rfc3339(at), data=data)
        publish(host.folder, event, name=next(stem for stem in stems if stem not in taken))

    def write(self, host: Host, name: str, raw: bytes, days: float) -> None:
        """Audio without an event."""
        path = host.folder / name
        path.unlink(missing_ok=True)
        path.write_bytes(raw)
        at = datetime.now(timezone.utc).timestamp() - days * 86400
        os.utime(path, (at, at))

    def rate(self, host: Host, user: str, about: int) -> None:
        self._say(host, user, about, "audio.rated", {"rating": 1 + about % 5, "note": f"says {user}"})

    def tag(self, host: Host, user: str, about: int, *, add: list[str], remove: list[str]) -> None:
        note = {"note": f"notes {user}"} if about % 2 else {}
        self._say(host, user, about, "audio.tagged", {"add": add, "remove": remove, **note})

    def prefer(self, host: Host, user: str, about: int, over: int) -> None:
        others = self._subjects()
        if others:
            self._say(host, user, about, "audio.preferred", {"over": [others[over % len(others)]]})

    def _say(self, host: Host, user: str, about: int, what: str, data: Document) -> None:
        subjects = self._subjects()
        if subjects:
            said = envelope(
                what,
                {**data, "caller": {"user": user}},
                source=f"indextts://{host.name}/web-1",
                subject=subjects[about % len(subjects)],
                time=rfc3339(self.moment(0)),
            )
            publish(host.folder, said, name=f"{said['id']}.json")

    def _subjects(self) -> list[str]:
        return sorted({each["subject"] for each in self.all_documents() if each["type"].startswith(SYNTHESIS)})

    def leave_behind(self, host: Host, user: str) -> None:
        """What a killed process leaves: a marker of its call, and an event that was never given its name."""
        markers = host.folder / ".inflight"
        markers.mkdir(exist_ok=True)
        call = {"id": uuid7(), "data": {"text": "in flight", "caller": {"user": user}}}
        (markers / f"dead-{call['id']}.1.call").write_bytes(json.dumps(call).encode() + b"\n   ")
        temporary = host.folder / f".indextts-{uuid7()}.tmp"
        temporary.write_bytes(encode(succeeded(data={"caller": {"user": user}}))[:-40])
        os.utime(temporary, (10**9, 10**9))

    def insert(self, user: str) -> None:
        """A row of another program."""
        with closing(self.connect()) as database:
            database.execute(
                "INSERT INTO tts_records (text_input, audio_path, user_id) VALUES ('of another program', '', ?)", [user]
            )

    # -- what is done

    def ship(self, host: Host) -> None:
        if host.process is None:
            host.process = Process(host.folder, host.sink(), self.clock, name=host.shipper)
        host.process.settle(2)

    def forget(self, host: Host, user: str, *, copies: bool = False) -> None:
        with closing(self.connect()) as database:
            publisher = Publisher("forget", host.name)
            forget(self.place(host, database), publisher, Target(user=user), copies=copies)

    def forget_pending(self, host: Host) -> None:
        with closing(self.connect()) as database:
            place = self.place(host, database)
            if ids := pending(place):
                forget(place, Publisher("forget", host.name), Target(ids=ids))

    def place(self, host: Host, database: Database) -> Place:
        return Place(database=database, folders=[host.folder], host=host.name, shipper=host.shipper)

    def prune(self, host: Host, policy: Policy, days: float) -> None:
        before = datetime.now(timezone.utc) - timedelta(days=days)
        with closing(self.connect()) as database:
            planned = plan(
                host.folder,
                database,
                folders=[host.folder],
                host=host.name,
                policy=policy,
                before=before,
                max_bytes=None,
                event_max_bytes=_MAX_BYTES,
            )
            carry_out(planned, database, publisher=Publisher("prune", host.name), reason="old", track=untracked)

    def rebuild(self) -> Rebuilt:
        with closing(self.connect()) as database:
            return rebuild(database, untracked)

    def backfill(self, host: Host) -> None:
        with closing(self.connect()) as database:
            for _ in backfill(host.folder, survey(host.folder, min_age=0).unrecorded, database, host=host.name):
                pass

    def replay(self, host: Host) -> None:
        self.redeliver(host, list_names(host.folder).events)

    def repair(self, host: Host) -> None:
        with closing(self.connect()) as database:
            names = verify(
                host.folder, database, shipper=host.shipper, max_bytes=_MAX_BYTES, track=untracked
            ).to_repair()
        self.redeliver(host, names)

    def redeliver(self, host: Host, names: list[str]) -> None:
        retry = Retry(
            RetryPolicy(),
            stop=threading.Event(),
            on_failure=lambda _: None,
            on_success=lambda: None,
            sleep=lambda _: None,
        )
        courier = Courier(host.sink(), retry, quarantine_max_bytes=1024)
        try:
            Redelivery(
                courier=courier, shipper=host.shipper, folder=host.folder, max_bytes=_MAX_BYTES, batch_events=3
            ).deliver(names)
        finally:
            courier.close()

    def back_up_folder(self, host: Host) -> None:
        kept = (path for path in host.folder.iterdir() if path.is_file())
        host.backup = {path.name: (path.read_bytes(), path.stat().st_mtime) for path in kept}

    def restore_folder(self, host: Host) -> None:
        for name, (raw, mtime) in (host.backup or {}).items():
            path = host.folder / name
            path.unlink(missing_ok=True)
            path.write_bytes(raw)
            os.utime(path, (mtime, mtime))

    def back_up_database(self) -> None:
        with closing(self.connect()) as database:
            self.backup = {table: database.columns(f"SELECT * FROM {table}") for table in TABLES}

    def restore_database(self) -> None:
        if self.backup is None:
            return
        backup = self.backup

        def load() -> None:
            for table, (names, rows) in backup.items():
                database.execute(f"DELETE FROM {table}")
                for chunk in in_chunks(rows, 10):
                    places = ", ".join([f"({marks(names)})"] * len(chunk))
                    values = [value for row in chunk for value in row]
                    database.execute(f"INSERT INTO {table} ({', '.join(names)}) VALUES {places}", values)

        with closing(self.connect()) as database:
            database.alone(load)

    def calm(self) -> None:
        """What shippers and `forget --pending` of both hosts do by and by."""
        for host in self.hosts.values():
            self.ship(host)
        for host in self.hosts.values():
            self.forget_pending(host)
        for host in self.hosts.values():
            self.ship(host)

    # -- what is seen

    def snapshot(self) -> Snapshot:
        files, ages = {}, {}
        read = {}
        for host in self.hosts.values():
            for name, path, state in _files_below(host.folder):
                # A file is written once and never changed; one that takes its place has other times.
                which = path, state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns
                read[which] = self._read[which] if which in self._read else Path(path).read_bytes()
                files[host.name, name], ages[host.name, name] = read[which], state.st_mtime
        self._read = read
        return replace(self.rows(), files=files, ages=ages)

    def rows(self) -> Snapshot:
        """Without the files."""
        with nullcontext(self.reader) if self.reader is not None else closing(self.connect()) as database:
            events = database.query("SELECT id, event FROM tts_events")
            records = database.query("SELECT id, event_id, user_id FROM tts_records")
        return Snapshot(
            files={},
            ages={},
            events={str(id_): parsed(event) for id_, event in events},
            records={int(number): (event_id, user) for number, event_id, user in records},
            overwritten=frozenset(self.overwritten),
        )

    def all_documents(self) -> list[Document]:
        seen = self.snapshot()
        on_disk = [document for name in self.hosts for _, document in seen.documents(name)]
        return [*on_disk, *seen.events.values()]


def _files_below(folder: Path) -> Iterator[tuple[str, str, os.stat_result]]:
    """Name below the folder, path, state."""
    below = [("", str(folder))]
    while below:
        prefix, place = below.pop()
        with os.scandir(place) as entries:
            for entry in entries:
                if entry.is_dir():
                    below.append((f"{prefix}{entry.name}/", entry.path))
                else:
                    yield prefix + entry.name, entry.path, entry.stat()


def asked_for(before: Snapshot, host: str, user: str) -> set[str]:
    """Ids of what forgetting that user on that host asks to go: records, and events about others' records."""
    known = [document for _, document in before.documents(host)] + list(before.events.values())
    ids = {event_id for event_id, whose in before.records.values() if event_id is not None and whose == user}
    for each in known:
        if user_of(each) == user:
            ids.add(each["subject"] if each["type"].startswith(SYNTHESIS) else each["id"])
    return ids


def listed(events: Iterable[Document]) -> set[str]:
    """Ids in lists of what was forgotten, by what is done and what is left on which host."""
    found: set[str] = set()
    for each in events:
        for lists in (each["data"].get("left"), each["data"].get("done")) if each["type"] == ERASED else ():
            found.update(*(lists.values() if isinstance(lists, dict) else [lists or ()]))
    return found


def check_erased(
    before: Snapshot, after: Snapshot, host: str, ids: set[str], user: str | None, *, copies: bool = False
) -> None:
    """Forgetting these ids, and that user, on that host took what it had to and nothing else.

    Args:
        copies: whether audio was to go as well that only has the content of something forgotten.
    """
    audio = before.audio_of(host, ids)
    forgotten, unclaimed = _copies(before, host, ids) if copies else (set(), set())
    claimed = _audio(document for _, document in before.documents(host) if document["subject"] not in ids)
    recorded = _audio(
        each for each in before.events.values() if each["subject"] not in ids and source_host(each) == host
    )
    for (where, name), raw in before.files.items():
        if name.endswith(".json") and not name.startswith("."):
            document = parsed(raw)
            told = document["type"] in (TOMBSTONE, ERASED)
            must = may = not told and bool({document["subject"], document["id"]} & ids)
        elif name.endswith(".wav"):
            may = name in audio and (name, digest(raw)) not in claimed
            must = may and (name, digest(raw)) not in recorded
            may = may or digest(raw) in unclaimed
            must = must or digest(raw) in forgotten
        else:
            theirs = user is not None and _left_by(raw) == user
            must = may = theirs or any(each.encode() in raw for each in ids)
        if (where, name) in after.files:
            assert where != host or not must, f"{where}/{name} is still there: {raw[:300]!r}"
        else:
            assert where == host, f"{where}/{name} is gone"
            assert may, f"{where}/{name} is gone: {raw[:300]!r}"
    for id_, event in before.events.items():
        meant = event["type"] != TOMBSTONE and (event["subject"] in ids or id_ in ids)
        assert (id_ not in after.events) == meant, event
    spoken = {event["subject"] for event in after.events.values()}
    for number, (event_id, whose) in before.records.items():
        if event_id is None:
            assert (number not in after.records) == (user is not None and whose == user)
        elif event_id in ids:
            assert number not in after.records, event_id
        else:  # a stub may have lost the one event that spoke of it
            assert number in after.records or event_id not in spoken, event_id


def _audio(events: Iterable[Document]) -> set[tuple[str, str]]:
    """Name and hash of the audio that these say they recorded in the folder."""
    found = set()
    for each in events:
        audio = each["data"].get("audio") if each["type"].startswith(SYNTHESIS) else None
        if audio and audio["path"].startswith("outputs/"):
            found.add((audio["path"].removeprefix("outputs/"), audio["sha256"]))
    return found


def _copies(before: Snapshot, host: str, ids: set[str]) -> tuple[set[Any], set[Any]]:
    """Hashes of forgotten audio that no event at all says otherwise of, and of such that none says of that counts: a
    record whose audio was deleted or overwritten claims none."""
    here = [document for _, document in before.documents(host)]
    known = [*here, *before.events.values()]
    told = {each for event in known for each in event["data"].get("audio_sha256", ()) if event["type"] == ERASED}
    takes = [(each, each["data"].get("audio") or {}) for each in known if each["type"].startswith(SYNTHESIS)]
    meant = {audio.get("sha256") for each, audio in takes if each["subject"] in ids} | told
    others = [(each, audio) for each, audio in takes if each["subject"] not in ids]
    over = before.overwritten | {
        each["subject"] for each in before.events.values() if each["type"] == "indextts.audio.deleted"
    }
    lie_here = {each["id"] for each in here}
    claimed = {audio.get("sha256") for each, audio in others if each["subject"] not in over or each["id"] in lie_here}
    own = {audio.get("sha256") for each, audio in takes if each["subject"] in ids}
    return own - {audio.get("sha256") for _, audio in others}, meant - claimed


def _left_by(raw: bytes) -> str | None:
    """Whose call a marker or a half-written event is of."""
    match = re.search(rb'"user":\s*("[^"]*")', raw)
    return json.loads(match[1]) if match else None


def check_kept(before: Snapshot, after: Snapshot) -> None:
    """No file went, and no row that was not forgotten."""
    assert before.files.items() <= after.files.items(), set(before.files) - set(after.files)
    buried = {each["subject"] for each in after.events.values() if each["type"] == TOMBSTONE}
    for id_, event in before.events.items():
        assert id_ in after.events or event["subject"] in buried or id_ in buried
    # Of a pruned record nothing is left but that it was overwritten; it goes with the event that says so.
    spoken = {event["subject"] for event in before.events.values()}
    gone = [each for each in before.events.values() if each["type"].startswith(SYNTHESIS) and each["subject"] in buried]
    stubs = {(each["data"].get("audio") or {}).get("replaces") for each in gone} - spoken
    for number, (event_id, _) in before.records.items():
        assert number in after.records or event_id in buried or (event_id is not None and event_id in stubs)


def check_pruned(before: Snapshot, after: Snapshot, host: str, policy: Policy, cut: float) -> None:
    """Only what is old and was recorded went, from that host."""
    old = {
        document["subject"]
        for _, document in before.documents(host)
        if document["type"].startswith(SYNTHESIS) and datetime.fromisoformat(document["time"]).timestamp() < cut
    } | {document["subject"] for _, document in before.documents(host) if not document["type"].startswith(SYNTHESIS)}
    audio = before.audio_of(host, old)
    there = {document["id"] for _, document in before.documents(host)}
    for _, document in before.documents(host):  # what an earlier run has announced and removed
        there.update(document["data"].get("events", ()) if document["type"] == ERASED else ())
    for (where, name), raw in before.files.items():
        if (where, name) in after.files:
            continue
        assert where == host
        if name.endswith(".wav"):
            assert name in audio
            assert before.ages[where, name] < cut
        else:
            assert policy is not Policy.AUDIO
            document = parsed(raw)
            assert document["subject"] in old
            assert before.events[document["id"]] == document
    for id_, event in before.events.items():
        if id_ not in after.events:
            assert policy is Policy.EVERYTHING
            assert id_ in there, event
    strangers = {number for number, (event_id, _) in before.records.items() if event_id is None}
    assert strangers <= set(after.records)


def check_always(seen: Snapshot) -> None:
    """The database holds nothing that it has a tombstone of."""
    buried = {each["subject"] for each in seen.events.values() if each["type"] == TOMBSTONE}
    for id_, event in seen.events.items():
        assert event["type"] == TOMBSTONE or not ({id_, event["subject"]} & buried), event
    assert not {event_id for event_id, _ in seen.records.values()} & buried


def check_calm(world: World) -> None:
    """After calm nothing that was forgotten is anywhere, everything else that lies in a folder is in the database, and
    each record is what its events say."""
    seen = world.snapshot()
    documents = [document for host in world.hosts for _, document in seen.documents(host)]
    known = [*documents, *seen.events.values()]
    remembered = {each["subject"] for each in known if each["type"] == TOMBSTONE}
    check_always(seen)
    for document in documents:
        if document["type"] in (TOMBSTONE, ERASED):
            assert document["id"] in seen.events
            continue
        assert not {document["id"], document["subject"]} & remembered, document
        assert document["id"] in seen.events, document
    for (where, name), raw in seen.files.items():
        if name.endswith((".call", ".tmp")) and ERASED.encode() not in raw and TOMBSTONE.encode() not in raw:
            assert not any(each.encode() in raw for each in remembered), (where, name, raw[:300])
    check_said(world, seen)
    done = world.rebuild()
    assert (done.added, done.changed, done.dropped) == (0, 0, 0), done
    assert (done.tags, done.preferences) == (0, 0), done


def check_said(world: World, seen: Snapshot) -> None:
    """Tags and preferences are what the latest of the events that are left say."""
    buried = {each["subject"] for each in seen.events.values() if each["type"] == TOMBSTONE}
    tags: dict[tuple[str, str], int] = {}
    preferences: dict[tuple[str, str, str], int] = {}
    for event in sorted(seen.events.values(), key=lambda each: (each["time"], each["id"])):
        subject, data = event["subject"], event["data"]
        if event["type"] == "indextts.audio.tagged":
            tags |= {(subject, tag): 0 for tag in data["remove"]} | {(subject, tag): 1 for tag in data["add"]}
        if event["type"] == "indextts.audio.preferred":
            person = digest(data["caller"]["user"].encode())
            for other in data["over"]:
                if other != subject:
                    preferences |= {(subject, other, person): 1, (other, subject, person): 0}
    preferences = {key: won for key, won in preferences.items() if key[0] not in buried}
    with closing(world.connect()) as database:
        stored = {tuple(row[:2]): row[2] for row in database.query("SELECT event_id, tag, present FROM tts_tags")}
        told = database.query("SELECT event_id, other, person, won FROM tts_preferences")
    assert stored == tags
    assert {tuple(row[:3]): row[3] for row in told} == preferences
