"""A release: the wheel, installed alone beside the pinned packages, runs everything; the version is in one place."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
import tomllib

import indextts_patch
from sidecar import __version__
from sidecar.service.metrics.catalogue import Metrics
from tests.events import publish, succeeded

ROOT = Path(__file__).parents[2]
LOCK = ROOT / "deploy" / "requirements.lock"


def run(*command: str | Path, cwd: Path) -> str:
    """Run a command outside the checkout; returns what it printed."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("SIDECAR_", "PYTHONPATH"))}
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--outdir", folder, ROOT, cwd=folder)
    return folder


def test_the_archives_carry_the_contract_and_the_deployment(dist: Path) -> None:
    (wheel,) = dist.glob(f"indextts_sidecar-{__version__}-*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {
        "sidecar/_schema/event/1.0.schema.json",
        "sidecar/_schema/mysql/001_tables.sql",
        "sidecar/wording/en.toml",
    } <= names
    assert not [name for name in names if name.startswith(("tests/", "deploy/"))]
    (source,) = dist.glob(f"indextts_sidecar-{__version__}.tar.gz")
    with tarfile.open(source) as archive:
        inside = {name.partition("/")[2] for name in archive.getnames()}
    assert {"deploy/install.sh", "deploy/requirements.lock", "schema/event/1.0.schema.json", "LICENSE"} <= inside


def test_the_wheel_alone_runs_everything(dist: Path, tmp_path: Path) -> None:
    venv = tmp_path / "venv"
    run(sys.executable, "-m", "venv", venv, cwd=tmp_path)
    python, command = venv / "bin" / "python", venv / "bin" / "sidecar"
    (wheel,) = dist.glob("*.whl")
    run(python, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", LOCK, cwd=tmp_path)
    run(python, "-m", "pip", "install", "--quiet", "--no-deps", wheel, cwd=tmp_path)
    run(python, "-m", "pip", "check", cwd=tmp_path)
    assert run(command, "--version", cwd=tmp_path).split()[-1] == __version__
    (tmp_path / "outputs").mkdir()
    publish(tmp_path / "outputs", succeeded())
    for words in (
        ["migrate"],
        ["run", "--once", "--listen", "off"],
        ["doctor", "--listen", "off"],
        ["replay", "--all"],
    ):
        run(command, *words, cwd=tmp_path)
    run(command, "export", "x.csv", cwd=tmp_path)
    assert (tmp_path / "x.csv").read_text("utf-8").count("欢迎") == 1
    run(python, "-c", "import indextts_patch", cwd=tmp_path)


def test_every_direct_package_is_pinned_and_hashed() -> None:
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    wanted = {
        re.split(r"[<>=!~ ;\[]", line)[0].lower() for line in pyproject["project"]["optional-dependencies"]["shipper"]
    }
    pinned = dict(re.findall(r"(?m)^([a-z0-9_.-]+)==(\S+)", LOCK.read_text("utf-8")))
    assert wanted <= set(pinned)
    blocks = re.split(r"(?m)^(?=[a-z0-9_.-]+==)", LOCK.read_text("utf-8"))[1:]
    assert all("--hash=sha256:" in block for block in blocks)


def test_the_version_is_in_one_place() -> None:
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert pyproject["project"]["dynamic"] == ["version"]
    assert pyproject["tool"]["hatch"]["version"]["path"] == "sidecar/__init__.py"
    assert indextts_patch.__version__ == __version__, "one release, one version"
    assert f'version="{__version__}"' in Metrics().exposition()[0].decode()
