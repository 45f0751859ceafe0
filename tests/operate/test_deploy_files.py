"""The files of deploy/ are what the code says, and what the programs that read them accept."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from sidecar.rights import SERVICE_USER
from sidecar.service import config
from tests.integration.processes import running, sidecar
from tests.operate.prometheus import DEPLOY, program
from tests.servers import sqlite_url

SYSTEMD = DEPLOY / "systemd"
UNITS = [SYSTEMD / "indextts-sidecar.service", SYSTEMD / "indextts-sidecar@.service"]
LIBRARY = SYSTEMD / "indextts-sidecar-web.service"
SCORER = SYSTEMD / "indextts-sidecar-score.service"
PROXY = SYSTEMD / "indextts-sidecar-proxy.service"


def run(*command: str | Path, cwd: Path = DEPLOY) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, text=True, check=False)


def test_generated_files_are_up_to_date(tmp_path: Path) -> None:
    script = (
        f"import sys; sys.path.insert(0, {str(DEPLOY)!r}); import generate\n"
        "print([str(p) for p, text in generate.files().items() if p.read_text() != text])"
    )
    done = run(sys.executable, "-c", script, cwd=DEPLOY.parent)
    assert (done.stdout.strip(), done.stderr) == ("[]", ""), "run: python deploy/generate.py"


def test_the_environment_file_names_every_setting_once() -> None:
    lines = (SYSTEMD / "sidecar.env").read_text().splitlines()
    named = [match[1] for line in lines if (match := re.match(r"#?(SIDECAR_[A-Z_]+)=", line))]
    assert sorted(named) == sorted(config.environment_name(field) for field in config.fields())


def test_the_defaults_of_the_environment_file_are_accepted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every commented default, uncommented, is the value in force anyway."""
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith("SIDECAR_"):
            monkeypatch.delenv(name)
    bare = config.load()
    for line in (SYSTEMD / "sidecar.env").read_text().splitlines():
        match = re.match(r"#(SIDECAR_[A-Z_]+)=(.+)$", line)
        if match:
            monkeypatch.setenv(match[1], match[2])
    assert config.load() == bare


def test_both_units_differ_in_names_alone() -> None:
    single, templated = (path.read_text().splitlines()[2:] for path in UNITS)
    differing = {one.partition("=")[0] for one, other in zip(single, templated, strict=True) if one != other}
    assert differing == {"Description", "EnvironmentFile", "WorkingDirectory", "StateDirectory"}


@pytest.mark.parametrize(
    "unit", [*UNITS, LIBRARY, PROXY, SCORER], ids=["single", "templated", "library", "proxy", "scorer"]
)
def test_the_unit_is_hardened(unit: Path) -> None:
    done = run(program("systemd-analyze"), "security", "--offline=true", "--threshold=15", "--no-pager", unit)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    exposure = re.search(r"Overall exposure level for \S+: ([\d.]+)", done.stdout)
    assert exposure is not None
    assert float(exposure[1]) <= 1.5


def test_prometheus_accepts_its_files() -> None:
    folder = DEPLOY / "prometheus"
    for command in (("check", "config", "prometheus.yml"), ("check", "rules", "alerts.yml")):
        done = run(program("promtool"), *command, cwd=folder)
        assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_fires_when_it_should_and_is_silent_else() -> None:
    folder = DEPLOY / "prometheus"
    done = run(program("promtool"), "test", "rules", "alerts.test.yml", cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    rules = {rule["alert"] for rule in yaml.safe_load((folder / "alerts.yml").read_text())["groups"][0]["rules"]}
    tests = yaml.safe_load((folder / "alerts.test.yml").read_text())["tests"]
    fired = {case["alertname"] for test in tests for case in test["alert_rule_test"] if case["exp_alerts"]}
    silent = {case["alertname"] for test in tests for case in test["alert_rule_test"] if not case["exp_alerts"]}
    assert rules == fired == silent


def test_the_metrics_page_is_as_prometheus_wants_it(tmp_path: Path) -> None:
    """promtool also knows the conventions: units, _total, help texts."""
    (tmp_path / "outputs").mkdir()
    settings = {"SIDECAR_DATABASE_URL": sqlite_url(tmp_path / "sidecar.db")}
    sidecar("migrate", cwd=tmp_path, settings=settings)
    with running(cwd=tmp_path, settings=settings) as shipper:
        page = shipper.get("/metrics")[1]
    done = subprocess.run(
        [program("promtool"), "check", "metrics"], input=page, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    rules = (DEPLOY / "prometheus" / "alerts.yml").read_text()
    known = set(re.findall(r"^# HELP (\S+)", page, re.MULTILINE))
    for name in re.findall(
        r"\b(?:sidecar|tts)_[a-z_]+\b(?=[\s{\[)])", re.sub(r"(?m)^.*(description|summary).*$", "", rules)
    ):
        assert name in known or re.sub(r"_(bucket|count|sum)$", "", name) in known, name


def test_compose_mounts_what_is_there_and_names_every_version() -> None:
    folder = DEPLOY / "compose"
    compose = yaml.safe_load((folder / "compose.yaml").read_text())
    environment = set(re.findall(r"(?m)^([A-Z_]+)=", (folder / "example.env").read_text()))
    assert set(re.findall(r"\$\{([A-Z_]+):\?", (folder / "compose.yaml").read_text())) == environment
    for name, service in compose["services"].items():
        image = service["image"]
        assert image == "indextts-sidecar" or re.search(r":v?\d+\.\d+", image), f"{name}: {image}"
        for volume in service.get("volumes", ()):
            source = volume.partition(":")[0]
            if source.startswith("."):
                assert (folder / source).exists(), f"{name}: {source}"
        for needed in service.get("depends_on", ()):
            assert needed in compose["services"]
    for copied in re.findall(r"^COPY (?!--from)(.+) \S+$", (folder / "Containerfile").read_text(), re.MULTILINE):
        for source in copied.split():
            assert (DEPLOY.parent / source).exists(), source


def test_the_scrape_example_names_the_address_that_a_shipper_listens_on() -> None:
    plain = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())
    assert plain["scrape_configs"][0]["static_configs"][0]["targets"] == [config.default("listen")]


def test_compose_scrapes_as_the_plain_example_does() -> None:
    plain, composed = (
        yaml.safe_load((DEPLOY / folder / "prometheus.yml").read_text()) for folder in ("prometheus", "compose")
    )
    targets = composed["scrape_configs"][0]["static_configs"][0]["targets"]
    assert targets == ["shipper:9790"]
    composed["scrape_configs"][0]["static_configs"][0]["targets"] = ["127.0.0.1:9790"]
    assert composed == plain


@pytest.mark.parametrize("script", ["install.sh", "compose/accounts.sh"])
def test_scripts_are_bash(script: str) -> None:
    assert run("bash", "-n", DEPLOY / script).returncode == 0


@pytest.fixture
def wrapper(tmp_path: Path) -> Path:
    """The wrapper with a folder of settings of the test's own, whose programs print what they are given."""
    text = (SYSTEMD / "sidecar").read_text()
    for path, own in (("/etc/indextts-sidecar", "etc"), ("/opt/indextts-sidecar/bin", "bin")):
        text = text.replace(path, str(tmp_path / own))
    for folder in ("etc", "bin"):
        (tmp_path / folder).mkdir()
    text = text.replace("[ -d /run/systemd/system ]", "true")
    programs = {"systemctl": "cat unit", "systemd-run": 'printf "%s\\n" "$@"', "id": "echo 0", "sidecar": "env; exit 7"}
    for name, script in programs.items():
        (tmp_path / "bin" / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / "bin" / name).chmod(0o755)
    (tmp_path / "unit").touch()
    (tmp_path / "etc" / "sidecar.env").touch()
    (tmp_path / "wrapper").write_text(text)
    return tmp_path / "wrapper"


def called(wrapper: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    place = wrapper.parent
    path = f"{place / 'bin'}:{os.environ['PATH']}"
    command = ["sh", str(wrapper), *arguments]
    return subprocess.run(
        command, cwd=place, env={"PATH": path, **environment}, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("shown", ["", '"-/home/anna/my tts"'], ids=["none", "a home"])
def test_the_wrapper_asks_systemd_for_the_service_s_view(wrapper: Path, shown: str) -> None:
    """systemd refuses an empty path. That it takes the rest shows on a machine where it is PID 1."""
    (wrapper.parent / "unit").write_text(f"[Service]\nUser=x\nBindReadOnlyPaths={shown}\n" if shown else "[Service]\n")
    arguments = called(wrapper, "--as-service", "verify", "--json").stdout.splitlines()
    assert arguments[-3:] == ["/usr/local/bin/sidecar", "verify", "--json"]
    assert "--property=User=indextts-sidecar" in arguments
    assert [each for each in arguments if "BindReadOnlyPaths" in each] == [
        f"--property=BindReadOnlyPaths={shown}"
    ] * bool(shown)


@pytest.mark.parametrize(
    ("settings", "environment", "password"),
    [
        ("SIDECAR_DATABASE_URL=mysql://s@h/d", {}, True),
        ("SIDECAR_DATABASE_URL=sqlite:////x.db", {}, False),
        ("SIDECAR_DATABASE_URL=mysql://s@h/d", {"SIDECAR_DATABASE_URL": "mysql://m:p@h/d"}, False),
        ("SIDECAR_DATABASE_URL=mysql://s@h/d", {"SIDECAR_DATABASE_PASSWORD": "p"}, False),
    ],
    ids=["the service's URL", "SQLite", "another URL", "another password"],
)
def test_the_service_s_password_goes_with_the_service_s_url_alone(
    wrapper: Path, settings: str, environment: dict[str, str], password: bool
) -> None:
    (wrapper.parent / "etc" / "sidecar.env").write_text(f"# a comment\n{settings}\nSIDECAR_NAME='a b'\nPATH=/nowhere\n")
    (wrapper.parent / "etc" / "database-password").write_text("secret\n")
    done = called(wrapper, "find", **environment)
    assert done.returncode == 7
    given = dict(line.split("=", 1) for line in done.stdout.splitlines() if line.startswith(("SIDECAR_", "PATH=")))
    assert ("SIDECAR_DATABASE_PASSWORD_FILE" in given) is password
    assert given["SIDECAR_NAME"] == "a b"
    assert given["PATH"] != "/nowhere"
    assert environment.items() <= given.items()


def test_init_sees_nothing_of_the_service(wrapper: Path) -> None:
    (wrapper.parent / "etc" / "sidecar.env").write_text("SIDECAR_DATABASE_URL=mysql://s@h/d\n")
    assert "SIDECAR_" not in called(wrapper, "init").stdout
    (wrapper.parent / "etc" / "sidecar.env").unlink()
    assert called(wrapper, "init").returncode == 7


def test_the_wrapper_says_what_it_cannot_find(wrapper: Path) -> None:
    place = wrapper.parent / "etc"
    (place / "sidecar.env").rename(place / "lab.env")
    done = called(wrapper, "find")
    assert done.returncode == 1
    assert done.stderr == (
        f"sidecar: there are no settings {place}/sidecar.env. SIDECAR_SETTINGS=... names others: {place}/lab.env. "
        "install.sh makes them.\n"
    )


def test_only_root_becomes_the_service(wrapper: Path) -> None:
    (wrapper.parent / "bin" / "id").write_text("#!/bin/sh\necho 1000\n")
    done = called(wrapper, "--as-service", "find", "x")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "sudo sidecar --as-service find x" in done.stderr


@pytest.mark.parametrize("unit", [LIBRARY, SCORER], ids=["library", "scorer"])
def test_the_other_units_are_as_shut_in_as_the_shipper_s(unit: Path) -> None:
    shipper, other = (
        re.findall(r"(?m)^[A-Z]\w+=.*$", path.read_text().partition("# Rights: ")[2]) for path in (UNITS[0], unit)
    )
    assert len(shipper) > 30
    if unit == SCORER:  # ONNX Runtime reads /proc/cpuinfo
        shipper = [line.replace("ProcSubset=pid", "ProcSubset=all") for line in shipper]
    assert other == shipper


def test_the_units_and_install_sh_name_the_same_page() -> None:
    for unit in SYSTEMD.glob("*.service"):
        assert "Documentation=file:/opt/indextts-sidecar/share/doc/README.md" in unit.read_text()
    assert '"$here/README.md" "$home/share/doc/README.md"' in (DEPLOY / "install.sh").read_text()


def test_the_program_knows_the_service_s_user_by_its_name() -> None:
    assert f"u {SERVICE_USER} " in (SYSTEMD / "sysusers.conf").read_text()
    assert f"account={SERVICE_USER}\n" in (DEPLOY / "install.sh").read_text()
