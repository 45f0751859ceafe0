"""What is known of the engines fits together: each row is found, under every name that its module can come by."""

from __future__ import annotations

import pytest

from indextts_patch.upstream import rule
from indextts_patch.upstream.row import PARAMETERS, Engine
from indextts_patch.upstream.rows import ENGINES, named

BY_STEM = [engine for engine in ENGINES if engine.by_stem]


@pytest.mark.parametrize("engine", ENGINES, ids=[f"{engine.module}.{engine.name}" for engine in ENGINES])
def test_a_row_is_found_by_its_modules_name_with_any_prefix_and_by_its_file(engine: Engine) -> None:
    file = f"/srv/{engine.module.replace('.', '/')}.py"
    for name in (engine.module, f"engines.index_tts.{engine.module}"):
        assert rule.is_module(name)
        assert named(name, engine.name) is engine
        assert named(name, f"{engine.name}X") is not engine
    assert rule.is_file(file)
    assert rule.is_file(file.removeprefix("/srv/"))
    assert named("my_own_name", engine.name, file) is engine


@pytest.mark.parametrize("engine", BY_STEM, ids=[engine.module for engine in BY_STEM])
def test_upstreams_rows_are_found_by_the_last_part_alone_and_forks_with_a_suffix_too(engine: Engine) -> None:
    assert rule.is_file(f"/srv/{engine.stem}.py")
    assert named("my_own_name", engine.name, f"/srv/{engine.stem}.py") is engine
    assert named(f"x.{engine.stem}_fast", engine.name) is engine


@pytest.mark.parametrize(
    "name", ["infer_v2", "my.infer_v2_fast", "indextts.infer_new", "x.infer_vllm_v3", "index_tts_3.api", "MyIndexTTS.x"]
)
def test_a_forks_module_is_found(name: str) -> None:
    assert rule.is_module(name)


@pytest.mark.parametrize("name", ["infer", "my.infer", "index.tts", "infer_v3", "infer_v2.x", "infer_v20", "tts.index"])
def test_somebody_elses_module_is_left_alone(name: str) -> None:
    assert not rule.is_module(name)


def test_files_are_told_by_their_names() -> None:
    names = ("infer_vllm_x.py", "infer.pyc", "infer_.py", "my_infer.py", "infer_v.py", "inference.py", "api.py")
    assert [name for name in names if rule.is_file(name)] == ["infer_vllm_x.py"]


def test_a_parameter_is_known_by_what_it_means() -> None:
    engine = Engine("a.b", "C", "3", package="", read="", arguments={"task.text": "text", "who": "voice"})
    assert engine.takes(("self", "task"), "text")
    assert engine.takes(("self", "who"), "voice")
    assert not engine.takes(("self", "verbose"), "voice")
    assert {"text", "voice", "output"} <= set(PARAMETERS.values())
