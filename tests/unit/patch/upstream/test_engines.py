"""What is known of the engines fits together: each row is found, under every name that its module can come by."""

from __future__ import annotations

import pytest

from indextts_patch.facts.arguments import takes
from indextts_patch.facts.signature import Signature
from indextts_patch.upstream import engines


@pytest.mark.parametrize("engine", engines.ENGINES, ids=[engine.module for engine in engines.ENGINES])
def test_a_row_is_found_by_its_modules_name_with_any_prefix_and_by_its_file(engine: engines.Engine) -> None:
    stem = engine.module.rpartition(".")[2]
    for name in (engine.module, f"engines.index_tts.{engine.module}"):
        assert engines.is_module(name)
    assert engines.is_file(f"/srv/{stem}.py")
    assert engines.VERSIONS[stem] == engine.version
    assert engines.family(engine.version).sample_rate


@pytest.mark.parametrize("name", ["infer_v2", "my.infer_v2_fast", "indextts.infer_new", "x.infer_vllm_v3"])
def test_a_forks_module_is_found(name: str) -> None:
    assert engines.is_module(name)


@pytest.mark.parametrize(
    "name", ["infer", "my.infer", "xindextts.infer", "indextts.inference", "infer_v3", "infer_v2.x"]
)
def test_somebody_elses_module_is_left_alone(name: str) -> None:
    assert not engines.is_module(name)


def test_files_are_told_by_their_names() -> None:
    names = ("infer_v3.py", "infer_vllm_x.py", "infer.pyc", "infer_.py", "my_infer.py", "infer_v.py", "inference.py")
    assert [name for name in names if engines.is_file(name)] == ["infer_v3.py", "infer_vllm_x.py"]


def test_a_parameter_is_known_by_what_it_means() -> None:
    assert takes(Signature((), ("self", "audio_prompt"), {}, None), "voice")
    assert not takes(Signature((), ("self", "verbose"), {}, None), "voice")
    assert {"text", "voice", "output"} <= set(engines.PARAMETERS.values())
