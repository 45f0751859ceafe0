"""The server: what it serves, to whom, and what it never serves."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import wave
from collections.abc import Iterator
from datetime import timezone
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pytest

from sidecar.cli.support.databases import open_for_visitors
from sidecar.errors import TemporarySinkError
from sidecar.service.config import load
from sidecar.web.app import create_app
from sidecar.web.pool import Pool
from sidecar.web.security import COOKIE
from tests.answers import scene as scenes
from tests.answers.conftest import connect
from tests.answers.scene import Scene
from tests.answers.served import environment, flawless, library, ship, sidecar
from tests.events import started, succeeded

SECRET = b"nobody but root may read this"
TOKEN = "a-token-of-some-length"


MACHINE = "indextts://render-7/20261122T100000-1-abcd"


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    told = started(source=MACHINE, sequence=1)
    takes = [succeeded("made on the L40S", source=MACHINE, sequence=2)]
    return scenes.make(tmp_path_factory.mktemp("web"), count=800, sounds=12, more=[told, *takes])


@pytest.fixture(scope="module")
def address(scene: Scene, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with flawless(scene, tmp_path_factory.mktemp("log")) as found:
        yield found


def planted(scene: Scene, audio_path: str, **columns: Any) -> str:
    """A row as another program could have written it; its event_id."""
    identity = f"01a00000-0000-7000-8000-{os.urandom(6).hex()}"
    values = {"text_input": "planted", "audio_path": audio_path, "event_id": identity, **columns}
    with sqlite3.connect(scene.url.removeprefix("sqlite:///")) as connection:
        connection.execute(
            f"INSERT INTO tts_records ({', '.join(values)}) VALUES ({', '.join('?' * len(values))})",
            list(values.values()),
        )
    connection.close()
    return identity


def test_the_whole_file_and_any_part_of_it_are_served(client: httpx.Client, scene: Scene) -> None:
    item = scene.audible[0]
    content = (scene.folder / item["data"]["audio"]["path"].rpartition("/")[2]).read_bytes()
    url = f"/api/records/{item['id']}/audio"
    whole = client.get(url)
    assert whole.status_code == 200
    assert whole.content == content
    assert whole.headers["content-type"] == "audio/wav"
    for asked, expected in {
        "bytes=0-9": content[:10],
        "bytes=100-": content[100:],
        "bytes=-7": content[-7:],
        f"bytes=5-{10**12}": content[5:],
    }.items():
        part = client.get(url, headers={"Range": asked})
        assert part.status_code == 206
        assert part.content == expected
    assert client.get(url, headers={"Range": "bytes=0-0"}).headers["content-range"] == f"bytes 0-0/{len(content)}"
    assert client.get(url, headers={"Range": f"bytes={len(content)}-"}).status_code == 416
    for odd in ("bytes=5-2", "bytes=-0"):
        assert client.get(url, headers={"Range": odd}).status_code == 416
    for odd in ("bytes=-", "bytes=a-b", "bytes=0-1,3-4", "lines=0-1", "bytes=0-1\t5"):
        assert client.get(url, headers={"Range": odd}).content == content
    stale = client.get(url, headers={"Range": "bytes=0-9", "If-Range": '"another"'})
    assert stale.status_code == 200


@pytest.mark.parametrize(("ending", "kind"), [("mp3", "mpeg"), ("opus", "ogg"), ("aac", "aac"), ("flac", "flac")])
def test_what_the_proxy_kept_is_served_as_what_it_is(
    client: httpx.Client, scene: Scene, ending: str, kind: str
) -> None:
    (scene.folder / f"kept.{ending}").write_bytes(b"sound")
    identity = planted(scene, f"outputs/kept.{ending}", audio_bytes=5)
    answer = client.get(f"/api/records/{identity}/audio")
    assert (answer.status_code, answer.content, answer.headers["content-type"]) == (200, b"sound", f"audio/{kind}")


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        "../secret.wav",
        "outputs/../secret.wav",
        "../../../../../../etc/hostname",
        "outputs/link.wav",
        "link.wav",
        "outputs/linked/secret.wav",
        "outputs/folder.wav",
        "outputs/pipe.wav",
        "outputs/.hidden.wav",
        "outputs/event.json",
        "outputs/nul\0.wav",
        "outputs/" + "x" * 300 + ".wav",
        "..",
        "/",
        "outputs/",
        "elsewhere/inner.wav",
        "C:\\secret.wav",
    ],
)
def test_no_path_leads_out_of_the_watched_folder(client: httpx.Client, scene: Scene, path: str) -> None:
    outside = scene.folder.parent
    (outside / "secret.wav").write_bytes(SECRET)
    for name in ("link.wav",):
        if not (scene.folder / name).is_symlink():
            (scene.folder / name).symlink_to(outside / "secret.wav")
    if not (scene.folder / "linked").is_symlink():
        (scene.folder / "linked").symlink_to(outside)
        (scene.folder / "folder.wav").mkdir()
        os.mkfifo(scene.folder / "pipe.wav")
        (scene.folder / ".hidden.wav").write_bytes(SECRET)
        (scene.folder / "event.json").write_bytes(SECRET)
        (scene.folder / "inner.wav").write_bytes(SECRET)
    identity = planted(scene, path)
    answer = client.get(f"/api/records/{identity}/audio")
    assert answer.status_code == 404, answer.content[:80]
    assert SECRET not in answer.content
    assert client.get(f"/api/records/{identity}/waveform").status_code == 404


@pytest.mark.parametrize(
    "path", ["%2e%2e%2f%2e%2e%2fetc%2fpasswd", "..%2f..%2fetc/passwd", "%00", "é", "a" * 5000, "<script>"]
)
def test_an_odd_identity_is_no_record(client: httpx.Client, path: str) -> None:
    for url in (f"/api/records/{path}", f"/api/records/{path}/audio", f"/records/{path}", f"/static/{path}"):
        assert client.get(url).status_code in (400, 404), url


def test_a_record_tells_what_it_was_made_on(client: httpx.Client, scene: Scene) -> None:
    (there,) = (item["id"] for item in scene.documents if item["data"].get("text") == "made on the L40S")
    process = client.get(f"/api/records/{there}").json()["process"]
    assert (process["source"], process["gpu"], process["packages"]) == (
        MACHINE,
        "NVIDIA L40S",
        {"torch": "2.8.0+cu128"},
    )
    shown = client.get(f"/records/{there}").text
    for fact in ("render-7", "NVIDIA L40S", "32 GiB", "570.86.15", "2.8.0+cu128", "cpython 3.11.9"):
        assert fact in shown, fact
    assert re.search(r"<dt ?>GPUs</dt><dd [^>]*>2</dd>", shown)
    other = next(item["id"] for item in scene.audible if item["source"] != MACHINE)
    assert client.get(f"/api/records/{other}").json()["process"] is None
    assert "Processor" not in client.get(f"/records/{other}").text


def test_styles_and_scripts_are_kept_until_they_change(client: httpx.Client) -> None:
    page = client.get("/").text
    named = set(re.findall(r'(?:href|src)="(/static/[^"]+)"', page))
    assert {path.rpartition("/")[2] for path in named} == {
        "icon.svg", "page.css", "library.css", "app.js", "library.js",
    }  # fmt: skip
    for path in named:
        assert "immutable" in client.get(path).headers["cache-control"]
        plain = client.get(f"/static/{path.rpartition('/')[2]}")
        assert plain.headers["cache-control"] == "no-cache"
    scripts = "".join(client.get(path).text for path in named if path.endswith(".js"))
    imported = set(re.findall(r'from "([^"]+)"', scripts))
    assert {"./app.js", "./list.js", "./places.js", "./player.js", "./selection.js"} <= imported
    assert all(name.startswith("./") for name in imported), "kept as well"
    assert client.get("/static/000000000000/app.js").status_code == 404
    assert client.get("/static/nothing.js").headers["cache-control"] == "no-store"


@pytest.mark.parametrize("page", ["/charts", "/repeats"])
def test_a_page_says_which_filter_it_does_not_understand(client: httpx.Client, page: str) -> None:
    answer = client.get(page, params={"since": "the day before"})
    assert answer.status_code == 400
    assert "the day before" in answer.text


@pytest.mark.parametrize("page", ["/", "/charts", "/repeats", "/records/01a00000-0000-7000-8000-000000000000"])
def test_a_page_says_that_the_database_is_away(scene: Scene, page: str) -> None:
    app = create_app(
        connect=lambda: connect("mysql://u:p@127.0.0.1:1/d"), folders=lambda: [scene.folder], zone=timezone.utc
    )

    async def get() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as opened:
            return await opened.get(page)

    answer = asyncio.run(get())
    assert answer.status_code == 503
    assert "127.0.0.1:1" in answer.text
    assert f'href="{page}"' in answer.text, "to try again"
    assert "Try again" in answer.text


def test_audio_that_is_not_the_records_any_more_is_not_served(client: httpx.Client, scene: Scene) -> None:
    (scene.folder / "other.wav").write_bytes(scenes.sound(0.1))
    reasons = {
        planted(scene, "outputs/other.wav", audio_bytes=5): "changed",
        planted(scene, "outputs/other.wav", replaced_by="01a00000-0000-7000-8000-000000000000"): "replaced",
        planted(scene, "outputs/other.wav", deleted_at="2026-11-22 10:00:00.000000"): "deleted",
        planted(scene, "outputs/never.wav"): "gone",
        planted(scene, "", status="failed"): "none",
    }
    for identity, reason in reasons.items():
        answer = client.get(f"/api/records/{identity}/audio")
        assert answer.status_code == 404
        assert answer.json()["error"]["code"] == reason
        assert " " in answer.json()["error"]["message"], "for people"
    assert client.get(f"/api/records/{planted(scene, 'outputs/other.wav')}/audio").status_code == 200


def test_a_waveform_has_the_loudest_samples(client: httpx.Client, scene: Scene) -> None:
    loud = BytesIO()
    with wave.open(loud, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(b"\0\0" * 12000 + b"\xff\x7f" * 12000)
    (scene.folder / "loud.wav").write_bytes(loud.getvalue())
    (scene.folder / "noise.wav").write_bytes(os.urandom(5000))
    peaks = client.get(f"/api/records/{planted(scene, 'outputs/loud.wav')}/waveform").json()["peaks"]
    assert len(peaks) == 480
    assert max(peaks[:240]) == 0
    assert min(peaks[240:]) == 1
    assert client.get(f"/api/records/{planted(scene, 'outputs/noise.wav')}/waveform").json()["peaks"] == []


def test_every_answer_carries_the_strict_policy(client: httpx.Client) -> None:
    for url in (
        "/",
        "/charts",
        "/repeats",
        "/api/records",
        "/api/records/x",
        "/static/app.js",
        "/nothing",
        "/api/nothing",
    ):
        answer = client.get(url)
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self';")
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_pages_hold_no_inline_script_or_style(client: httpx.Client, scene: Scene) -> None:
    for url in ("/", "/charts?since=", "/repeats", f"/records/{scene.audible[0]['id']}", "/nothing"):
        html = client.get(url).text
        assert "<style" not in html
        assert " style=" not in html
        assert all(part.startswith(' type="module" src="/static/') for part in html.split("<script")[1:])


def test_a_rating_is_an_event_that_the_shipper_carries(client: httpx.Client, scene: Scene) -> None:
    identity = scene.audible[1]["id"]
    before = set(scene.folder.glob("*.json"))
    answer = client.post(f"/api/records/{identity}/rating", json={"rating": 4, "note": "尾音自然", "by": "耳朵"})
    assert answer.status_code == 202, answer.text
    (written,) = set(scene.folder.glob("*.json")) - before
    event = json.loads(written.read_bytes())
    assert event["id"] == answer.json()["event_id"]
    assert event["subject"] == identity
    ship(scene)
    record = client.get(f"/api/records/{identity}").json()
    assert (record["rating"], record["rating_note"], record["rated_by"]) == (4, "尾音自然", "耳朵")
    events = client.get(f"/api/records/{identity}/timeline").json()["events"]
    assert [row["type"] for row in events][-1] == "indextts.audio.rated"
    told = [json.loads(line) for line in sidecar(scene, "timeline", identity, "--json").splitlines()]
    assert [row["id"] for row in told] == [row["id"] for row in events]


@pytest.mark.parametrize(
    "body",
    [
        {"rating": 6}, {"rating": 0}, {"rating": "5"}, {"rating": 4.5}, {}, [], None, {"rating": 3, "more": 1},
        {"rating": 3, "note": "x" * 10_001}, {"rating": True}, {"rating": 3, "by": "x" * 256},
    ],
)  # fmt: skip
def test_a_wrong_rating_is_refused(client: httpx.Client, scene: Scene, body: object) -> None:
    before = set(scene.folder.iterdir())
    url = f"/api/records/{scene.audible[0]['id']}/rating"
    answer = client.post(url, content=json.dumps(body), headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert set(scene.folder.iterdir()) == before


def test_a_rating_from_another_sites_page_is_refused(client: httpx.Client, scene: Scene) -> None:
    url = f"/api/records/{scene.audible[0]['id']}/rating"
    body = {"rating": 1}
    assert client.post(url, json=body, headers={"Origin": "https://example.org"}).status_code == 403
    assert client.post(url, json=body, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert client.post(url, data={"rating": "1"}).status_code == 415
    assert client.post(url, content=b'{"rating": 1}', headers={"Content-Type": "text/plain"}).status_code == 415


def test_without_a_token_only_loopback_names_are_served(client: httpx.Client) -> None:
    assert client.get("/", headers={"Host": "localhost:1"}).status_code == 200
    assert client.get("/", headers={"Host": "[::1]:80"}).status_code == 200
    for host in ("library.example.org", "127.0.0.1.example.org", "", "[", "10.0.0.1"):
        assert client.get("/api/records", headers={"Host": host}).status_code in (400, 421), host


def test_with_a_token_nobody_else_gets_in(scene: Scene, tmp_path: Path) -> None:
    with (
        library(scene, tmp_path / "log", SIDECAR_WEB_TOKEN=TOKEN) as address,
        httpx.Client(base_url=address, trust_env=False) as client,
    ):
        assert client.get("/").status_code == 303
        assert client.get("/api/records").status_code == 401
        assert client.post("/api/records/x/rating", json={"rating": 1}).status_code == 401
        assert client.get("/login").status_code == 200
        assert client.get("/static/app.css").status_code == 200
        assert client.get("/api/records", headers={"Authorization": "Bearer wrong"}).status_code == 401
        assert client.get("/api/records", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200
        assert (
            client.get(
                "/api/records", headers={"Host": "tts.example.org", "Authorization": f"Bearer {TOKEN}"}
            ).status_code
            == 200
        )
        assert client.post("/login", data={"token": "wrong"}).status_code == 403
        assert client.get("/").status_code == 303
        for elsewhere in ("//evil.example", "https://evil.example", "/\\evil.example"):
            assert client.post("/login", data={"token": TOKEN, "next": elsewhere}).headers["location"] == "/"
        client.cookies.clear()
        entered = client.post("/login", data={"token": TOKEN})
        assert entered.status_code == 303
        cookie = entered.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
        assert TOKEN not in cookie
        assert client.get("/").status_code == 200
        kept = client.cookies[COOKIE]
        client.post("/logout")
        assert client.get("/").status_code == 303
        client.cookies.set(COOKIE, kept)  # whoever copied it
        assert client.get("/").status_code == 303
        assert client.post("/logout").headers["location"] == "/login"


@pytest.mark.parametrize(("listen", "more"), [("0.0.0.0:0", {}), ("127.0.0.1:0", {"SIDECAR_WEB_TOKEN": "short"})])
def test_it_does_not_listen_elsewhere_without_a_proper_token(scene: Scene, listen: str, more: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "sidecar", "web", "--web-listen", listen],
        env=environment(scene, **more),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 2
    assert "SIDECAR_WEB_TOKEN" in done.stderr


@pytest.mark.parametrize("token", ["", TOKEN], ids=["open", "with a token"])
def test_a_second_one_at_the_same_address_is_told_of_the_first(scene: Scene, tmp_path: Path, token: str) -> None:
    more = {"SIDECAR_WEB_TOKEN": token} if token else {}
    with library(scene, tmp_path / "web.log", **more) as address:
        done = subprocess.run(
            [sys.executable, "-m", "sidecar", "web", "--web-listen", address.removeprefix("http://")],
            env=environment(scene, **more),
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert "another sidecar runs here" in done.stderr
    assert ("(sidecar web, pid " in done.stderr) is not bool(token)


def test_ctrl_c_as_soon_as_the_address_is_told_ends_it_quietly(scene: Scene) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "sidecar", "web", "--web-listen", "127.0.0.1:0"],
        env=environment(scene),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert "http://" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=30)
    assert (process.returncode, *said) == (0, "", "")


@pytest.mark.parametrize(
    "back", ["//example.org", "https://example.org", "/\\example.org", "javascript:alert(1)", "/x\r\nSet-Cookie: a=b"]
)
def test_preferences_lead_nowhere_else(client: httpx.Client, back: str) -> None:
    answer = client.get("/preferences", params={"lang": "zh", "back": back})
    assert answer.status_code == 303
    assert answer.headers["location"] == "/"
    assert "a=b" not in str(answer.headers.get_list("set-cookie"))


def test_the_connection_cannot_write(scene: Scene) -> None:
    pool = Pool(lambda: open_for_visitors(load({"database_url": scene.url})), size=1)
    for _ in range(2):
        with pytest.raises(TemporarySinkError), pool.lend() as database:
            database.execute("DELETE FROM tts_records")
    pool.close()


def test_a_connection_that_is_made_again_cannot_write_either(mysql_url: str) -> None:
    database = open_for_visitors(load({"database_url": mysql_url}))
    for _ in range(2):
        [[version]] = database.query("SELECT VERSION()")
        limit = "max_statement_time" if "mariadb" in version.lower() else "max_execution_time"
        [[own, patience]] = database.query(f"SELECT CONNECTION_ID(), @@{limit}")
        assert patience > 0
        with pytest.raises(TemporarySinkError, match="READ ONLY"):
            database.execute("CREATE TABLE visited (id INT)")
        with contextlib.suppress(TemporarySinkError):
            database.execute(f"KILL {own}")
        with contextlib.suppress(TemporarySinkError):
            database.query("SELECT 1")
    database.close()


def test_the_api_command_and_view_agree(client: httpx.Client, scene: Scene) -> None:
    found = client.get("/api/records", params={"text": "欢迎", "limit": 500}).json()["records"]
    told = [json.loads(line) for line in sidecar(scene, "find", "欢迎", "--json", "--limit", "500").splitlines()]
    assert [row["event_id"] for row in found] == [row["event_id"] for row in told]
    assert found
