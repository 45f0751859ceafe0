"""What the READMEs tell people to type, typed: in a clean clone, under a clean home, with a stand-in for IndexTTS2.

The first block, `make demo` and `make test` on a bare machine, is what `make fresh` types.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from sidecar.cli.support.databases import open_database
from sidecar.service.settings import Settings
from tests.events import failed, publish, rfc3339, started, succeeded
from tests.integration.processes import sidecar
from tests.operate.terminal import plain, typed
from tests.running import missing
from tests.servers.instance import free_port

ROOT = Path(__file__).parents[2]
DEADLINE = 120.0  # seconds
SPOKEN = 8  # by the stand-in, of which one fails
_OUTSIDE = ("UV_", "PIP_", "SSL_", "REQUESTS_", "CURL_", "HTTP", "HTTPS", "NO_", "http", "https", "no_")
"""Beginnings of what a machine's own environment says about the way to package indexes."""


def text(readme: str) -> str:
    return (ROOT / readme).read_text(encoding="utf-8")


def blocks(language: str, readme: str = "README.md") -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text(readme), re.MULTILINE | re.DOTALL)


def commands(block: str) -> list[str]:
    return [line.strip() for line in block.splitlines() if line.strip()]


BARE, INSTALL, BEGIN, SHIP, LOOK = blocks("sh")


def inline(readme: str) -> set[str]:
    """Commands within sentences and tables."""
    outside = re.sub(r"^```.*?^```", "", text(readme), flags=re.MULTILINE | re.DOTALL)
    beginnings = r"(?:[A-Z_]+=\S+ )?(?:sidecar|uv|pipx|git|sudo|apt-get|python|mysql|rm|~/sidecar/bin/\w+) "
    return {code for code in re.findall(r"`([^`]+)`", outside) if re.match(beginnings, code)}


# The commands.

AFTERWARDS = {
    "uv": ["uv tool update-shell", "uv tool install --reinstall .", "uv tool uninstall indextts-sidecar"],
    "pipx": ["pipx ensurepath", "pipx install --force .", "pipx uninstall indextts-sidecar"],
    "python3": ["~/sidecar/bin/pip install --upgrade .", "rm -r ~/sidecar"],
}
WHILE_IT_SHIPS = {
    "sidecar --help": "Commands",
    "sidecar doctor": "database",
    "sidecar status": f"{SPOKEN}",
    "sidecar backfill": "0 events written",
    "sidecar forget --user NAME": "0 records would be forgotten",
}
SERVING = {
    "SIDECAR_WEB_TOKEN=at-least-16-letters sidecar web --web-listen 0.0.0.0:9791": "/login",
}
ELSEWHERE = {
    "git pull": "git's own",
    "sidecar init": "here, in the five minutes",
    "sidecar report --since 90d": "tests/answers/test_report.py",
    "sidecar init --database mysql": "tests/operate/test_init.py",
    "sidecar init --service": "tests/operate/test_init.py",
    "sudo $(which sidecar) init --database mysql": "tests/operate/test_init.py",
    "apt-get install fonts-noto-cjk": "Debian's own",
    "mysql -u tts_read -p tts": "the server's own",
    "sidecar score": "tests/scoring/killing.py",
    "sidecar proxy": "tests/proxy/test_service.py",
}


def test_every_command_in_a_sentence_is_typed_by_a_test() -> None:
    afterwards = {command for way in AFTERWARDS.values() for command in way}
    known = {*afterwards, *WHILE_IT_SHIPS, *SERVING, *ELSEWHERE, *commands(SHIP), *commands(LOOK), "sidecar find"}
    assert inline("README.md") <= known
    assert inline("README.md") == inline("README.zh-CN.md")
    assert all((ROOT / place).is_file() for place in ELSEWHERE.values() if "/" in place)


def test_no_block_for_a_shell_has_a_comment() -> None:
    """zsh, the shell of macOS, takes a `#` on a typed line for a word."""
    for readme in ("README.md", "README.zh-CN.md"):
        assert [line for block in blocks("sh", readme) for line in commands(block) if "#" in line] == []


def in_sh(line: str) -> str:
    """A line for PowerShell as one for a POSIX shell."""
    line = re.sub(r"^\$env:(\w+) = (\S+); ", r"\1=\2 ", line)
    line = re.sub(r"^\$(\w+) = ", r"\1=", line)
    return line.replace("\\", "/")


def test_the_lines_for_windows_say_what_those_for_linux_say() -> None:
    (windows,) = blocks("powershell")
    assert [in_sh(line) for line in commands(windows)] == commands(BEGIN)


def test_a_bare_machine_is_told_what_make_needs() -> None:
    packages = re.search(r"apt-get install (.*)", BARE)
    assert packages
    assert set(packages[1].split()) == {"git", "make", "python3", "python3-venv"}
    targets = [line.split()[1] for line in commands(BARE) if line.startswith("make ")]
    assert targets == ["demo", "test"]
    subprocess.run(["make", "--dry-run", *targets], cwd=ROOT, check=True, capture_output=True)


@dataclass(frozen=True)
class Newcomer:
    """A clean home, and a clean clone that is also where he stands."""

    home: Path
    clone: Path
    environment: Mapping[str, str]

    def types(self, script: str, *, cwd: Path | None = None, keys: bytes = b"") -> str:
        """Run it in a shell on a terminal; what was on the screen, in one line."""
        shown = typed(
            ["bash", "-euc", script], columns=80, cwd=cwd or self.clone, environment=self.environment, keys=keys
        )
        return " ".join(plain(shown).split())

    @property
    def indextts(self) -> Path:
        return self.home / "index-tts"


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What git would clone, with what is not committed yet."""
    folder = tmp_path_factory.mktemp("readme") / "clone"
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    for name in listed.stdout.rstrip("\0").split("\0"):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    return folder


@pytest.fixture
def newcomer(clone: Path, tmp_path: Path) -> Newcomer:
    home, tools = tmp_path / "home", tmp_path / "tools"
    home.mkdir()
    tools.mkdir()
    for name in ("uv", "uvx", "pipx"):
        found = shutil.which(name, path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
        if found is None:
            missing(f"no {name} on this machine: pip install '.[dev]'")
        (tools / name).symlink_to(found)
    (tools / "python3").symlink_to(sys.executable)
    environment = {
        **{name: value for name, value in os.environ.items() if name.startswith(_OUTSIDE)},
        "HOME": str(home),
        "PATH": f"{tools}:{home / '.local' / 'bin'}:/usr/bin:/bin",
        "LC_ALL": "C.UTF-8",
        "UV_PYTHON_DOWNLOADS": "never",
        # The usual ports may be taken on this machine.
        "SIDECAR_LISTEN": f"127.0.0.1:{free_port()}",
        "SIDECAR_WEB_LISTEN": f"127.0.0.1:{free_port()}",
    }
    shutil.copytree(ROOT / "deploy" / "demo", home / "index-tts")
    (home / "index-tts" / "studio.py").rename(home / "index-tts" / "webui.py")
    return Newcomer(home, clone, environment)


@pytest.mark.slow
@pytest.mark.parametrize("line", commands(INSTALL), ids=lambda line: line.split()[0])
def test_each_way_to_install_gives_the_command(newcomer: Newcomer, line: str) -> None:
    assert "sidecar" in newcomer.types(f"{line}\nsidecar --version")
    for command in AFTERWARDS[line.split()[0]]:
        newcomer.types(command)
        there = any((newcomer.home / place / "sidecar").exists() for place in (".local/bin", "sidecar/bin"))
        assert there == ("uninstall" not in command and not command.startswith("rm "))


@pytest.mark.slow
def test_five_minutes_end_with_what_was_said_in_the_library(newcomer: Newcomer) -> None:
    newcomer.types(commands(INSTALL)[0])
    said = newcomer.types(BEGIN, keys=b"\n" * 4)
    assert "indextts_patch: recording" in said
    there = newcomer.indextts
    assert f"PYTHONPATH={newcomer.clone}" in said
    with serving(newcomer, SHIP) as shipper:
        wait_for(lambda: newcomer.types("sidecar find --json", cwd=there).count('"event_id"') == SPOKEN)
        for command, shown in WHILE_IT_SHIPS.items():
            assert shown in newcomer.types(command, cwd=there), command
        found, web = commands(LOOK)
        assert "欢迎使用 IndexTTS2" in newcomer.types(found, cwd=there)
        with serving(newcomer, web):
            wait_for_answer(newcomer.environment["SIDECAR_WEB_LISTEN"], "/api/records")
        assert "`SIDECAR_LISTEN=127.0.0.1:9792` into `.env`" in text("README.md")
        another = f"127.0.0.1:{free_port()}"
        with (there / ".env").open("a", encoding="utf-8") as file:
            file.write(f"SIDECAR_LISTEN={another}\n")
        apart = replace(newcomer, environment={k: v for k, v in newcomer.environment.items() if k != "SIDECAR_LISTEN"})
        with serving(apart, SHIP):
            wait_for_answer(another, "/readyz")
            assert "ready, version" in apart.types("sidecar status", cwd=there)
        for command, path in SERVING.items():
            port = free_port()
            with serving(newcomer, re.sub(r":\d+$", f":{port}", command)):
                wait_for_answer(f"127.0.0.1:{port}", path)
    assert shipper.returncode == 0


@contextlib.contextmanager
def serving(newcomer: Newcomer, script: str) -> Iterator[subprocess.Popen[bytes]]:
    """A command that goes on until Ctrl-C, in IndexTTS2's folder."""
    (command,) = commands(script)
    # A shell whose only command this is becomes it.
    process = subprocess.Popen(
        ["bash", "-c", command],
        cwd=newcomer.indextts,
        env=dict(newcomer.environment),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(DEADLINE)


def answers(address: str, path: str) -> int:
    """The status of an answer; 0 where nobody listens yet."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"http://{address}{path}", timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def wait_for_answer(address: str, path: str) -> None:
    wait_for(lambda: answers(address, path) == 200)


def wait_for(met: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE
    while not met():
        assert time.monotonic() < deadline
        time.sleep(0.1)


# The SQL.


def queries(page: str) -> list[str]:
    """Statements of a page's first SQL block, in order."""
    lines = [line for line in blocks("sql", page)[0].splitlines() if not line.startswith("--")]
    return [statement.strip() for statement in "\n".join(lines).split(";") if statement.strip()]


def on_sqlite(statement: str) -> str:
    """As schema/README.md says to write it there."""
    return statement.replace("UTC_TIMESTAMP() - INTERVAL 3 DAY", "datetime('now', '-3 days')").replace(
        "DATE_FORMAT(created_at, '%Y-%m-%d %H:00')", "strftime('%Y-%m-%d %H:00', created_at)"
    )


# How many rows each gives, of a welcome line made yesterday and five days ago, and one that failed.
ROWS = {"README.md": [1, 2, 1, 1], "schema/README.md": [3, 2, 1, 1]}


def test_both_languages_have_the_same_queries() -> None:
    assert queries("README.md") == queries("README.zh-CN.md")


@pytest.mark.parametrize("page", ROWS)
def test_the_first_queries_answer(tmp_path: Path, database_url: str, page: str) -> None:
    outputs = tmp_path / "outputs"
    outputs.mkdir()
    now = datetime.now(timezone.utc)
    for age in (timedelta(days=1), timedelta(days=5)):
        publish(outputs, succeeded("欢迎光临", time=rfc3339(now - age)))
    publish(outputs, failed(time=rfc3339(now - timedelta(days=2))))
    publish(outputs, started())
    settings = {"SIDECAR_DATABASE_URL": database_url}
    sidecar("migrate", cwd=tmp_path, settings=settings)
    sidecar("run", "--once", cwd=tmp_path, settings=settings)
    database = open_database(Settings(database_url=database_url))
    sqlite = database.dialect == "sqlite"
    found = [len(database.query(on_sqlite(each) if sqlite else each)) for each in queries(page)]
    database.close()
    assert found == ROWS[page]
