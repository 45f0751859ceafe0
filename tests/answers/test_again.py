"""What a take's page gives to copy is run: by the demo's engine, by stand-ins of every version, by a speech server."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from sidecar.web.again import again
from tests.answers.scene import Scene
from tests.answers.served import library, ship
from tests.answers.visiting import Visit
from tests.patch.helpers import ok, run
from tests.proxy.scene import SPEECH, proxy, speech_server, wait_for_events
from tests.running import missing
from tests.servers import sqlite_url

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "deploy" / "demo"


def events(folder: Path) -> dict[str, dict[str, Any]]:
    """What was spoken, by id."""
    found = [json.loads(path.read_bytes()) for path in folder.glob("*.json")]
    return {each["id"]: each for each in found if ".synthesis." in each["type"]}


def spoken(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a program under the recording, in the folder of the demo's engine."""
    (folder / "again.py").write_text(script, encoding="utf-8")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("INDEXTTS_", "SIDECAR_"))}
    environment = kept | {"PYTHONPATH": os.pathsep.join(map(str, (ROOT, DEMO))), "PYTHONIOENCODING": "utf-8"}
    return subprocess.run(
        [sys.executable, "-m", "indextts_patch", "again.py"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that `make demo` leaves."""
    folder: Path = tmp_path_factory.mktemp("demo")
    environment = {**os.environ, "SIDECAR_DATABASE_URL": sqlite_url(folder / "sidecar.db"), "DEMO_DIR": str(folder)}
    subprocess.run([sys.executable, DEMO / "demo.py"], env=environment, capture_output=True, check=True, timeout=120)
    return folder


def test_each_of_the_demo_s_calls_is_made_again(demo: Path) -> None:
    """Equal hashes: everything that decides the audio is the same, down to the last digit."""
    first = events(demo / "outputs")
    assert len(first) == 8
    for event in first.values():
        forms = again(event)
        assert forms is not None
        known = events(demo / "outputs").keys()
        done = spoken(forms.python, demo)
        [second] = [each for identity, each in events(demo / "outputs").items() if identity not in known]
        assert second["data"]["request_hash"] == event["data"]["request_hash"], forms.python
        assert second["data"]["emotion"]["label"] == event["data"]["emotion"]["label"]
        assert second["type"] == event["type"], done.stderr
        if event["type"].endswith("succeeded"):
            assert second["data"]["audio"]["sha256"] == event["data"]["audio"]["sha256"], "the very same sound"
            assert second["data"]["audio"]["path"] == event["data"]["audio"]["path"].replace(".wav", "_again.wav")


CALLS = {
    "2.5": ("head", "indextts.infer_v2_5", "IndexTTS2", "use_bf16=False", [
        "'voice.wav', '你好', 'a.wav', 'ZH', duration_factor=1.2, text_normalization=False, top_k=7",
        "'voice.wav', 'hello', 'b.wav', 'EN', emo_audio_prompt='other.wav', emo_alpha=0.4",
    ]),
    "2.5 by text": ("head", "indextts.infer_v2_5", "IndexTTS2", "use_qwen_emo=True", [
        "'voice.wav', 'glad', 'a.wav', 'EN', use_emo_text=True, emo_alpha=0.6, use_random=True",
    ]),
    "2": ("head", "indextts.infer_v2", "IndexTTS2", "use_fp16=True", [
        "'voice.wav', '你好', 'a.wav', emo_vector=[0, 0.3, 0, 0, 0, 0, 0.1, 0], emo_alpha=0.65, temperature=0.9",
        "'voice.wav', 'a longer one', 'b.wav', None, 0.65, num_beams=1, do_sample=False, interval_silence=0",
    ]),
    "2 at first": ("v2_first", "indextts.infer_v2", "IndexTTS2", "is_fp16=True", [
        "'voice.wav', '你好', 'a.wav', max_text_tokens_per_sentence=80, emo_vector=[0, 1, 0, 0, 0, 0, 0, 0]",
    ]),
    "1.5": ("v1_5", "indextts.infer", "IndexTTS", "", ["'voice.wav', '你好', 'a.wav', top_p=0.5, verbose=True"]),
}  # fmt: skip


@pytest.mark.parametrize("of", CALLS)
def test_a_call_of_each_version_is_made_again(tmp_path: Path, of: str) -> None:
    version, module, name, made, calls = CALLS[of]
    (tmp_path / "other.wav").write_bytes(b"another voice")
    body = f"from {module} import {name}\ntts = {name}({made})\n" + "".join(f"tts.infer({each})\n" for each in calls)
    first = ok(run(tmp_path, body, version=version)).events
    assert len(first) == len(calls)
    written = [forms.python for each in first if (forms := again(each))]
    known = {each["id"] for each in first}
    second = [each for each in ok(run(tmp_path, "\n".join(written), version=version)).events if each["id"] not in known]
    assert [each["data"]["request_hash"] for each in second] == [each["data"]["request_hash"] for each in first]
    assert [each["data"]["params"]["requested"] for each in second] == [
        each["data"]["params"]["requested"] for each in first
    ], "to the last argument, those too that cannot be heard"


def test_the_fast_method_is_made_again_by_itself(tmp_path: Path) -> None:
    body = "from indextts.infer import IndexTTS\nIndexTTS().infer_fast('voice.wav', '你好', 'out/a.wav')\n"
    [first] = ok(run(tmp_path, body, version="v1_5")).events
    forms = again(first)
    assert forms is not None
    both = ok(run(tmp_path, forms.python, version="v1_5")).events
    assert {each["data"]["request_hash"] for each in both} == {first["data"]["request_hash"]}
    assert len(both) == 2


@pytest.fixture(scope="module")
def place(demo: Path) -> Iterator[tuple[str, Scene]]:
    made = Scene(
        url=sqlite_url(demo / "sidecar.db"), folder=demo / "outputs", documents=list(events(demo / "outputs").values())
    )
    ship(made)
    with library(made, demo / "web.log") as address:
        yield address, made


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_what_is_copied_on_the_page_becomes_another_take_of_the_request(
    browser: Browser, place: tuple[str, Scene], locale: str
) -> None:
    address, made = place
    take = next(each for each in made.documents if each["data"]["emotion"]["mode"] == "reference")
    visit = Visit(browser, address, locale=locale, permissions=["clipboard-read", "clipboard-write"])
    page = visit.open(f"/records/{take['id']}")
    before = page.locator(".others li").count()
    page.locator("button[data-copy=python]").click()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert spoken(copied, made.folder.parent).returncode == 0
    ship(made)
    page.reload()
    expect(page.locator(".others li")).to_have_count(before + 1)
    page.locator(".others [data-compare]").first.click()
    expect(page.locator(".lane")).to_have_count(2)
    page.go_back()
    for kind in ("curl", "json"):
        page.locator(f"button[data-copy={kind}]").click()
        page.wait_for_function(
            "text => navigator.clipboard.readText().then(each => each === text)",
            arg=page.locator(f"[data-form={kind}] pre").text_content(),
        )
    assert json.loads(page.evaluate("navigator.clipboard.readText()"))["text"] == take["data"]["text"]
    assert visit.said == []
    visit.context.close()


def pasted(command: str, folder: Path, address: str) -> None:
    """Run what was copied in a terminal, after the address of the speech server was put there."""
    if shutil.which("curl") is None:
        missing("no curl on this machine: install Debian's curl")
    environment = os.environ | {"SPEECH_URL": address, "no_proxy": "*"}
    subprocess.run(["bash", "-ec", command], cwd=folder, env=environment, capture_output=True, check=True, timeout=30)


def test_a_speech_server_is_asked_for_the_same(demo: Path, tmp_path: Path) -> None:
    with speech_server(tmp_path) as server, proxy(tmp_path / "proxy", server.url) as proxied:
        asked = [each for each in events(demo / "outputs").values() if each["data"]["audio"]["path"] is not None]
        for count, event in enumerate(asked, 1):
            forms = again(event)
            assert forms is not None
            pasted(forms.curl, tmp_path, proxied.url)
            second = max(wait_for_events(proxied.folder, count), key=lambda each: each.id).data
            first = event["data"]
            assert second["text"] == first["text"]
            assert second["voice"]["path"] == first["voice"]["path"]
            for name in ("mode", "alpha_requested", "vector_input", "text"):
                assert second["emotion"].get(name) == first["emotion"].get(name)
            references = [(each["emotion"].get("audio") or {}).get("path") for each in (first, second)]
            assert references[0] == references[1]
            assert (tmp_path / "again.wav").read_bytes()[:4] == b"RIFF"


def test_what_went_through_the_proxy_is_asked_for_again_as_it_was(tmp_path: Path) -> None:
    with speech_server(tmp_path) as server, proxy(tmp_path / "proxy", server.url) as proxied:
        body = {
            "model": "IndexTTS-2", "voice": {"id": "alloy"}, "input": "It's “here”, $HOME", "speed": 1.25, "seed": 7,
            "emo_text": "glad", "response_format": "mp3", "samples": 2304,
        }  # fmt: skip
        with proxied.client() as client:
            client.post(SPEECH, json=body)
        [first] = wait_for_events(proxied.folder, 1)
        forms = again({"data": first.data})
        assert forms is not None
        assert forms.python == "", "no class was called"
        pasted(forms.curl, tmp_path, proxied.url)
        second = max(wait_for_events(proxied.folder, 2), key=lambda each: each.id)
        assert second.id != first.id
        assert second.data["request_hash"] == first.data["request_hash"]
        assert second.data["audio"]["sha256"] == first.data["audio"]["sha256"]
        assert (tmp_path / "again.mp3").is_file()


def test_a_request_for_events_is_made_again_as_one_for_a_file(tmp_path: Path) -> None:
    """And one that named no format is written under the name of what came."""
    with speech_server(tmp_path) as server, proxy(tmp_path / "proxy", server.url) as proxied:
        body = {"model": "IndexTTS-2", "voice": "alloy", "input": "hello", "stream_format": "sse", "samples": 2304}
        with proxied.client() as client:
            client.post(SPEECH, json=body)
        [first] = wait_for_events(proxied.folder, 1)
        forms = again({"data": first.data})
        assert forms is not None
        pasted(forms.curl, tmp_path, proxied.url)
        second = max(wait_for_events(proxied.folder, 2), key=lambda each: each.id)
        assert second.data["audio"]["sha256"] == first.data["audio"]["sha256"]
        assert (tmp_path / "again.wav").read_bytes()[:4] == b"RIFF"
    named = again({"data": {**first.data, "audio": {**first.data["audio"], "format": "mp3"}}})
    assert named is not None
    assert "-o again.mp3" in named.curl
