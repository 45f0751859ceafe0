"""Every column of tts_records and tts_processes, described once: what it holds, where an event says it, who may see it.

The projection, the sinks' statements, exports, the API, `sidecar find --json` and the reference are built from it. The
DDL in schema/ is written by hand; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sidecar.event.types import DISCOVERED, INTERRUPTED, SYNTHESIS

if TYPE_CHECKING:
    from sidecar.event.event import Event


class Kind(StrEnum):
    """What a column's values are."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    TIME = "time"
    TRUTH = "truth"
    """0 or 1."""
    JSON = "json"


class Audience(StrEnum):
    """Who may see a column."""

    EVERYBODY = "everybody"
    """Figures, times and outcomes, which say nothing of a person."""
    TRUSTED = "trusted"
    """What was said, by whom and in whose voice: for whoever may hear the audio too."""
    NOBODY = "nobody"
    """How rows are folded: for this program alone."""


class Facet(StrEnum):
    """The side of a record that a column belongs to; each side is told by other events (sidecar.storage.projection)."""

    BASE = "base"
    REPLACEMENT = "replacement"
    RATING = "rating"
    DELETION = "deletion"
    REVIEW = "review"
    NOTE = "note"
    PROCESS = "process"
    """Of tts_processes, which has no other."""
    SCORE = "score"
    """Of tts_scores (sidecar.storage.scores), which has no other."""
    TAG = "tag"
    PREFERENCE = "preference"
    """Of tts_tags and tts_preferences (sidecar.storage.said), which have no other."""
    NONE = "none"
    """No event tells it: the database numbers its rows."""


@dataclass(frozen=True)
class Column:
    name: str
    kind: Kind
    unit: str
    """What a number counts, or what form a text has: seconds, hertz, share, UUID, path; empty where it goes without
    saying."""
    source: str | tuple[str, ...]
    """Where its facet's event has the value: names of members, joined by dots. Of several, the first with a value."""
    meaning: str
    """One sentence."""
    _: KW_ONLY
    compute: Callable[[Event, Any], Any] | None = None
    """From the event and what it has at the source, the column's value, where that is not the same."""
    facet: Facet = Facet.BASE
    audience: Audience = Audience.EVERYBODY
    nullable: bool = True
    listed: bool = False
    """Whether a list of records has it; one record by itself has every column."""


def _fold_key(event: Event, identity: str) -> str:
    """What a process reported itself outranks what was concluded after its death."""
    return ("1:" if event.type == INTERRUPTED else "2:") + identity


def _text(event: Event, text: str | None) -> str:
    """The text; where the installation keeps only its hash, "sha256:<hex>", so that equal texts stay equal."""
    if text is not None:
        return text
    digest = event.data.get("text_sha256")
    return f"sha256:{digest}" if digest else ""


def _path(_: Event, path: str | None) -> str:
    return path or ""


def _status(_: Event, type_: str) -> str:
    return type_.removeprefix(SYNTHESIS)


def _emotion(event: Event, label: str | None) -> str:
    # Nobody knows what was asked for when the audio was found later.
    return label or ("unknown" if event.type == DISCOVERED else "neutral")


def moment_key(event: Event, identity: str) -> str:
    """Time and id of an event: of several the latest counts, of two at once the one with the greater id."""
    return f"{event.time:%Y-%m-%dT%H:%M:%S.%f}:{identity}"


def _seen_doubts(_: Event, kinds: Sequence[str] | None) -> str | None:
    return None if kinds is None else ",".join(kinds)


def _host(_: Event, source: str) -> str:
    return source.split("/")[2]


def _engine(_: Event, versions: Mapping[str, str] | None) -> str | None:
    return ", ".join(f"{name} {version}" for name, version in sorted((versions or {}).items()))[:1024] or None


def _gpu(_: Event, gpus: Sequence[Mapping[str, Any]] | None) -> str | None:
    """Every model once: most machines have but one, whatever their number of GPUs."""
    return ", ".join(dict.fromkeys(gpu["name"] for gpu in gpus or () if gpu.get("name")))[:1024] or None


def _gpu_count(_: Event, gpus: Sequence[Any] | None) -> int | None:
    return None if gpus is None else len(gpus)


def _gpu_memory(_: Event, gpus: Sequence[Mapping[str, Any]] | None) -> int | None:
    return gpus[0].get("memory") if gpus else None


TEXT, INTEGER, NUMBER, TIME, TRUTH, JSON = Kind
BASE, REPLACEMENT, RATING, DELETION, REVIEW, NOTE, PROCESS, *_, NONE = Facet
EVERYBODY, TRUSTED, NOBODY = Audience

# In the order in which lists and answers have them. event_id comes first of what is folded: rows are sorted by it.
# fmt: off
COLUMNS = (
    Column("id", INTEGER, "", (), "Row number in this database.", facet=NONE, nullable=False, listed=True),
    Column("event_id", TEXT, "UUID", "subject", "The record's identity; null in a row that another program inserted.",
           listed=True),
    Column("created_at", TIME, "", "time", "When the synthesis ended, UTC.", nullable=False, listed=True),
    Column("started_at", TIME, "", "data.timing.started_at", "When it began, UTC."),
    Column("status", TEXT, "", "type", "What became of it; pending: its own event is not there.",
           compute=_status, nullable=False, listed=True),
    Column("text_input", TEXT, "", "data.text", "The text to speak; sha256:... where only its hash is kept.",
           compute=_text, audience=TRUSTED, nullable=False, listed=True),
    Column("language", TEXT, "", "data.language", "As the caller named it.", listed=True),
    Column("emotion", TEXT, "", "data.emotion.label", "The strongest emotion; neutral where none was asked for.",
           compute=_emotion, nullable=False, listed=True),
    Column("emotion_mode", TEXT, "", "data.emotion.mode",
           "Where the emotion came from: speaker, reference, vector or text."),
    Column("emotion_vector", JSON, "", ("data.emotion.vector_effective", "data.emotion.vector_input"),
           "Weights of happy, angry, sad, afraid, disgusted, melancholic, surprised and calm."),
    Column("emotion_alpha", NUMBER, "", ("data.emotion.alpha_effective", "data.emotion.alpha_requested"),
           "How strongly the emotion was applied."),
    Column("user_id", TEXT, "", "data.caller.user", "Who asked for it.", audience=TRUSTED, listed=True),
    Column("session_id", TEXT, "", "data.caller.session", "The caller's session.", audience=TRUSTED),
    Column("request_id", TEXT, "", "data.caller.request", "The caller's own id of the request.", audience=TRUSTED),
    Column("voice", TEXT, "path", "data.voice.path", "The speaker prompt.", audience=TRUSTED, listed=True),
    Column("voice_sha256", TEXT, "SHA-256", "data.voice.sha256", "The speaker prompt's content.",
           audience=TRUSTED, listed=True),
    Column("model_version", TEXT, "", "data.model.version", "1, 1.5, 2 or 2.5.", listed=True),
    Column("device", TEXT, "", "data.model.device", "What the model ran on, such as cuda:0."),
    Column("model_precision", TEXT, "", "data.model.precision", "fp32, fp16 or bf16."),
    Column("params", JSON, "", ("data.params.effective", "data.params.requested"), "Generation arguments as used."),
    Column("duration", NUMBER, "seconds", "data.audio.duration", "Length of the audio.", listed=True),
    Column("wall_time", NUMBER, "seconds", "data.timing.wall",
           "From call to result; of a stream, without the pauses of its consumer.", listed=True),
    Column("elapsed_time", NUMBER, "seconds", "data.timing.elapsed",
           "How long a stream lasted, its consumer's pauses included."),
    Column("first_chunk_time", NUMBER, "seconds", "data.timing.first_chunk",
           "From call to the first chunk of a stream."),
    Column("gpt_time", NUMBER, "seconds", "data.timing.gpt", "Spent generating tokens."),
    Column("s2mel_time", NUMBER, "seconds", "data.timing.s2mel", "Spent in s2mel."),
    Column("bigvgan_time", NUMBER, "seconds", "data.timing.bigvgan", "Spent in the vocoder."),
    Column("queue_wait", NUMBER, "seconds", "data.caller.queue_wait", "Between the request and the start."),
    Column("rtf", NUMBER, "ratio", "data.timing.rtf", "Real-time factor: wall_time / duration.", listed=True),
    Column("segments", INTEGER, "", "data.timing.segments", "Pieces that the text was split into."),
    Column("tokens", INTEGER, "", "data.generation.tokens", "Semantic tokens that were generated."),
    Column("last_stage", TEXT, "", "data.timing.stage",
           "Where a call was that failed, was given up or interrupted, such as gpt, s2mel or bigvgan."),
    Column("audio_path", TEXT, "path", "data.audio.path", "From the project root; empty where no audio came of it.",
           compute=_path, audience=TRUSTED, nullable=False, listed=True),
    Column("audio_sha256", TEXT, "SHA-256", "data.audio.sha256", "The audio file's content."),
    Column("audio_bytes", INTEGER, "bytes", "data.audio.bytes", "Size of the audio file.", listed=True),
    Column("sample_rate", INTEGER, "hertz", "data.audio.sample_rate", "Samples a second."),
    Column("peak", NUMBER, "share", "data.audio.peak", "Largest sample, of full scale."),
    Column("source", TEXT, "", ("data.process", "source"),
           "The process it ran in, which tts_processes describes: indextts://<host>/<process>."),
    Column("request_hash", TEXT, "SHA-256", "data.request_hash",
           "Of all that decides the audio; equal: the same request.", listed=True),
    Column("rating", INTEGER, "", "data.rating", "1 (bad) to 5 (good), the latest.", facet=RATING, listed=True),
    Column("rating_note", TEXT, "", "data.note", "What was noted with the rating.",
           facet=RATING, audience=TRUSTED, listed=True),
    Column("rated_by", TEXT, "", "data.caller.user", "Who rated it.", facet=RATING, audience=TRUSTED, listed=True),
    Column("error_type", TEXT, "", "data.error.type", "Class of the exception.", listed=True),
    Column("error_message", TEXT, "", "data.error.message", "What the exception said.", audience=TRUSTED, listed=True),
    Column("full_scale_share", NUMBER, "share", "data.audio.full_scale_share",
           "Samples at full scale; above 0.01 it is most likely saturated.", listed=True),
    Column("truncated", TRUTH, "", "data.truncated", "Generation stopped at max_mel_tokens.", listed=True),
    Column("replaced_by", TEXT, "UUID", "subject", "The record that overwrote the audio file.",
           facet=REPLACEMENT, listed=True),
    Column("reused_from", TEXT, "UUID", "data.audio.reused_from", "The record whose audio was handed back.",
           listed=True),
    Column("deleted_at", TIME, "", "time", "When the audio was deleted, UTC.", facet=DELETION, listed=True),
    Column("fold_key", TEXT, "", "id", "Rank and id of the event that the base columns come from.",
           compute=_fold_key, audience=NOBODY, nullable=False),
    Column("rating_key", TEXT, "", "id", "Time and id of the rating that counts.",
           compute=moment_key, facet=RATING, audience=NOBODY),
    Column("verdict", TEXT, "", "data.verdict", "What a person who heard it decided, the latest: keep or reject.",
           facet=REVIEW),
    Column("reviewed_at", TIME, "", "time", "When that was, UTC.", facet=REVIEW),
    Column("reviewed_by", TEXT, "", "data.caller.user", "Who decided it.", facet=REVIEW, audience=TRUSTED),
    Column("reviewed_doubts", TEXT, "", "data.doubts",
           "The doubts that were shown then, with commas between; empty where there was none.", compute=_seen_doubts,
           facet=REVIEW),
    Column("review_key", TEXT, "", "id", "Time and id of the verdict that counts.",
           compute=moment_key, facet=REVIEW, audience=NOBODY),
    Column("take_note", TEXT, "", "data.note", "What was noted of the take, the latest.",
           facet=NOTE, audience=TRUSTED, listed=True),
    Column("noted_by", TEXT, "", "data.caller.user", "Who noted it.", facet=NOTE, audience=TRUSTED, listed=True),
    Column("note_key", TEXT, "", "id", "Time and id of the note that counts.",
           compute=moment_key, facet=NOTE, audience=NOBODY),
)
PROCESS_COLUMNS = (
    Column("source", TEXT, "", "source", "Which process: indextts://<host>/<process>, as in tts_records.",
           facet=PROCESS, nullable=False),
    Column("event_id", TEXT, "UUID", "id", "The event that the row comes from.", facet=PROCESS, nullable=False),
    Column("started_at", TIME, "", "time", "When its first synthesis began, UTC.", facet=PROCESS, nullable=False),
    Column("host", TEXT, "", "source", "The machine's name.", compute=_host, facet=PROCESS, nullable=False),
    Column("recorder", TEXT, "", "data.recorder", "Name and version of what recorded it.", facet=PROCESS),
    Column("engine", TEXT, "", "data.engines", "Distributions and versions of its engines; null where they run from a "
           "clone.", compute=_engine, facet=PROCESS),
    Column("python", TEXT, "", "data.python", "Implementation and version.", facet=PROCESS),
    Column("platform", TEXT, "", "data.platform", "System, release and machine.", facet=PROCESS),
    Column("torch", TEXT, "", "data.packages.torch", "Version of torch.", facet=PROCESS),
    Column("transformers", TEXT, "", "data.packages.transformers", "Version of transformers.", facet=PROCESS),
    Column("cuda", TEXT, "", "data.cuda", "Version of CUDA that torch was built for.", facet=PROCESS),
    Column("driver", TEXT, "", "data.driver", "Version of NVIDIA's driver.", facet=PROCESS),
    Column("gpu", TEXT, "", "data.gpus", "Model of its GPUs; several models with commas between.", compute=_gpu,
           facet=PROCESS),
    Column("gpu_count", INTEGER, "", "data.gpus", "How many GPUs it saw; 0 where none was in use.", compute=_gpu_count,
           facet=PROCESS),
    Column("gpu_memory", INTEGER, "bytes", "data.gpus", "Memory of the first GPU.", compute=_gpu_memory, facet=PROCESS),
    Column("cpu", TEXT, "", "data.cpu.name", "Model of the processor.", facet=PROCESS),
    Column("cpu_cores", INTEGER, "", "data.cpu.cores", "Logical processors that it may use.", facet=PROCESS),
    Column("memory", INTEGER, "bytes", "data.memory", "Memory of the machine.", facet=PROCESS),
    Column("packages", JSON, "", "data.packages", "Versions of the libraries that it had loaded.", facet=PROCESS),
    Column("options", JSON, "", "data.options", "Of the recorder.", facet=PROCESS),
)
"""In the order of the table. The key, by which rows are sorted, comes first."""
# fmt: on
BY_NAME: Mapping[str, Column] = {column.name: column for column in COLUMNS}
LISTED = tuple(column.name for column in COLUMNS if column.listed)
INTERNAL = frozenset(column.name for column in COLUMNS if column.audience is NOBODY)


def kind(name: str) -> Kind:
    """What the values of a column are; a column that another program added is taken for text."""
    column = BY_NAME.get(name)
    return column.kind if column else Kind.TEXT
