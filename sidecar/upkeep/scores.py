"""Scoring takes: has each measured, and publishes what was heard as an event file in the take's folder, which the
shipper carries.

An event's id follows from the take and the scorer's version, and its file is named by it; one with a transcript has an
id of its own, so that what was scored without can be heard later. So whoever scores a take a
second time, after a crash, on another host, or because the shipper is behind, finds the file there and leaves it: each
take is scored once by each version. What cannot be scored gets an event too, with the reason, and is not tried again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO
from uuid import UUID

from sidecar.answers.audio import AudioMissing, AudioState, homes, open_audio
from sidecar.answers.unscored import Take
from sidecar.event.publish import Publisher, uuid7
from sidecar.event.types import SCORED, SYNTHESIS
from sidecar.scoring.measures import VERSION, Scorer, as_data, models
from sidecar.scoring.recogniser import NotHeard, Recogniser
from sidecar.scoring.sound import MOST_SECONDS, Unscorable
from sidecar.scoring.transcript import Transcript, compared
from sidecar.storage.database import Database

_BLOCK = 1 << 20  # bytes
_LONGEST_REASON = 1024  # characters, as the schema has it
_FOR_GOOD = (AudioState.GONE, AudioState.CHANGED)


class Outcome(StrEnum):
    """What became of one take."""

    SCORED = "scored"
    UNSCORABLE = "unscorable"
    """Its event says why."""
    THERE = "there"
    """Its score is there already, on its way into the tables."""
    SKIPPED = "skipped"
    """Not here, or replaced or deleted meanwhile; nothing was written."""


@dataclass(frozen=True, kw_only=True)
class Done:
    event_id: str
    """The record."""
    outcome: Outcome
    why: str = ""
    """Why there is no score, or no transcript."""


def score(
    database: Database,
    publisher: Publisher,
    folders: Sequence[Path],
    scorer: Scorer,
    take: Take,
    *,
    recogniser: Recogniser | None = None,
    heard: bool = False,
) -> Done:
    """Score one take.

    Args:
        folders: the watched folders, absolute.
        take: as sidecar.answers.unscored gives it.
        recogniser: writes down what is said in it, where an installation has one.
        heard: whether it has a score, and is to have one with a transcript.

    Raises:
        PublishError: the folder cannot be written.
        TemporarySinkError: the database cannot serve.
    """
    event_id = str(take["event_id"])
    folder = homes(database, folders, [event_id]).get(event_id)
    if folder is None:
        return Done(event_id=event_id, outcome=Outcome.SKIPPED, why="its event file is in no watched folder")
    plain, with_transcript = score_id(event_id), score_id(event_id, f"{VERSION}, heard")
    if any((folder / f"{each}.json").exists() for each in ([] if heard else [plain]) + [with_transcript]):
        return Done(event_id=event_id, outcome=Outcome.THERE)
    identity = plain
    voice = {"path": take["voice"], "sha256": take["voice_sha256"]}
    data: dict[str, Any] = {
        "scorer": VERSION,
        "models": dict(models()),
        "voice": voice if any(voice.values()) else None,
    }
    outcome, why = Outcome.SCORED, ""
    try:
        with open_audio(database, folders, take).file as file:
            before = _hash(file)
            data["measures"] = dict(as_data(scorer.measure(file, _text(take["text_input"]))))
            data["audio_sha256"] = before
            transcript = _heard(recogniser, file, take, data["measures"]["seconds"])
            if transcript is not None:
                data["transcript"] = transcript.as_data()
                identity = plain if transcript.text is None else with_transcript
                why = transcript.problem or ""
    except Unscorable as error:
        outcome, why = Outcome.UNSCORABLE, str(error)
        data["problem"] = {"reason": error.reason.value, "message": str(error)}
    except AudioMissing as error:
        if error.state not in _FOR_GOOD or not _own_file_is_there(database, folder, event_id):
            return Done(event_id=event_id, outcome=Outcome.SKIPPED, why=str(error))
        outcome, why = Outcome.UNSCORABLE, str(error)
        data["problem"] = {"reason": error.state.value, "message": str(error)}
    if heard and identity == plain:
        return Done(event_id=event_id, outcome=Outcome.SKIPPED, why=why or "there is nothing to compare it with")
    if _is_no_longer(database, event_id):
        return Done(event_id=event_id, outcome=Outcome.SKIPPED, why="it was replaced or deleted meanwhile")
    try:
        publisher.publish(folder, SCORED, event_id, data, identity=identity)
    except FileExistsError:  # by another scorer, in the same moment
        return Done(event_id=event_id, outcome=Outcome.THERE)
    return Done(event_id=event_id, outcome=outcome, why=why)


def _heard(recogniser: Recogniser | None, file: BinaryIO, take: Take, seconds: float) -> Transcript | None:
    """What was heard beside what should have been said; None where nobody listens, or no text was kept to compare."""
    text = _text(take["text_input"])
    if recogniser is None or text is None:
        return None
    if seconds > MOST_SECONDS:
        return Transcript(recogniser=recogniser.name, problem=f"longer than {MOST_SECONDS:.0f} s")
    try:
        return compared(text, recogniser.hear(file), recogniser.name)
    except NotHeard as error:
        return Transcript(recogniser=recogniser.name, problem=str(error)[:_LONGEST_REASON])


def score_id(event_id: str, version: str = VERSION) -> str:
    """The id of the event that says how a take was scored by a version."""
    random = hashlib.sha256(f"{SCORED}:{event_id}:{version}".encode()).digest()[:10]
    return uuid7(UUID(event_id).int >> 80, random)


def _is_no_longer(database: Database, event_id: str) -> bool:
    rows = database.query("SELECT replaced_by, deleted_at FROM tts_records WHERE event_id = ?", [event_id])
    return not rows or any(value is not None for value in rows[0])


def _own_file_is_there(database: Database, folder: Path, event_id: str) -> bool:
    """Whether the folder holds what it should: where a disk is not mounted, no WAV is there, and none is gone."""
    rows = database.query("SELECT path FROM tts_events WHERE subject = ? AND type LIKE ?", [event_id, f"{SYNTHESIS}%"])
    return any((folder / PurePosixPath(str(path)).name).exists() for (path,) in rows)


def _text(stored: str) -> str | None:
    """The text; None where the installation keeps only its hash."""
    return None if not stored or stored.startswith("sha256:") else stored


def _hash(file: BinaryIO) -> str:
    file.seek(0)
    digest = hashlib.sha256()
    while block := file.read(_BLOCK):
        digest.update(block)
    file.seek(0)
    return digest.hexdigest()
