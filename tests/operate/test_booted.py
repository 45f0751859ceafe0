"""The service on a bare Debian 12 with a real systemd, as its owner and an ordinary user meet it. Run by hand:

    BOOTED=1 .venv/bin/python -m pytest tests/operate/test_booted.py

One machine for all tests, which follow each other. The first run makes the machine's root, in two minutes.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.events import publish, succeeded
from tests.integration.processes import eventually
from tests.operate.machine import USER, Machine, booted, what_is_missing
from tests.operate.scene import make_wav

MISSING = "set BOOTED=1" if os.environ.get("BOOTED") != "1" else what_is_missing()
pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"boots a machine: {MISSING}")

INSTALL = "cd /root/clone && SUDO_USER=anna deploy/install.sh"
FOLDER = f"/home/{USER}/语音 tts/outputs"
LAB = "SIDECAR_SETTINGS=/etc/indextts-sidecar/lab.env"
LIBRARY = "http://127.0.0.1:9791"
PROXY = "http://127.0.0.1:9794"


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    with booted(tmp_path_factory.mktemp("machine")) as machine:
        machine.run(f"mkdir -p '{FOLDER}'", user=USER)
        yield machine


def speak(machine: Machine, name: str) -> None:
    folder = machine.root / FOLDER[1:]
    raw = make_wav(folder / name, 0.5, seed=len(name))
    audio = {"path": f"outputs/{name}", "sha256": hashlib.sha256(raw).hexdigest(), "bytes": len(raw)}
    publish(folder, succeeded(name, data={"audio": audio}), name=f"{name}.json")


def found(machine: Machine, command: str = "sidecar find --json", *, user: str = USER) -> list[str]:
    return sorted(json.loads(line)["text_input"] for line in machine.run(command, user=user).splitlines())


def fits(text: str) -> bool:
    """Of a terminal of 80 columns; what doctor finds is wrapped by it."""
    return all(len(line) <= 80 for line in text.splitlines() if not re.match(r"^(ok|note|warning|FAILURE|  +→)", line))


def test_a_taken_port_is_told_before_anything_is_installed(machine: Machine) -> None:
    machine.run("systemd-run --quiet --unit=squatter python3 -m http.server 9790 --bind 127.0.0.1")
    eventually(lambda: "200" in machine.run("curl -sI 127.0.0.1:9790", code=None), "the squatter")
    said = machine.run(f"{INSTALL} --watch-dir '{FOLDER}'", code=1)
    assert said.startswith("install.sh: another program listens on 127.0.0.1:9790. ")
    assert "--listen" in said
    assert said.count("\n") == 1
    assert not machine.root.joinpath("opt/indextts-sidecar").exists()
    machine.run("systemctl stop squatter")


def test_it_is_installed_from_a_clone_that_only_root_may_enter(machine: Machine) -> None:
    said = machine.run(f"{INSTALL} --watch-dir '{FOLDER}'")
    assert "running: indextts-sidecar, ready; " in said
    assert f"sudo usermod -aG indextts-sidecar {USER}" in said
    assert fits(said), said
    for noise in ("pip", "Creating", "Created", "Job for", "●"):
        assert noise not in said, said
    assert machine.run("cat /opt/indextts-sidecar/share/doc/README.md").startswith("# Running it for good")
    speak(machine, "one.wav")
    eventually(lambda: "1 shipped" in machine.run("sidecar status"), "the first row")


@pytest.mark.parametrize(
    "verb",
    [
        *("find", "timeline 1", "stats emotions", "export x.csv", "verify", "web", "rebuild", "migrate", "index"),
        *("forget --text x --yes", "quarantine list", "run --once"),
    ],
)
def test_who_has_no_rights_is_told_in_one_line_how_to_get_them(machine: Machine, verb: str) -> None:
    said = machine.run(f"sidecar {verb}", user=USER, code=1)
    assert said.count("\n") == 1, said
    assert "sudo usermod -aG indextts-sidecar anna" in said
    assert "sudo sidecar --as-service" in said


def test_who_has_no_rights_still_sees_what_is_no_secret(machine: Machine) -> None:
    assert "ready, version" in machine.run("sidecar status", user=USER)
    said = machine.run("sidecar doctor", user=USER, code=1)
    assert "a shipper answers" in said
    assert "usermod" in said
    assert "syntheses" in machine.run("sidecar top --count 1 --interval 0.2", user=USER)
    assert machine.run("sidecar --as-service find", user=USER, code=1).startswith("sidecar: only root becomes")


def test_a_member_of_the_group_reads_and_does_not_write(machine: Machine) -> None:
    machine.run(f"usermod -aG indextts-sidecar {USER}")
    assert found(machine) == ["one.wav"]
    assert "1 record of 1 event" in machine.run("sidecar status", user=USER)
    said = machine.run("sidecar forget --text one --yes", user=USER, code=1)
    assert "may read it, not change it" in said
    machine.run("systemctl stop indextts-sidecar")
    assert "sudo systemctl start indextts-sidecar" in machine.run("sidecar find", user=USER, code=1)
    assert found(machine, "sudo sidecar --as-service find --json") == ["one.wav"]
    machine.run("systemctl start indextts-sidecar")
    machine.run("systemctl kill --signal=KILL indextts-sidecar")
    assert found(machine) == ["one.wav"]
    eventually(lambda: machine.status_text().startswith("ready"), "its next start")


@pytest.mark.parametrize("piped", ["", " | cat"], ids=["terminal", "piped"])
def test_the_service_shows_its_library_until_ctrl_c(machine: Machine, piped: str) -> None:
    (record,) = machine.run("sidecar find --json").splitlines()

    def listen() -> None:
        audio = f"{LIBRARY}/api/records/{json.loads(record)['event_id']}/audio"
        assert machine.run(f"curl -s -o /dev/null -w '%{{http_code}} %{{content_type}}' {audio}") == "200 audio/wav"

    code, shown = machine.interrupted(f"sudo sidecar --as-service web{piped}", at=f"{LIBRARY}/", meanwhile=listen)
    assert code == 0 or piped
    words = shown.replace("^C", "").replace("Hangup", "").split()  # what terminal and shell say, where they come to it
    assert words == f"the library is at {LIBRARY}/".split()
    eventually(lambda: "9791" not in machine.run("ss -ltn", code=None), "the end of the library")


def test_the_library_as_a_service(machine: Machine) -> None:
    machine.run("systemctl enable --quiet --now indextts-sidecar-web")
    assert f"{LIBRARY}/" in machine.run("journalctl -u indextts-sidecar-web -o cat")
    assert "one.wav" in machine.run(f"curl -s {LIBRARY}/api/records")
    record = json.loads(machine.run("sidecar find --json"))["event_id"]
    rate = f"curl -s -H 'Content-Type: application/json' -d '{{\"rating\": 4}}' {LIBRARY}/api/records/{record}/rating"
    assert "Read-only file system" in machine.run(rate)
    machine.run(f"chmod o+w '{FOLDER}'; mkdir -p /etc/systemd/system/indextts-sidecar-web.service.d")
    dropped = f"printf '[Service]\\nReadWritePaths=\"%s\"\\n' '{FOLDER}'"
    machine.run(f"{dropped} >/etc/systemd/system/indextts-sidecar-web.service.d/override.conf")
    machine.run("systemctl daemon-reload; systemctl restart indextts-sidecar-web")
    assert "error" not in machine.run(rate)
    eventually(lambda: '"rating":4' in machine.run("sidecar find --json"), "the rating's way back")
    second = machine.run("sidecar --as-service web", code=2)
    assert "another sidecar runs here, at 127.0.0.1:9791 (sidecar web, pid " in second
    said = machine.run("sidecar run", code=2)
    assert "(sidecar run, pid " in said
    assert "database sqlite:////var/lib/indextts-sidecar/sidecar.db)" in said


def test_scores_and_the_proxy_as_services(machine: Machine) -> None:
    """Shut in as they are: models load, sound is decoded, and what is written beside the takes comes back as rows."""
    said = machine.run(f"{INSTALL} --with score,proxy")
    assert f"sudo setfacl -m u:indextts-sidecar:rwx '{FOLDER}'" in said
    assert "sudo systemctl enable --now indextts-sidecar-score" in said
    machine.run(f"mkdir -p '{FOLDER}'; chmod o+w '{FOLDER}'")
    machine.run("systemctl enable --quiet --now indextts-sidecar-score indextts-sidecar-proxy")
    file = "file:/var/lib/indextts-sidecar/sidecar.db?mode=ro"
    rows = f"sqlite3.connect('{file}', uri=True).execute('SELECT problem, scorer FROM tts_scores').fetchall()"
    asked = f'python3 -c "import sqlite3; print({rows})"'
    eventually(lambda: machine.run(asked).strip() == "[(None, '1.0')]", "the score", 600, pause=1)  # it goes last
    assert machine.status_text("indextts-sidecar-score") == "1 scored"
    machine.run("systemctl is-active indextts-sidecar-score indextts-sidecar-proxy")
    code = f"curl -s -o /dev/null -w '%{{http_code}}' {PROXY}/healthz"
    eventually(lambda: machine.run(code, code=None) == "200", "the proxy", 600)


def test_systemctl_status_names_a_wrong_setting(machine: Machine) -> None:
    machine.run("echo SIDECAR_BATCH_MAX_EVENTS=0 >>/etc/indextts-sidecar/sidecar.env")
    machine.run("systemctl restart indextts-sidecar", code=1)
    shown = machine.run("systemctl status --no-pager indextts-sidecar", code=3)
    assert re.search(r'Status: "SIDECAR_BATCH_MAX_EVENTS\b', shown), shown
    assert "Docs: file:/opt/indextts-sidecar/share/doc/README.md" in shown
    said = machine.run(INSTALL, code=1)
    assert said.splitlines()[-2].startswith("sidecar: SIDECAR_BATCH_MAX_EVENTS")
    assert said.endswith("install.sh: correct that in /etc/indextts-sidecar/sidecar.env, then run this again\n")
    machine.run("sed -i '$d' /etc/indextts-sidecar/sidecar.env")
    eventually(lambda: machine.status_text().startswith("ready"), "the next start takes the cure")


def test_an_older_installation_is_upgraded_and_keeps_what_it_has(machine: Machine) -> None:
    """One whose files only the service could read."""
    machine.run("chmod 600 /var/lib/indextts-sidecar/*; chmod 640 /etc/indextts-sidecar/sidecar.env")
    before = machine.run("systemctl show -p MainPID --value indextts-sidecar-web")
    said = machine.run(INSTALL)
    assert "running: indextts-sidecar, ready; " in said
    assert found(machine, user="root") == ["one.wav"]
    assert found(machine) == ["one.wav"]
    said = machine.run("sidecar find", user="nobody --shell=/bin/sh", code=1)
    assert said.splitlines()[-1].startswith("sidecar: nobody may not read /etc/indextts-sidecar/sidecar.env; members")
    assert machine.run("systemctl show -p MainPID --value indextts-sidecar-web") != before
    assert f'ReadWritePaths="-{FOLDER}"' in machine.run("systemctl cat indextts-sidecar-score"), "--with is remembered"


def test_a_second_instance_on_mariadb(machine: Machine) -> None:
    machine.run("systemctl is-active mariadb")
    machine.run(
        """
        mysql -e "CREATE DATABASE lab CHARACTER SET utf8mb4; CREATE USER tts_migrate IDENTIFIED BY 'm'"
        mysql -e "CREATE USER tts_ship IDENTIFIED BY 's'; GRANT ALL ON lab.* TO tts_migrate"
        mysql -e "GRANT SELECT, INSERT, UPDATE ON lab.* TO tts_ship" """
    )
    said = machine.run(
        f"{INSTALL} --instance lab --watch-dir '{FOLDER}' --database-url mysql://tts_ship@127.0.0.1/lab --no-start"
    )
    assert said.endswith("start it with: sudo systemctl enable --now indextts-sidecar@lab\n")
    machine.run("echo s >/etc/indextts-sidecar/database-password")
    assert "applied 001_tables" in machine.run(
        f"{LAB} SIDECAR_DATABASE_URL=mysql://tts_migrate:m@127.0.0.1/lab sidecar migrate"
    )
    machine.run("systemctl enable --quiet --now indextts-sidecar@lab")
    eventually(lambda: found(machine, f"{LAB} sidecar find --json") == ["one.wav"], "the row in MariaDB")
    assert "FAILURE" not in machine.run(f"{LAB} sidecar --as-service doctor")
    machine.run(f"gpasswd --delete {USER} indextts-sidecar")
    said = machine.run(f"{LAB} sidecar find", user=USER, code=2)
    assert "/etc/indextts-sidecar/database-password cannot be read: Permission denied. Join its group" in said
    said = machine.run("SIDECAR_SETTINGS=/etc/indextts-sidecar/none.env sidecar find", code=1)
    assert "names others: /etc/indextts-sidecar/lab.env /etc/indextts-sidecar/sidecar.env." in said


def test_it_goes_as_it_came(machine: Machine) -> None:
    said = machine.run(f"{INSTALL} --uninstall")
    assert said.startswith("removed; these stay")
    assert machine.run("ls /etc/indextts-sidecar").split() == ["database-password", "lab.env", "sidecar.env"]
    machine.run(f"{INSTALL} --uninstall --purge")
    left = machine.run("find / -xdev -name '*indextts-sidecar*' -not -path '/root/*' -not -path '/var/log/*'")
    assert left == ""
    assert "indextts-sidecar" not in machine.run(
        "cat /etc/passwd /etc/group; systemctl list-units --all --type=service"
    )
    assert Path(machine.root / FOLDER[1:] / "one.wav.json").exists()
