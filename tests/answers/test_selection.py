"""Acting on many takes: exactly those that are named or found; their audio as a zip, their facts as a file."""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pyarrow.parquet
import pytest

from tests.answers import scene as scenes
from tests.answers.scene import Scene
from tests.answers.served import flawless, library, ship, sidecar
from tests.events import succeeded

UNKNOWN = "019a8f3e-0000-7000-8000-000000000000"
SOUNDS = 6
_PATIENCE = 60.0  # seconds, for a machine that is busy with other tests


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return scenes.make(tmp_path, count=60, sounds=SOUNDS)


@pytest.fixture
def client(scene: Scene, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    settings = {"SIDECAR_TIMEZONE": "Asia/Shanghai", "SIDECAR_WEB_SELECTION_MAX": "70", "SIDECAR_WEB_EXPORT_MAX": "80"}
    with (
        flawless(scene, tmp_path_factory.mktemp("log"), **settings) as address,
        httpx.Client(base_url=address, trust_env=False, timeout=_PATIENCE) as opened,
    ):
        yield opened


def post(client: httpx.Client, path: str, **body: Any) -> dict[str, Any]:
    answer = client.post(f"/api/selection/{path}", json=body)
    assert answer.status_code == 202, answer.text
    told: dict[str, Any] = answer.json()
    return told


def found(client: httpx.Client, **filters: Any) -> list[str]:
    answer = client.get("/api/records", params={"limit": 500, **filters})
    return [each["event_id"] for each in answer.json()["records"]]


def test_exactly_what_is_named_or_found_is_rated_tagged_and_made_a_favourite(
    scene: Scene, client: httpx.Client
) -> None:
    ids = [each["id"] for each in scene.audible]
    sad = found(client, emotion="sad")
    assert 0 < len(sad) < len(found(client))
    assert post(client, "tag", ids=ids[:3], add=["片头"], by="ear") == {"records": 3}
    assert post(client, "tag", query="?emotion=sad", add=["to hear"]) == {"records": len(sad)}
    assert post(client, "favourite", ids=ids[1:2], favourite=True) == {"records": 1}
    assert post(client, "rate", query="emotion=sad", rating=4, by="ear") == {"records": len(sad)}
    ship(scene)
    assert sorted(found(client, tag="片头")) == sorted(ids[:3])
    assert sorted(found(client, tag="to hear")) == sorted(sad)
    assert found(client, favourite="yes") == [ids[1]]
    assert set(sad) <= set(found(client, rating="4"))
    assert post(client, "tag", query="tag=to+hear", remove=["to hear"]) == {"records": len(sad)}
    assert post(client, "tag", query="text=nothing+like+this", add=["a"]) == {"records": 0}
    ship(scene)
    assert found(client, tag="to hear") == []


def test_a_zip_has_the_audio_under_names_that_people_choose(scene: Scene, client: httpx.Client) -> None:
    takes = scene.audible
    made = (each for each in reversed(scene.documents) if each["type"].endswith("synthesis.succeeded"))
    silent = next(each["id"] for each in made if each not in takes)
    chosen = [each["id"] for each in takes[:4]] + [silent]
    for answer in (
        client.get("/api/selection.zip", params={"ids": ",".join(chosen)}),
        client.post("/api/selection.zip", data={"ids": chosen}),
    ):
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-disposition"].startswith('attachment; filename="takes-')
        with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
            assert packed.testzip() is None
            *names, last = packed.namelist()
            assert last == "records.csv"
            told = list(csv.DictReader(io.TextIOWrapper(packed.open(last), encoding="utf-8-sig")))
            marked = packed.read(last).startswith(codecs.BOM_UTF8)
            assert marked is (answer.request.method == "POST"), (
                "a spreadsheet needs the mark, a program has no use for it"
            )
            hashes = {name: hashlib.sha256(packed.read(name)).hexdigest() for name in names}
        assert [row["event_id"] for row in told] == chosen
        assert [row["file"] for row in told[:-1]] == names
        assert (told[-1]["file"], told[-1]["missing"]) == ("", "gone")
        assert len({name.casefold() for name in names}) == 4
        for take, row in zip(takes, told[:-1], strict=False):
            assert hashes[row["file"]] == take["data"]["audio"]["sha256"]
            assert row["file"].startswith(row["created_at"][:8]), "a day may begin elsewhere in another zone"
            assert row["emotion"] in row["file"]
    name = names[0]
    header = client.get(f"/api/records/{chosen[0]}/audio").headers["content-disposition"]
    assert (
        f"filename*=UTF-8''{httpx.QueryParams({'a': name})}".replace("a=", "").replace("+", "%20")
        == (header.removeprefix("inline; ").partition("; ")[2])
    )


def test_equal_names_are_told_apart(tmp_path: Path) -> None:
    twins = [succeeded("same words") for _ in range(3)]
    for number, each in enumerate(twins):
        each["data"]["audio"].update(path=f"outputs/twin{number}.wav", duration=0.1 + number / 10)
        each["time"] = twins[0]["time"]
    made = scenes.make(tmp_path, count=0, sounds=3, more=twins)
    with library(made, tmp_path / "web.log") as address:
        raw = httpx.get(f"{address}/api/selection.zip?text=same", trust_env=False, timeout=_PATIENCE).content
    with zipfile.ZipFile(io.BytesIO(raw)) as packed:
        assert sorted(packed.namelist()) == [
            "2026-11-22_voice 01_same words_happy-2.wav",
            "2026-11-22_voice 01_same words_happy-3.wav",
            "2026-11-22_voice 01_same words_happy.wav",
            "records.csv",
        ]
        told = {hashlib.sha256(packed.read(name)).hexdigest() for name in packed.namelist()}
        assert {each["data"]["audio"]["sha256"] for each in twins} <= told


def test_what_is_exported_is_what_the_command_exports(scene: Scene, client: httpx.Client, tmp_path: Path) -> None:
    first = scene.audible[0]["id"]
    post(client, "tag", ids=[first], add=["b", "片头", "favourite"])
    client.post("/api/preferences", json={"preferred": first, "over": [scene.audible[1]["id"]]})
    ship(scene)
    posted = client.post("/api/selection.csv", data={"query": ""}).content
    assert posted == codecs.BOM_UTF8 + client.get("/api/selection.csv").content
    for form in ("csv", "jsonl", "parquet"):
        file = tmp_path / f"all.{form}"
        sidecar(scene, "export", str(file), "--emotion", "happy")
        answer = client.get(
            f"/api/selection.{form}", params={"emotion": "happy"}, headers={"Accept-Encoding": "identity"}
        )
        assert answer.content == file.read_bytes()
        assert int(answer.headers["content-length"]) == len(answer.content)
    one = client.post("/api/selection.jsonl", data={"ids": first}).text.splitlines()
    [told] = map(json.loads, one)
    assert (told["event_id"], told["tags"], told["favourite"]) == (first, ["b", "片头"], True)
    assert (told["wins"], told["losses"]) == (1, 0)
    [row] = csv.DictReader(io.StringIO(client.get("/api/selection.csv", params={"ids": first}).text))
    assert (row["tags"], row["favourite"], row["wins"]) == ('["b","片头"]', "1", "1")
    raw = client.get("/api/selection.parquet", params={"tag": "b"}).content
    table = pyarrow.parquet.read_table(io.BytesIO(raw)).to_pylist()
    assert [(each["event_id"], each["favourite"], each["losses"]) for each in table] == [(first, True, 0)]


def test_deleted_takes_stay_as_records_and_say_so(scene: Scene, client: httpx.Client) -> None:
    first, second, third, fourth = scene.audible[:4]
    names = {each["id"]: scene.folder / each["data"]["audio"]["path"].rpartition("/")[2] for each in scene.audible}
    names[second["id"]].write_bytes(b"\0" * names[second["id"]].stat().st_size)  # not what was recorded
    names[third["id"]].unlink()
    ids = [each["id"] for each in (first, second, third)]
    assert post(client, "delete", ids=ids, reason="spoiled", by="ear") == {
        "records": 1,
        "kept": {"changed": 1, "gone": 1},
    }
    assert not names[first["id"]].exists()
    assert names[second["id"]].exists()
    assert names[fourth["id"]].exists()
    ship(scene)
    assert client.get(f"/api/records/{first['id']}/audio").json()["error"]["code"] == "deleted"
    told = client.get(f"/api/records/{first['id']}").json()
    assert (told["status"], told["deleted_at"] is not None) == ("succeeded", True)
    timeline = client.get(f"/api/records/{first['id']}/timeline").json()["events"]
    assert [(each["type"], each["reason"], each["actor"]) for each in timeline[-1:]] == [
        ("indextts.audio.deleted", "spoiled", "ear")
    ]
    assert post(client, "delete", ids=ids[:1]) == {"records": 0, "kept": {"deleted": 1}}
    assert "deleted_at" in client.get("/api/selection.csv", params={"ids": first["id"]}).text


def test_which_takes_must_be_said_once_and_they_must_be_there(scene: Scene, client: httpx.Client) -> None:
    first = scene.audible[0]["id"]
    before = {path.name for path in scene.folder.iterdir()}
    for status, body in [
        (422, {"favourite": True}),
        (400, {"favourite": True, "ids": [first], "query": ""}),
        (404, {"favourite": True, "ids": [first, UNKNOWN]}),
        (404, {"favourite": True, "ids": ["ä"]}),
        (422, {"favourite": True, "ids": [7]}),
        (422, {"favourite": True, "query": None}),
        (422, {"favourite": True, "ids": [first], "more": 1}),
        (400, {"favourite": True, "query": "rating=9"}),
        (400, {"favourite": True, "ids": [f"{number}" for number in range(71)]}),
    ]:
        assert client.post("/api/selection/favourite", json=body).status_code == status, body
    assert {path.name for path in scene.folder.iterdir()} == before
    assert client.get("/api/selection.zip", params={"ids": UNKNOWN}).status_code == 404
    assert client.get("/api/selection.zip", params={"text": "nothing like this"}).status_code == 404
    assert client.get("/api/selection.csv", params={"rating": "9"}).status_code == 400


def test_too_many_takes_are_refused_by_the_name_of_the_limit(tmp_path: Path) -> None:
    made = scenes.make(tmp_path, count=30, sounds=0)
    settings = {"SIDECAR_WEB_SELECTION_MAX": "20", "SIDECAR_WEB_EXPORT_MAX": "25"}
    with (
        library(made, tmp_path / "web.log", **settings) as address,
        httpx.Client(base_url=address, trust_env=False, timeout=_PATIENCE) as client,
    ):
        for answer, limit in (
            (client.post("/api/selection/favourite", json={"query": "", "favourite": True}), "SELECTION_MAX"),
            (client.get("/api/selection.zip"), "SELECTION_MAX"),
            (client.get("/api/selection.csv"), "EXPORT_MAX"),
        ):
            assert answer.status_code == 400
            assert limit in answer.json()["error"]["hint"]
    assert list(made.folder.glob("*.json")) == []


def test_nothing_is_done_or_given_to_another_site_or_without_the_token(
    scene: Scene, client: httpx.Client, tmp_path: Path
) -> None:
    body = {"query": ""}
    foreign = {"Origin": "https://evil.example"}
    assert client.post("/api/selection/delete", json=body, headers=foreign).status_code == 403
    assert client.post("/api/selection.zip", data=body, headers=foreign).status_code == 403
    assert client.post("/api/selection/delete", data=body).status_code == 415
    with (
        library(scene, tmp_path / "token.log", SIDECAR_WEB_TOKEN="a-token-of-some-length") as guarded,
        httpx.Client(base_url=guarded, trust_env=False, timeout=_PATIENCE) as stranger,
    ):
        assert stranger.post("/api/selection/delete", json=body).status_code == 401
        assert stranger.get("/api/selection.zip").status_code == 401
    assert len(list(scene.folder.glob("*.wav"))) == SOUNDS
