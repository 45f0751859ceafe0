"""Folders of tests, and who looks into them."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

from click.testing import CliRunner

from sidecar import cli, installation
from sidecar.cli.main import sidecar

NOBODY = 65534
_CLONE = Path(__file__).parents[1]


@contextlib.contextmanager
def as_nobody(folder: Path, *verbs: str) -> Iterator[None]:
    """Somebody whom rights hold back, as root is not, and who may reach a folder below the temporary one.

    The program can be read although its clone may lie in root's home: the modules of the verbs are imported beforehand,
    and the files that they look at lie elsewhere, as a wheel has them.
    """
    _let_in(folder)
    with tempfile.TemporaryDirectory() as public:
        Path(public).chmod(0o755)
        package = shutil.copytree(_CLONE / "sidecar", Path(public) / "sidecar")
        for name in ("schema", "deploy"):
            shutil.copytree(_CLONE / name, package / f"_{name}")
        with (
            mock.patch.object(installation, "_PACKAGE", package),
            mock.patch.object(cli, "__path__", [str(package / "cli")]),
        ):
            (package / ".env").touch()  # what reads it is imported too
            with contextlib.chdir(package):
                for verb in verbs:
                    CliRunner().invoke(sidecar, [verb, "--database-url", "sqlite:///nowhere.db"])
            os.seteuid(NOBODY)
            try:
                yield
            finally:
                os.seteuid(0)


def _let_in(folder: Path) -> None:
    """Let everybody look into a folder, and into those it lies in."""
    top = Path(tempfile.gettempdir()).resolve()
    for each in (folder, *folder.parents):
        if top not in each.parents:
            return
        each.chmod(each.stat().st_mode | 0o055)
