"""A release: both wheels as they are built, installed by pip, pipx, uv and uvx where nothing else is."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
import subprocess
import sys
import tarfile
import urllib.request
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import tomllib

import indextts_patch
from sidecar import __version__
from sidecar.service.metrics.catalogue import Metrics
from tests.events import publish, succeeded
from tests.patch.helpers import python as python_of
from tests.unit.test_installation import named_files

ROOT = Path(__file__).parents[2]
LOCK = ROOT / "deploy" / "requirements.lock"
UV = (sys.executable, "-m", "uv")


def clean(more: Mapping[str, str]) -> dict[str, str]:
    """This process's environment without what would lead back to the clone or to its settings."""
    ours = ("SIDECAR_", "INDEXTTS_", "PYTHONPATH", "VIRTUAL_ENV", "PIPX_", "UV_TOOL_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return {**kept, "UV_NO_PROGRESS": "1", "UV_PYTHON_DOWNLOADS": "never", **more}


def run(*command: str | Path, cwd: Path, env: Mapping[str, str] | None = None, code: int = 0) -> str:
    """Run a command outside the clone; returns what it printed, on both channels."""
    words = [str(part) for part in command]
    done = subprocess.run(
        words, cwd=cwd, env=clean(env or {}), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    assert done.returncode == code, f"{words}\n{done.stdout[-6000:]}"
    return done.stdout


@dataclass(frozen=True)
class Dist:
    folder: Path

    def wheel(self, name: str) -> Path:
        (found,) = self.folder.glob(f"{name}-{__version__}-*.whl")
        return found

    def names(self, name: str) -> set[str]:
        return set(zipfile.ZipFile(self.wheel(name)).namelist())


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Dist:
    folder = tmp_path_factory.mktemp("dist")
    if subprocess.run(
        [*UV, "pip", "install", "--quiet", "--dry-run", "--target", folder / "x", "hatchling"], check=False
    ).returncode:
        if os.environ.get("CI") == "true":
            pytest.fail("no package index answers", pytrace=False)
        pytest.skip("no package index answers")
    for project in (ROOT, ROOT / "indextts_patch"):
        run(*UV, "build", "--quiet", "--out-dir", folder, project, cwd=folder)
    return Dist(folder)


# -- the archives


def test_the_shipper_s_wheel_carries_the_contract_and_what_its_messages_name(dist: Dist) -> None:
    names = dist.names("indextts_sidecar")
    assert {each.partition("/")[0] for each in names} == {"sidecar", f"indextts_sidecar-{__version__}.dist-info"}
    assert {
        "sidecar/_schema/event/1.0.schema.json",
        "sidecar/_schema/mysql/001_tables.sql",
        "sidecar/_deploy/mysql/revoke.sql",
        "sidecar/_deploy/systemd/indextts-sidecar.service",
        "sidecar/_deploy/systemd/sidecar",
        "sidecar/_deploy/install.sh",
        "sidecar/_deploy/prometheus/alerts.yml",
        "sidecar/_deploy/grafana/dashboards/speech.json",
        "sidecar/_deploy/grafana/provisioning/datasources/sidecar.yml",
        "sidecar/wording/en.toml",
        "sidecar/web/templates/base.html",
        "sidecar/web/static/vendor/wavesurfer.esm.js",
        "sidecar/web/static/vendor/wavesurfer.LICENSE",
    } <= names
    assert {f"sidecar/_{each}" for each in named_files()} <= names
    assert not [name for name in names if name.endswith(".pyc")]


def test_the_source_archives_build_the_same_wheels(dist: Dist, tmp_path: Path) -> None:
    for name in ("indextts_sidecar", "indextts_patch"):
        (source,) = dist.folder.glob(f"{name}-{__version__}.tar.gz")
        with tarfile.open(source) as archive:
            assert "LICENSE" in {each.partition("/")[2] for each in archive.getnames()}
        # uv builds a wheel out of the source archive unless it is told otherwise: here out of the tree.
        run(
            *UV,
            "build",
            "--quiet",
            "--wheel",
            "--out-dir",
            tmp_path,
            ROOT if "sidecar" in name else ROOT / name,
            cwd=ROOT,
        )
        assert set(zipfile.ZipFile(tmp_path / dist.wheel(name).name).namelist()) == dist.names(name)


def test_the_container_copies_all_that_the_wheel_is_built_from(dist: Dist, tmp_path: Path) -> None:
    steps = (ROOT / "deploy" / "compose" / "Containerfile").read_text("utf-8")
    for *sources, target in (line.split() for line in re.findall(r"^COPY (?!--from)(.+)$", steps, re.MULTILINE)):
        for source in sources:
            if (ROOT / source).is_dir():
                skipped = shutil.ignore_patterns("compose", "__pycache__")  # as Containerfile.dockerignore says
                shutil.copytree(ROOT / source, tmp_path / target, ignore=skipped)
            else:
                shutil.copy(ROOT / source, tmp_path / target)
    run(*UV, "build", "--quiet", "--wheel", "--out-dir", tmp_path / "dist", tmp_path, cwd=tmp_path)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    assert set(zipfile.ZipFile(wheel).namelist()) == dist.names("indextts_sidecar")


def test_the_patch_s_wheel_is_the_package_and_nothing_else(dist: Dist) -> None:
    names = dist.names("indextts_patch")
    sources = {str(path.relative_to(ROOT)) for path in (ROOT / "indextts_patch").rglob("*.py")}
    inside = {each for each in names if ".dist-info/" not in each}
    assert inside == sources | {"indextts_patch/py.typed", "indextts_patch/webui.patch"}
    assert (ROOT / "indextts_patch" / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()


def test_a_wheel_is_made_again_of_what_is_installed(dist: Dist, tmp_path: Path) -> None:
    """install.sh does, where the program came from pip, pipx or uv and there is no clone."""
    wheel = dist.wheel("indextts_sidecar")
    site = tmp_path / "site"
    run(*UV, "pip", "install", "--quiet", "--no-deps", "--target", site, wheel, cwd=tmp_path)
    (tmp_path / "made").mkdir()
    made = run(sys.executable, site / "sidecar" / "_deploy" / "repack.py", tmp_path / "made", cwd=tmp_path).strip()
    assert Path(made).name == wheel.name
    old, new = zipfile.ZipFile(wheel), zipfile.ZipFile(made)
    assert set(new.namelist()) == set(old.namelist())
    for name in old.namelist():
        if not name.endswith("/RECORD"):
            assert new.read(name) == old.read(name), name
    run(*UV, "pip", "install", "--quiet", "--no-deps", "--target", tmp_path / "again", made, cwd=tmp_path)
    assert (tmp_path / "again" / "bin" / "sidecar").exists()


# -- the shipper, by each way that people install a program


@dataclass(frozen=True)
class Installed:
    """The shipper as one way of installing leaves it."""

    way: str
    command: tuple[str | Path, ...]
    home: Path
    env: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, *words: str, cwd: Path, code: int = 0) -> str:
        return run(*self.command, *words, cwd=cwd, env=self.env, code=code)


def by_pip(wheel: Path, home: Path) -> Installed:
    """As install.sh and the container do: pinned and hashed packages first."""
    run(sys.executable, "-m", "venv", home / "venv", cwd=home)
    python = home / "venv" / "bin" / "python"
    run(python, "-m", "pip", "install", "--quiet", "--no-compile", "--require-hashes", "-r", LOCK, cwd=home)
    run(python, "-m", "pip", "install", "--quiet", "--no-compile", "--no-deps", wheel, cwd=home)
    run(python, "-m", "pip", "check", cwd=home)
    return Installed("by_pip", (home / "venv" / "bin" / "sidecar",), home)


def by_pipx(wheel: Path, home: Path) -> Installed:
    # Beside uv, pipx makes its environments by uv: seconds instead of half a minute.
    uv_beside = f"{uv_folder()}{os.pathsep}{os.environ['PATH']}"
    env = {"PIPX_HOME": str(home / "pipx"), "PIPX_BIN_DIR": str(home / "bin"), "PATH": uv_beside}
    run(sys.executable, "-m", "pipx", "install", "--quiet", "--python", sys.executable, wheel, cwd=home, env=env)
    return Installed("by_pipx", (home / "bin" / "sidecar",), home, env)


def by_uv_tool(wheel: Path, home: Path) -> Installed:
    env = {"UV_TOOL_DIR": str(home / "tools"), "UV_TOOL_BIN_DIR": str(home / "bin")}
    run(*UV, "tool", "install", "--quiet", "--python", sys.executable, wheel, cwd=home, env=env)
    return Installed("by_uv_tool", (home / "bin" / "sidecar",), home, env)


def by_uvx(wheel: Path, home: Path) -> Installed:
    return Installed(
        "by_uvx", (*UV, "tool", "run", "--quiet", "--python", sys.executable, "--from", wheel, "sidecar"), home
    )


def uv_folder() -> Path:
    found = run(sys.executable, "-c", "import uv; print(uv.find_uv_bin())", cwd=ROOT)
    return Path(found.strip()).parent


@pytest.mark.parametrize("way", [by_pip, by_pipx, by_uv_tool, by_uvx], ids=lambda way: way.__name__)
def test_installed_alone_it_ships_finds_shows_and_says_how_to_get_the_rest(
    dist: Dist, tmp_path: Path, way: Callable[[Path, Path], Installed]
) -> None:
    """In one test a way: where tests run in parallel, each is installed once."""
    home, folder = tmp_path / "home", tmp_path / "tts"
    (folder / "outputs").mkdir(parents=True)
    home.mkdir()
    installed = way(dist.wheel("indextts_sidecar"), home)
    assert installed("--version", cwd=folder).split()[-1] == __version__
    publish(folder / "outputs", succeeded())
    more = [["doctor", "--listen", "off"], ["replay", "--all"], ["export", "x.csv"]]
    for words in (["migrate"], ["run", "--once", "--listen", "off"], *(more if way is by_pip else [])):
        installed(*words, cwd=folder)
    assert "欢迎" in installed("find", "欢迎", cwd=folder)
    with served(installed, folder) as address:
        assert "<title>" in fetched(address)
        assert "欢迎" in fetched(f"{address}api/records")
    advice_is_one_line_and_works(installed, folder)


def fetched(url: str) -> str:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(url, timeout=30) as answer:
        return str(answer.read().decode())


@contextlib.contextmanager
def served(installed: Installed, folder: Path) -> Iterator[str]:
    """The library page; gives its address."""
    command = [str(part) for part in (*installed.command, "web", "--web-listen", "127.0.0.1:0")]
    process = subprocess.Popen(command, cwd=folder, env=clean(installed.env), stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        told = re.search(r"http://\S+/", process.stdout.readline())
        assert told
        yield told[0]
    finally:
        process.terminate()
        process.communicate(timeout=30)


def advice_is_one_line_and_works(installed: Installed, folder: Path) -> None:
    (line,) = installed("report", cwd=folder, code=2).splitlines()
    assert line.startswith("sidecar: matplotlib, pandas, ruptures, scipy are not installed. Run: ")
    advice = line.partition("Run: ")[2]
    assert advice.startswith(ADVICE[installed.way].format(home=installed.home))
    (parquet,) = installed("export", "x.parquet", cwd=folder, code=2).splitlines()
    assert parquet == f"sidecar: Parquet needs pyarrow, which is not installed. Run: {advice}"
    program, *words = shlex.split(advice)
    for_real = installed.way in ("by_uv_tool", "by_pipx")  # uv has the packages cached; pip would load all once more
    words.append("--quiet" if for_real else "--dry-run")
    programs = {"uv": UV, "pipx": (sys.executable, "-m", "pipx")}
    run(*programs.get(program, (program,)), *words, cwd=folder, env=installed.env)
    if for_real:
        installed("export", "x.parquet", cwd=folder)


ADVICE = {
    "by_pip": "{home}/venv/bin/python -m pip install ",
    "by_pipx": "pipx inject indextts-sidecar ",
    "by_uv_tool": "uv pip install --python {home}/tools/indextts-sidecar/bin/python",
    "by_uvx": "uv pip install --python /",
}


def test_every_command_has_its_help(dist: Dist, tmp_path: Path) -> None:
    """In an environment that holds what the wheel brings along, and nothing for the tests."""
    run(*UV, "venv", "--quiet", "--python", sys.executable, tmp_path / "venv", cwd=tmp_path)
    python = tmp_path / "venv" / "bin" / "python"
    run(*UV, "pip", "install", "--quiet", "--python", python, dist.wheel("indextts_sidecar"), cwd=tmp_path)
    told = run(python, "-c", EACH_HELP, cwd=tmp_path)
    assert set(re.findall(r"Usage: sidecar ([a-z]+) ", told)) == verbs()
    named = run(python, "-c", NAMED, *sorted(named_files()), cwd=tmp_path).split("\n")
    assert [path for path in named if path and not Path(path).is_relative_to(tmp_path)] == []


def verbs() -> set[str]:
    return {path.stem for path in (ROOT / "sidecar" / "cli").glob("*.py")} - {"__init__", "main"}


EACH_HELP = """
from click.testing import CliRunner
from sidecar.cli.main import sidecar
for verb in sidecar.list_commands(None):
    print(CliRunner().invoke(sidecar, [verb, "--help"], catch_exceptions=False, prog_name="sidecar").output)
"""
NAMED = """
import sys
from sidecar.installation import bundled
for name in sys.argv[1:]:
    assert bundled(name).is_file(), name
    print(bundled(name))
"""


# -- the patch


@pytest.mark.parametrize("version", ["3.10", "3.11"])
def test_the_patch_alone_runs_and_brings_nothing_along(dist: Dist, tmp_path: Path, version: str) -> None:
    interpreter = python_of(version)
    if interpreter is None:
        pytest.skip(f"no Python {version} here")
    run(*UV, "venv", "--quiet", "--python", interpreter, tmp_path / "venv", cwd=tmp_path)
    folder = tmp_path / "venv" / "bin"
    wheel = dist.wheel("indextts_patch")
    run(*UV, "pip", "install", "--quiet", "--python", folder / "python", wheel, cwd=tmp_path)
    listed = run(*UV, "pip", "list", "--quiet", "--format", "freeze", "--python", folder / "python", cwd=tmp_path)
    assert [line.partition(" ")[0].partition("=")[0] for line in listed.splitlines()] == ["indextts-patch"]
    for command in ([folder / "indextts-patch"], [folder / "python", "-m", "indextts_patch"]):
        name = "indextts-patch" if len(command) == 1 else "python -m indextts_patch"
        told = run(*command, "--help", cwd=tmp_path)
        assert told == run(*command, cwd=tmp_path, code=2)
        assert told.startswith(f"usage: {name} SCRIPT")
        assert max(map(len, told.splitlines())) <= 80
    # The test event that doctor leaves is an event like any other: the whole way to the disk.
    (tmp_path / "outputs").mkdir()
    (tmp_path / "say.py").write_text(ENGINE)
    (tmp_path / "indextts").mkdir()
    (tmp_path / "indextts" / "infer.py").write_text(CLASS)
    said = run(folder / "indextts-patch", "say.py", cwd=tmp_path)
    assert "recording indextts.infer.IndexTTS" in said
    assert (tmp_path / "outputs" / "x.wav.json").exists()


ENGINE = """
from indextts.infer import IndexTTS
IndexTTS().infer("voice.wav", "欢迎", "outputs/x.wav")
"""
CLASS = """
import wave
class IndexTTS:
    def infer(self, audio_prompt, text, output_path):
        with wave.open(output_path, "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(22050)
            file.writeframes(bytes(2000))
        return output_path
"""


# -- the version, and what is pinned


@pytest.mark.parametrize("extra", ["", "proxy", "score"])
def test_every_package_of_an_installed_service_is_pinned_and_hashed(extra: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    lines = project["optional-dependencies"][extra] if extra else project["dependencies"]
    wanted = {re.split(r"[<>=!~ ;\[]", line)[0].lower() for line in lines}
    text = (LOCK.with_name(f"requirements-{extra}.lock") if extra else LOCK).read_text("utf-8")
    assert wanted <= set(re.findall(r"(?m)^([a-z0-9_.-]+)==", text))
    blocks = re.split(r"(?m)^(?=[a-z0-9_.-]+==)", text)[1:]
    assert all("--hash=sha256:" in block for block in blocks)


def test_both_distributions_have_one_version() -> None:
    """Each package says it by itself, since neither may import the other and both also run without installation."""
    for folder, package in ((ROOT, "sidecar/"), (ROOT / "indextts_patch", "")):
        pyproject = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))
        assert pyproject["project"]["dynamic"] == ["version"]
        assert pyproject["tool"]["hatch"]["version"]["path"] == f"{package}__init__.py"
    assert indextts_patch.__version__ == __version__, "one release, one version"
    assert f'version="{__version__}"' in Metrics().exposition()[0].decode()
