"""Folders of tests, and who looks into them."""

from __future__ import annotations

import contextlib
import importlib
import itertools
import os
import pkgutil
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from unittest import mock

from click.testing import CliRunner

import sidecar as root
from sidecar import installation
from sidecar.cli import main

NOBODY = 65534
_CLONE = Path(__file__).parents[1]


@contextlib.contextmanager
def as_nobody(folder: Path, *verbs: str) -> Iterator[None]:
    """Somebody whom rights hold back, as root is not, and who may reach a folder below the temporary one.

    The program can be read although its clone may lie in root's home: its modules, and what the verbs need besides, are
    imported beforehand, and the files that they look at lie elsewhere, as a wheel has them.
    """
    let_in(folder)
    for module in pkgutil.walk_packages(root.__path__, f"{root.__name__}."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    with tempfile.TemporaryDirectory() as public:
        Path(public).chmod(0o755)
        package = shutil.copytree(_CLONE / "sidecar", Path(public) / "sidecar")
        for name in ("schema", "deploy"):
            shutil.copytree(_CLONE / name, package / f"_{name}")
        with (
            mock.patch.object(installation, "_PACKAGE", package),
            mock.patch.object(main, "_FOLDER", package / "cli"),
        ):
            (package / ".env").touch()  # what reads it is imported too
            with contextlib.chdir(package):
                for words in itertools.product(verbs, (["--help"], ["--database-url", "sqlite:///nowhere.db"])):
                    CliRunner().invoke(main.sidecar, [words[0], *words[1]])
            os.seteuid(NOBODY)
            try:
                yield
            finally:
                os.seteuid(0)


@contextlib.contextmanager
def somebody(groups: Sequence[int] = ()) -> Iterator[None]:
    """This process as nobody, and as a member of those groups.

    What messages about rights look up is imported beforehand: Python itself may lie in root's home.
    """
    for needed in ("grp", "pwd"):
        importlib.import_module(needed)
    before = os.getegid(), os.getgroups()
    os.setgroups(groups)
    os.setegid(NOBODY)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(before[0])
        os.setgroups(before[1])


def let_in(folder: Path) -> None:
    """Let everybody look into a folder, and into those it lies in."""
    top = Path(tempfile.gettempdir()).resolve()
    for each in (folder, *folder.parents):
        if top not in each.parents:
            return
        each.chmod(each.stat().st_mode | 0o055)
