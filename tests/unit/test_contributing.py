"""What contributors are told to type exists, the automation is well-formed, unit tests lie where their modules do."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.fresh.__main__ import COMMANDS

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "tests" / "unit"
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
HOOKS = ROOT / ".pre-commit-config.yaml"
YAML = [HOOKS, *sorted((ROOT / ".github").rglob("*.yml"))]
NAMING_TARGETS = [
    ROOT / "CONTRIBUTING.md",
    ROOT / "README.md",
    ROOT / "README.zh-CN.md",
    ROOT / ".ci" / "run",
    ROOT / ".github" / "pull_request_template.md",
    *YAML,
]
SERVERS = {"mariadb", "mysql"}
"""The fixtures of the shared servers, and the marks of those that take each server in turn."""


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def targets(path: Path) -> set[str]:
    """The targets that a script makes, or that a page names as code."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".md":
        text = "\n".join(re.findall(r"```.*?```|`[^`]*`", text, re.DOTALL))
    return set(re.findall(r"\bmake ([a-z-]+)", text))


def loaded(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", NAMING_TARGETS, ids=name)
def test_every_target_that_is_named_can_be_made(path: Path) -> None:
    assert targets(path) <= TARGETS


@pytest.mark.parametrize("readme", ["README.md", "README.zh-CN.md"])
def test_what_a_bare_machine_is_tried_with_is_what_the_readme_says(readme: str) -> None:
    blocks = re.findall(r"```.*?```", (ROOT / readme).read_text(encoding="utf-8"), re.DOTALL)
    typed = {line.partition("#")[0].strip() for block in blocks for line in block.splitlines()}
    assert set(COMMANDS) <= typed


def test_every_target_is_described() -> None:
    described = set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert described == TARGETS


@pytest.mark.parametrize("path", YAML, ids=name)
def test_the_automation_is_well_formed(path: Path) -> None:
    assert isinstance(loaded(path), dict)


def test_hooks_run_what_make_check_runs_and_fetch_nothing() -> None:
    (repository,) = loaded(HOOKS)["repos"]
    assert repository["repo"] == "local"
    assert {hook["language"] for hook in repository["hooks"]} == {"system"}
    needed = re.search(r"^check: (.*?) ##", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert needed
    assert [hook["entry"] for hook in repository["hooks"]] == [f"make {target}" for target in needed[1].split()]


@pytest.mark.parametrize("form", sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("[!c]*.yml")), ids=name)
def test_a_form_has_what_the_forge_wants_of_it(form: Path) -> None:
    content = loaded(form)
    assert {"name", "description", "body"} <= set(content)
    ids = [field["id"] for field in content["body"]]
    assert len(set(ids)) == len(ids)
    for field in content["body"]:
        assert field["type"] in {"checkboxes", "dropdown", "input", "markdown", "textarea"}
        assert field["attributes"]["label"]
        assert ("options" in field["attributes"]) == (field["type"] in {"checkboxes", "dropdown"})


@pytest.mark.parametrize("path", [path for path in UNIT.rglob("test_*.py") if path.parent != UNIT], ids=name)
def test_a_unit_test_lies_where_its_module_does(path: Path) -> None:
    """A package's own __init__ is tested in a file named after the package, the patch in tests/unit/patch/."""
    room = path.parent.relative_to(UNIT)
    home = ROOT / "indextts_patch" / room.relative_to("patch") if room.parts[0] == "patch" else ROOT / "sidecar" / room
    module = path.name.removeprefix("test_")
    assert (home / ("__init__.py" if module == f"{room.name}.py" else module)).is_file()


def test_no_unit_test_asks_for_a_server(request: pytest.FixtureRequest) -> None:
    collected = [item for item in request.session.items if isinstance(item, pytest.Function)]
    units = [item for item in collected if UNIT in item.path.parents]
    assert units
    wanted = {item.nodeid: {*item.fixturenames, *(mark.name for mark in item.iter_markers())} for item in units}
    assert [test for test, names in wanted.items() if SERVERS & names] == []
