"""Proves on a graphics card that the patch changes nothing there and that what it records is true.

    python tests/engines/gpu.py [--device cuda] [--engine 2 | 2.5] [--keep FOLDER]

It takes a clone of this project and a Python with the engines, as requirements.txt beside this file names them, with
torch for CUDA: no weights, no network, no pytest, less than five minutes. It prints a table, and ends with code 0 where
everything holds. With `--device cpu` all that needs a card is shown as not run.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

REPO = Path(__file__).resolve().parents[2]
VERSIONS = {"2": "indextts2-inference", "2.5": "indextts25-inference"}
PARTS = ("machine", "memory", "out_of_memory", "compiled", "graphs", "threads", "overhead")
# What two runs of a scene must have in common.
COMPARED = ("error", "warned", "printed", "result", "files", "random")
_DEADLINE = 900.0  # seconds for one part, which takes ten on a card; for one that hangs
_KILLED = -9

Check = tuple[str, "bool | None", str]


class Failed(Exception):
    """A part ended in another way than it should; the message is what it said last."""


def start(*words: str) -> subprocess.Popen[str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("INDEXTTS")}
    quiet = {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false", "PYTHONUTF8": "1", "PYTHONPATH": str(REPO)}
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", *words],
        cwd=REPO,
        env={**kept, **quiet},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str], *, code: int = 0) -> str:
    try:
        said, complained = process.communicate(timeout=_DEADLINE)
    except subprocess.TimeoutExpired:
        process.kill()
        raise Failed(f"no end after {_DEADLINE:.0f} s: {process.communicate()[1][-1500:]}") from None
    if process.returncode != code:
        raise Failed(f"ended with {process.returncode}: {(said + complained)[-1500:]}")
    return said


def scenes(version: str, folder: Path, device: str) -> Iterator[Check]:
    """Every scene of the project's own tests, with and without the patch in turns."""
    place = folder / "scenes"
    place.mkdir()
    finish(start("-m", "tests.engines.stage", version, str(place), device))
    played = json.loads((place / "scenes.json").read_text(encoding="utf-8"))
    for name, scene in played.items():
        yield f"scene {name}", *_scene(name, scene, events(place / name / "patched"))


def _scene(name: str, scene: dict[str, Any], told: list[dict[str, Any]]) -> tuple[bool, str]:
    bare, with_it = scene["bare"], scene["patched"]
    others = [
        part for part in COMPARED if bare[part] != with_it[part] and not (name == "verbose" and part == "printed")
    ]
    if others:
        return False, ", ".join(f"{part}: {str(bare[part])[:60]} / {str(with_it[part])[:60]}" for part in others)
    if with_it["tensors"] > bare["tensors"]:
        return False, f"{with_it['tensors']} tensors stay, {bare['tensors']} without the patch"
    if scene["complaints"]:
        return False, str(scene["complaints"])
    if name == "stream_never_begun":
        return not told, f"{len(told)} events"
    if len(told) != 1:
        return False, f"{len(told)} events"
    return _true(name, with_it, told[0])


def _true(name: str, played: dict[str, Any], event: dict[str, Any]) -> tuple[bool, str]:
    """Whether the event says what the engine used, as the scene's spies saw it."""
    data, used = event["data"], played["used"]
    ended = "failed" if played["error"] or name.endswith("given_up") else "succeeded"
    wrong = [] if event["type"].endswith(ended) else [event["type"]]
    if played["error"] and data["error"]["type"].rpartition(".")[2] != played["error"]["type"]:
        wrong.append(f"error {data['error']['type']}")
    if ended == "succeeded":
        effective = (data["params"] or {}).get("effective") or {}
        for passed in used["generation"][:1]:
            wrong += [
                f"{key}: {effective.get(key)}, used {value}"
                for key, value in passed.items()
                if effective.get(key) != value
            ]
        for file, digest in played["files"].items():
            if (data["audio"]["path"], data["audio"]["sha256"]) != (file, digest):
                wrong.append(f"audio {data['audio']['path']}")
        if not 0 < data["timing"]["wall"] <= played["elapsed"]:
            wrong.append(f"wall {data['timing']['wall']}, took {played['elapsed']:.3f}")
    return not wrong, "; ".join(wrong)


def events(folder: Path) -> list[dict[str, Any]]:
    """What events below a folder say of calls."""
    files = [path for path in folder.rglob("*.json") if ".inflight" not in path.parts]
    found = [json.loads(path.read_bytes()) for path in files]
    return [event for event in found if ".synthesis." in event.get("type", "")]


def part(name: str, version: str, folder: Path, device: str, how: str = "") -> dict[str, Any]:
    said = finish(start("-m", "tests.engines.card", name, version, str(folder), device, how))
    told: dict[str, Any] = json.loads(said.splitlines()[-1])
    return told


def device_assert(version: str, folder: Path, device: str) -> Iterator[Check]:
    name = "a failed assertion on the card is the same and recorded"
    if not device.startswith("cuda"):
        yield name, None, "no CUDA"
        return
    bare, with_it = (part("device_assert", version, folder / how, device, how) for how in ("bare", "patched"))
    holds = bare["errors"] == with_it["errors"] and with_it["recorded"][0]
    yield name, holds, f"{bare['errors'][1]} / {with_it['errors'][1]}, recorded {with_it['recorded'][1]}"


def killed(version: str, folder: Path, device: str) -> Iterator[Check]:
    """kill -9 in the middle of a call, and what the next process finds."""
    process = start("-m", "tests.engines.card", "dies", version, str(folder), device, "")
    assert process.stdout is not None
    if not any("READY" in line for line in process.stdout):  # the engine may say something before
        process.kill()
        raise Failed(process.communicate()[1][-1500:])
    process.kill()
    finish(process, code=_KILLED)
    place = folder / "dies"
    before = [event for event in events(place) if event["type"].endswith(".interrupted")]
    module = {"2": "indextts.infer_v2", "2.5": "indextts25.infer_v2_5"}[version]
    look = f"import indextts_patch; indextts_patch.install({_options(place)!r}); import {module}"
    finish(start("-c", look))
    told = [event for event in events(place) if event["type"].endswith(".interrupted")]
    yield (
        "kill -9 within a call is told by the next process",
        (len(before), len(told)) == (0, 1),
        f"{len(told)} event(s)",
    )
    if told:
        data = told[0]["data"]
        processes = [
            json.loads(path.read_bytes())["source"]
            for path in place.rglob("*.json")
            if b"indextts.process.started" in path.read_bytes()
        ]
        yield "it names the process that died", data["process"] in processes, data["process"]
        yield "it tells how far it had come", data["timing"].get("stage") is not None, data["timing"]


def _options(folder: Path) -> dict[str, str]:
    return {"INDEXTTS_PATCH_ROOT": str(folder), "INDEXTTS_PATCH_EVENTS_DIR": "events"}


def checks(version: str, folder: Path, device: str) -> Iterator[Check]:
    """Everything, on one engine."""
    steps = [
        ("scenes", scenes(version, folder, device)),
        *((name, _part(name, version, folder, device)) for name in PARTS),
        ("device_assert", device_assert(version, folder, device)),
        ("killed", killed(version, folder, device)),
    ]
    for name, step in steps:
        try:
            yield from step
        except (Failed, ValueError, KeyError, OSError) as error:  # noqa: PERF203 - few, and each by itself
            yield name, False, f"{type(error).__name__}: {error}"


def _part(name: str, version: str, folder: Path, device: str) -> Iterator[Check]:
    for check, (holds, seen) in part(name, version, folder, device).items():
        yield check, holds, seen


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda", help="cuda (the default), cuda:1, cpu")
    parser.add_argument("--engine", choices=VERSIONS, action="append", help="one engine alone")
    parser.add_argument("--keep", type=Path, help="a new folder for all that is written; else it is removed")
    chosen = parser.parse_args()
    began = time.monotonic()
    count = {True: 0, False: 0, None: 0}
    speaking = threading.Lock()
    words = {True: "passed", False: "FAILED", None: "not run"}
    with tempfile.TemporaryDirectory(prefix="indextts-gpu-") as temporary:
        folder = chosen.keep or Path(temporary)

        def play(version: str) -> None:
            place = folder / version
            place.mkdir(parents=True)
            for name, holds, seen in checks(version, place, chosen.device):
                told = seen if holds is False or len(seen) <= 100 else f"{seen[:100]}..."
                with speaking:
                    count[holds] += 1
                    print(f"{VERSIONS[version]:<21} {words[holds]:<8} {name:<62} {told}", flush=True)

        with ThreadPoolExecutor() as engines:  # at once: most of the time processes load torch and make an engine
            list(engines.map(play, chosen.engine or VERSIONS))
    print(f"\n{count[True]} passed, {count[False]} failed, {count[None]} not run, {time.monotonic() - began:.0f} s")
    return 1 if count[False] else 0


if __name__ == "__main__":
    sys.exit(main())
