"""What a person does with files in quarantine, by the real command on every database."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.events import encode, publish, succeeded
from tests.integration.processes import prepare, sidecar


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> dict[str, str]:
    given = {"SIDECAR_NAME": "studio", "SIDECAR_LISTEN": "off", "SIDECAR_SETTLE_SECONDS": "0"}
    found = prepare(tmp_path, database_url, given)
    publish(tmp_path / "outputs", b'{"broken', "a.json")
    publish(tmp_path / "outputs", encode(succeeded(data={"text": 7})), "b.json")
    publish(tmp_path / "outputs", encode(succeeded()), "c.json")
    sidecar("run", "--once", cwd=tmp_path, settings=found)
    return found


def listed(tmp_path: Path, settings: dict[str, str], *arguments: str) -> dict[str, dict[str, object]]:
    lines = sidecar("quarantine", "list", "--json", *arguments, cwd=tmp_path, settings=settings).stdout.splitlines()
    return {Path(str(entry["path"])).name: entry for entry in map(json.loads, lines)}


def test_list_and_show_tell_file_reason_and_first_bytes(settings: dict[str, str], tmp_path: Path) -> None:
    found = listed(tmp_path, settings)
    assert {name: entry["reason"] for name, entry in found.items()} == {
        "a.json": "invalid_json",
        "b.json": "schema_mismatch",
    }
    table = sidecar("quarantine", "list", "--reason", "invalid_json", cwd=tmp_path, settings=settings).stdout
    assert "a.json" in table
    assert "b.json" not in table
    id_ = str(found["a.json"]["id"])
    assert '{"broken' in sidecar("quarantine", "show", id_, cwd=tmp_path, settings=settings).stdout
    shown = json.loads(sidecar("quarantine", "show", id_, "--json", cwd=tmp_path, settings=settings).stdout)
    assert shown["content"] == '{"broken'


def test_retry_ships_what_was_mended_and_says_what_was_not(settings: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "outputs" / "a.json").write_bytes(encode(succeeded("mended")))
    done = sidecar("quarantine", "retry", "--all", "--json", cwd=tmp_path, settings=settings, check=False)
    assert done.returncode == 1, done.stderr
    shipped = {Path(entry["path"]).name: entry["shipped"] for entry in map(json.loads, done.stdout.splitlines())}
    assert shipped == {"a.json": True, "b.json": False}
    assert set(listed(tmp_path, settings)) == {"b.json"}
    assert set(listed(tmp_path, settings, "--status", "shipped")) == {"a.json"}
    before = sidecar("quarantine", "retry", "4711", cwd=tmp_path, settings=settings, check=False)
    assert (before.returncode, "not in quarantine: 4711" in before.stderr) == (2, True)


def test_retry_does_not_call_shipped_what_is_no_event_any_more(settings: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "outputs" / "a.json").write_bytes(b'{"of": "another program"}')
    id_ = str(listed(tmp_path, settings)["a.json"]["id"])
    done = sidecar("quarantine", "retry", id_, cwd=tmp_path, settings=settings, check=False)
    assert (done.returncode, "no event any more" in done.stdout) == (1, True), done.stdout
    assert "a.json" in listed(tmp_path, settings)


def test_what_is_dropped_stays_dropped_until_its_file_changes(settings: dict[str, str], tmp_path: Path) -> None:
    sidecar("quarantine", "drop", "--reason", "invalid_json", cwd=tmp_path, settings=settings)
    assert set(listed(tmp_path, settings)) == {"b.json"}
    (tmp_path / "outputs").rename(tmp_path / "before")  # another folder: everything is read again
    (tmp_path / "outputs").mkdir()
    for name in ("a.json", "b.json", "c.json"):
        (tmp_path / "before" / name).rename(tmp_path / "outputs" / name)
    sidecar("run", "--once", cwd=tmp_path, settings=settings)
    assert set(listed(tmp_path, settings)) == {"b.json"}
    (tmp_path / "outputs" / "a.json").write_bytes(b'{"broken again')
    sidecar("run", "--once", cwd=tmp_path, settings=settings)
    assert set(listed(tmp_path, settings)) == {"a.json", "b.json"}
