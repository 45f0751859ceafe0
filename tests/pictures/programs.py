"""The real programs on the studio's data, at the studio's time."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.answers.scene import Scene
from tests.answers.served import environment, ship
from tests.pictures import studio
from tests.servers import MariaDB

FAKETIME = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)


@contextlib.contextmanager
def shipped(root: Path) -> Iterator[Scene]:
    """The studio's events as rows of a private MariaDB. Raises ServerMissingError."""
    outputs = root / "outputs"
    outputs.mkdir()
    studio.write(outputs)
    with MariaDB() as server:
        name = server.create_database("tts")
        scene = Scene(url=server.url(name), folder=outputs, documents=[])
        ran = [sys.executable, "-m", "sidecar", "migrate"]
        subprocess.run(ran, env=environment(scene), cwd=root, check=True, stdout=subprocess.DEVNULL)
        ship(scene)
        account = {
            "host": "127.0.0.1",
            "port": server.port,
            "user": server.owner.user,
            "password": server.owner.password,
        }
        client = "".join(f"{name}={value}\n" for name, value in account.items())
        (root / ".my.cnf").write_text(f"[client]\n{client}", encoding="utf-8")
        yield scene


def clock(root: Path) -> dict[str, str]:
    """Environment of a program that takes studio.NOW for the time, and root for its user's home."""
    return {
        "LD_PRELOAD": str(FAKETIME),
        "FAKETIME": studio.NOW.strftime("@%Y-%m-%d %H:%M:%S"),
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "TZ": "UTC",
        "HOME": str(root),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "SIDECAR_TIMEZONE": studio.TIMEZONE,
    }
