"""The first minutes with a built wheel: `sidecar init` by uvx, the lines that it ends with, and a row that is found."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.operate.test_dist import Dist, clean, dist, uv_folder  # noqa: F401
from tests.servers import Server

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "deploy" / "demo"
START, SHIP = "Start IndexTTS with the recording:", "Start the shipper, in another terminal:"


@pytest.fixture(params=["sqlite", pytest.param("mariadb", marks=pytest.mark.mariadb)])
def words(request: pytest.FixtureRequest) -> Iterator[tuple[list[str], dict[str, str]]]:
    """Further words for init, and what the environment tells it."""
    if request.param == "sqlite":
        yield [], {}
        return
    server: Server = request.getfixturevalue(request.param)
    boss = server.create_account()
    server.execute(f"GRANT ALL PRIVILEGES ON *.* TO '{boss.user}'@'%' WITH GRANT OPTION")
    where = f"mysql://{boss.user}@127.0.0.1:{server.port}/first_minutes"
    yield ["--database", where], {"MYSQL_PWD": boss.password}
    accounts = (f"first_minutes_{role}" for role in ("migrate", "ship", "read"))
    server.execute("DROP DATABASE first_minutes", *(f"DROP USER '{each}'@'%'" for each in (*accounts, boss.user)))


def typed(line: str, folder: Path, environment: dict[str, str]) -> str:
    """A line typed into a shell somewhere else; what was shown."""
    done = subprocess.run(
        ["sh", "-c", line],
        cwd=folder.parent,
        env=clean({"HOME": str(folder.parent), "COLUMNS": "200", **environment}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{line}\n{done.stdout}"
    return done.stdout


def shown_below(head: str, told: str) -> str:
    """The command under that line, as it is to be copied."""
    return told.partition(f"{head}\n\n")[2].partition("\n\n")[0].rstrip()


@pytest.mark.slow
def test_from_nothing_to_a_row_in_three_commands(
    dist: Dist,  # noqa: F811
    words: tuple[list[str], dict[str, str]],
    tmp_path: Path,
) -> None:
    folder = tmp_path / "index tts 语音"
    folder.mkdir()
    shutil.copy(DEMO / "studio.py", folder)
    shutil.copytree(DEMO / "indextts", folder / "indextts", ignore=shutil.ignore_patterns("__pycache__"))
    path = os.pathsep.join([str(uv_folder()), str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {"PATH": path, "UV_PYTHON": sys.executable, **words[1]}
    uvx = f"uvx --quiet --from {dist.wheel('indextts_sidecar')} sidecar"
    told = typed(f"{uvx} init --yes {' '.join(words[0])} '{folder}'", folder, environment)
    typed(shown_below(START, told), folder, environment)
    typed(f"{shown_below(SHIP, told)} --once --listen off", folder, environment)
    assert "欢迎使用" in typed(f"cd '{folder}' && {uvx} find 欢迎", folder, environment)
