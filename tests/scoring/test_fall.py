"""A planted fall of quality: noise from a day on, in one voice. Report, page and alert find that day and that voice."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
from collections import defaultdict
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from random import Random
from typing import Any

import pytest
import soundfile
import yaml
from prometheus_client import CollectorRegistry

from sidecar.answers.unscored import Wanted, takes
from sidecar.event.event import Event
from sidecar.event.publish import Publisher
from sidecar.scoring.measures import Scorer
from sidecar.service.metrics.scores import Scores
from sidecar.upkeep.scores import Outcome, score
from sidecar.wording import translator
from tests.answers.three_ways import library
from tests.events import encode, publish, rfc3339, scored, succeeded, uuid7
from tests.operate.prometheus import DEPLOY, program
from tests.operate.scene import Scene, set_scene
from tests.running import missing
from tests.scoring.clips import _noisy, lacking, make
from tests.servers import sqlite_url

VOICES = (("cmn+f2", 165), ("cmn+m3", 180))
NAMES = [f"{name}.wav" for name, _ in VOICES]
FALLEN = NAMES[0]
DAYS, FELL = 14, 8
A_DAY = 3  # of each voice: 24 before, 18 after
BEGAN = datetime(2026, 11, 2, 8, tzinfo=timezone.utc)
DAY = (BEGAN + timedelta(days=FELL)).date()
ALERT = "TtsVoiceQualityFell"


@dataclass
class Studio:
    scene: Scene
    scores: dict[tuple[str, bool], list[float]]
    """What the scorer gave, by voice and whether it had fallen."""


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Studio:
    """Two weeks of clips, shipped, scored by the real scorer, and shipped again."""
    if lack := lacking():
        missing(lack)
    place = tmp_path_factory.mktemp("fall")
    scene = set_scene(place, sqlite_url(place / "sidecar.db"))
    random, voices = Random(3), {}
    clips = []
    for seed, voice in enumerate(VOICES):
        (folder := place / voice[0]).mkdir()
        clips += list(enumerate(make(folder, seed, count=DAYS * A_DAY, spoiled=0, voices={"zh": (voice,)})))
    for number, clip in clips:
        day = number // A_DAY
        fell = clip.voice == FALLEN and day >= FELL
        if fell:
            samples, hertz = soundfile.read(clip.path)
            soundfile.write(clip.path, _noisy(samples, hertz, random).clip(-1, 1), hertz, subtype="PCM_16")
        name = f"{clip.path.parent.name}-{clip.path.name}"
        raw = clip.path.rename(scene.folder / name).read_bytes()
        audio = {"path": f"outputs/{name}", "sha256": hashlib.sha256(raw).hexdigest(), "bytes": len(raw)}
        data: dict[str, Any] = {"voice": {"path": f"voices/{clip.voice}"}, "language": "zh", "audio": audio}
        at = BEGAN + timedelta(days=day, minutes=number)
        data["model"] = {"version": random.choice(("2", "2.5"))}
        event = succeeded(clip.text, data=data, time=rfc3339(at), emotion=random.choice(("happy", "sad")))
        voices[event["id"]] = clip.voice, fell
        publish(scene.folder, event, name=f"{name}.json")
    scene.ship()
    scorer, publisher = Scorer(), Publisher("score")  # as `sidecar score` does, but at this process's own priority
    with closing(scene.database()) as database:
        for take in list(takes(database, Wanted())):
            assert score(database, publisher, [scene.folder], scorer, take).outcome is Outcome.SCORED
    scene.ship()
    found: dict[tuple[str, bool], list[float]] = defaultdict(list)
    for event_id, heard, voice in scene.query("SELECT event_id, mos_overall, voice FROM tts_heard"):
        assert voice == f"voices/{voices[event_id][0]}"
        found[voices[event_id]].append(float(heard))
    assert sum(map(len, found.values())) == len(clips)
    return Studio(scene, found)


def others(text: str) -> list[str]:
    """Sentences that name something else than the voice that fell."""
    every = re.findall(r"(?:Voice|Model|Emotion) (\S+)[^.]*? from \d{4}-\d\d-\d\d on", text)
    assert every
    return [each for each in every if each != FALLEN]


@pytest.mark.slow
def test_the_report_names_the_voice_and_the_day(studio: Studio) -> None:
    output = studio.scene.place / "report.html"
    studio.scene.run("report", "--since", "2026-11-01", "--output", str(output), "--in", "en")
    text = output.read_text(encoding="utf-8")
    assert f"Voice {FALLEN} (zh) sounds worse from {DAY} on" in text
    assert others(text) == []
    assert translator("en")("sound_by_voice") in text


@pytest.mark.slow
def test_the_page_names_the_voice_and_the_day(studio: Studio) -> None:
    with library(studio.scene.settings["SIDECAR_DATABASE_URL"]) as get:
        text = get("/charts?since=2026-11-01").decode()
    assert f"Voice {FALLEN} (zh) sounds worse from {DAY} on" in text
    assert f'data-change="{DAY}"' in text
    assert others(text) == []


@pytest.mark.slow
def test_the_alert_fires_for_that_voice_on_that_day_or_the_next_and_for_no_other(
    studio: Studio, tmp_path: Path
) -> None:
    """As the shipper would have counted it: events with the scorer's own scores, more of them a day than were spoken,
    through the real counter into promtool's series: one an hour of each voice.
    """
    random, registry = Random(5), CollectorRegistry()
    counter = Scores(registry, 20)
    series: dict[str, list[str]] = defaultdict(list)
    for hour in range(24 * DAYS):
        fallen = hour >= 24 * FELL
        for name in NAMES:
            score = random.choice(studio.scores[name, name == FALLEN and fallen])
            event = scored(uuid7(), mos_overall=score)
            event["data"]["voice"] = {"path": f"voices/{name}", "sha256": None}
            counter.committed([Event.decode(encode(event))])
        for family in registry.collect():
            for sample in family.samples:
                if sample.name.endswith(("_sum", "_count")):
                    labels = f'job="indextts-sidecar",instance="studio",voice="{sample.labels["voice"]}"'
                    series[f"{sample.name}{{{labels}}}"].append(f"{sample.value:.4f}")
    firing = f'count by (voice) (ALERTS{{alertname="{ALERT}",alertstate="firing"}})'
    silent = [{"expr": firing, "eval_time": f"{24 * day}h", "exp_samples": []} for day in (4, 6, FELL)]
    told = {"labels": f'{{voice="{FALLEN}"}}', "value": 1}
    tests = {
        "rule_files": [str(DEPLOY / "prometheus" / "alerts.yml")],
        "evaluation_interval": "15m",
        "tests": [
            {
                "interval": "1h",
                "input_series": [{"series": name, "values": " ".join(values)} for name, values in series.items()],
                "promql_expr_test": [
                    *silent, {"expr": firing, "eval_time": f"{24 * (FELL + 1)}h", "exp_samples": [told]},
                ],
            }
        ],
    }  # fmt: skip
    path = tmp_path / "fall.test.yml"
    path.write_text(yaml.safe_dump(tests))
    done = subprocess.run(
        [program("promtool"), "test", "rules", str(path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_a_scored_event_says_whose_voice_it_was(studio: Studio) -> None:
    events = [json.loads(path.read_bytes()) for path in studio.scene.folder.glob("*.json")]
    heard = [each for each in events if each["type"] == "indextts.audio.scored"]
    assert {each["data"]["voice"]["path"] for each in heard} == {f"voices/{name}" for name in NAMES}
