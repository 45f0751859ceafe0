"""The layers of ARCHITECTURE.md, held by reading every import statement."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Each foreign library has one importer, so that one place knows its ways.
IMPORTERS = {
    "watchdog": {"sidecar.watch"},
    "pymysql": {"sidecar.mysql"},
    "sqlite3": {"sidecar.sqlite"},
    "tenacity": {"sidecar.retry"},
    "prometheus_client": {"sidecar.metrics", "sidecar.histogram"},
    "structlog": {"sidecar.log"},
    "jsonschema_rs": {"sidecar.event"},
    "pydantic_settings": {"sidecar.config"},
    "pydantic": {"sidecar.config"},
    "dotenv": {"sidecar.config"},
}
# What may not be imported by whom, directly.
CORE = {"sidecar.shipper", "sidecar.folder", "sidecar.courier", "sidecar.scan", "sidecar.notices", "sidecar.projection"}
EDGES = {"sidecar.mysql", "sidecar.sqlite", "sidecar.watch", "sidecar.http", "sidecar.metrics", "sidecar.log",
         "sidecar.retry", "sidecar.config", "sidecar.systemd"}  # fmt: skip
STANDARD = set(sys.stdlib_module_names)


def modules(package: str) -> list[tuple[str, Path]]:
    found = []
    for path in sorted((ROOT / package).rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found.append((".".join(parts).removesuffix(".__init__"), path))
    return found


def imports(path: Path) -> Iterator[str]:
    """Modules imported when the file is: what is under TYPE_CHECKING does not count."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    skipped = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = path.relative_to(ROOT).parts[: -node.level] if node.level else ()
            module = ".".join((*package, *filter(None, [node.module])))
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def within(module: str, packages: set[str]) -> str | None:
    """The one of those packages that the module is, or lies in."""
    return next((each for each in packages if module == each or module.startswith(f"{each}.")), None)


SIDECAR = modules("sidecar")
PATCH = modules("indextts_patch")


@pytest.mark.parametrize(("module", "path"), SIDECAR, ids=[module for module, _ in SIDECAR])
def test_each_foreign_library_has_one_importer(module: str, path: Path) -> None:
    for imported in imports(path):
        importers = IMPORTERS.get(imported.partition(".")[0])
        assert importers is None or within(module, importers), f"{module} imports {imported}"


def test_the_core_knows_no_edge_and_no_foreign_library() -> None:
    for module, path in SIDECAR:
        if module in CORE:
            for imported in imports(path):
                assert not within(imported, EDGES), f"{module} imports {imported}"
                top = imported.partition(".")[0]
                assert top in STANDARD | {"sidecar", "orjson"}, f"{module} imports {imported}"


def test_edges_do_not_know_each_other_or_the_core_that_uses_them() -> None:
    forbidden = EDGES | {"sidecar.shipper", "sidecar.folder", "sidecar.courier"}
    for module, path in SIDECAR:
        edge = within(module, EDGES)
        if edge:
            for imported in imports(path):
                other = within(imported, forbidden - {edge})
                assert not other, f"{module} imports {imported}"


def test_the_two_packages_never_import_each_other() -> None:
    assert not [module for module, path in SIDECAR for each in imports(path) if within(each, {"indextts_patch"})]
    assert not [module for module, path in PATCH for each in imports(path) if within(each, {"sidecar"})]


def test_the_patch_needs_the_standard_library_alone() -> None:
    for module, path in PATCH:
        for imported in imports(path):
            assert imported.partition(".")[0] in STANDARD | {"indextts_patch"}, f"{module} imports {imported}"


@pytest.mark.parametrize("package", ["sidecar.cli.main", "indextts_patch"])
def test_nothing_happens_at_import(package: str, tmp_path: Path) -> None:
    script = f"import threading, socket, os; import {package}; assert threading.active_count() == 1"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert list(tmp_path.iterdir()) == []
