"""What is hooked, by every road a module can come in, and how it all comes off again."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.patch.helpers import DOUBLE, PYTHONS, REPO, ok, one_event, python, run

SPEAK = 'tts.infer("voice.wav", "hello", "outputs/x.wav")\n'


@pytest.mark.parametrize("way", ["install", "launcher", "startup", "line"])
def test_a_class_imported_before_is_hooked_too(tmp_path: Path, way: str) -> None:
    body = "from indextts.infer_v2 import IndexTTS2\nimport indextts_patch\nindextts_patch.install()\n"
    one_event(run(tmp_path, body + "tts = IndexTTS2()\n" + SPEAK, way=way))


@pytest.mark.parametrize("interpreter", PYTHONS)
def test_a_module_name_with_a_prefix_is_hooked(tmp_path: Path, interpreter: str) -> None:
    package = tmp_path / "engines" / "index_tts"
    package.mkdir(parents=True)
    (package / "indextts").symlink_to(DOUBLE / "head" / "indextts")
    body = "from engines.index_tts.indextts.infer_v2 import IndexTTS2\ntts = IndexTTS2()\n" + SPEAK
    data = one_event(run(tmp_path, body, interpreter=interpreter))
    assert data["model"]["class"] == "engines.index_tts.indextts.infer_v2.IndexTTS2"


def test_a_bare_module_name_is_hooked(tmp_path: Path) -> None:
    body = f"sys.path.append({str(DOUBLE / 'head' / 'indextts')!r})\nimport infer_v2\ntts = infer_v2.IndexTTS2()\n"
    one_event(run(tmp_path, body + SPEAK))


@pytest.mark.parametrize("interpreter", PYTHONS)
@pytest.mark.parametrize("name", ["indextts.infer_v2", "my_own_name"])
def test_a_module_loaded_by_its_location_is_hooked(tmp_path: Path, name: str, interpreter: str) -> None:
    body = (
        "import importlib.util\n"
        f"spec = importlib.util.spec_from_file_location({name!r}, {str(DOUBLE / 'head/indextts/infer_v2.py')!r})\n"
        "module = importlib.util.module_from_spec(spec)\n"
        "spec.loader.exec_module(module)\n"
        "tts = module.IndexTTS2()\n"
    )
    data = one_event(run(tmp_path, body + SPEAK, interpreter=interpreter))
    assert data["model"]["version"] == "2"


def test_subclasses_that_override_are_recorded_once(tmp_path: Path) -> None:
    body = (
        "from indextts.infer_v2 import IndexTTS2\n"
        "class Early(IndexTTS2):\n"
        "    def infer(self, *args, **kwargs):\n"
        "        return super().infer(*args, **kwargs)\n"
        "class Own(Early):\n"
        "    def infer(self, spk_audio_prompt, text, output_path, **kwargs):\n"
        "        return self.finish(__import__('engine').sound(text, 22050), output_path, text, print)\n"
        "Early().infer('voice.wav', 'early', 'outputs/a.wav')\n"
        "Own().infer('voice.wav', 'own', 'outputs/b.wav')\n"
    )
    events = ok(run(tmp_path, body)).events
    assert [event["data"]["text"] for event in events] == ["early", "own"]
    assert [event["data"]["model"]["class"] for event in events] == ["__main__.Early", "__main__.Own"]


def test_a_module_loaded_anew_is_hooked_anew(tmp_path: Path) -> None:
    body = (
        "import importlib\nfrom indextts import infer_v2\n"
        "del sys.modules['indextts.infer_v2']\n"
        "again = importlib.import_module('indextts.infer_v2')\n"
        "assert again is not infer_v2\n"
        "again.IndexTTS2().infer('voice.wav', 'again', 'outputs/a.wav')\n"
        "importlib.reload(again).IndexTTS2().infer('voice.wav', 'reloaded', 'outputs/b.wav')\n"
    )
    assert [event["data"]["text"] for event in ok(run(tmp_path, body)).events] == ["again", "reloaded"]


def test_uninstall_puts_everything_back(tmp_path: Path) -> None:
    body = (
        "import builtins, importlib.util, warnings\n"
        "from indextts import infer_v2\n"
        "kinds = [infer_v2.IndexTTS2, infer_v2.QwenEmotion]\n"
        "before = [dict(vars(kind)) for kind in kinds] + [dict(vars(infer_v2)), list(sys.meta_path)]\n"
        "before += [importlib.util.spec_from_file_location]\n"
        "import indextts_patch\n"
        "assert indextts_patch.install() and indextts_patch.install()\n"
        "assert vars(kinds[0])['infer'] is not before[0]['infer']\n"
        "indextts_patch.uninstall()\n"
        "assert [dict(vars(kind)) for kind in kinds] == before[:2]\n"
        "assert dict(vars(infer_v2)) == before[2] and sys.meta_path == before[3]\n"
        "assert importlib.util.spec_from_file_location is before[4]\n"
        "infer_v2.IndexTTS2().infer('voice.wav', 'after', 'outputs/a.wav')\n"
        "indextts_patch.install()\n"
        "infer_v2.IndexTTS2().infer('voice.wav', 'again', 'outputs/b.wav')\n"
    )
    [event] = ok(run(tmp_path, body, way=None)).events
    assert event["data"]["text"] == "again"


def test_switched_off_it_touches_nothing(tmp_path: Path) -> None:
    body = (
        "import indextts_patch\nassert indextts_patch.install() is False\n"
        "from indextts.infer_v2 import IndexTTS2\nassert not hasattr(IndexTTS2.infer, '__wrapped__')\n"
        "tts = IndexTTS2()\n"
    )
    result = ok(run(tmp_path, body + SPEAK, way=None, env={"INDEXTTS_PATCH_ENABLED": "0"}))
    assert result.events == []
    assert result.stderr == ""


LOGGER = """
import loguru
from indextts import infer_vllm_v2 as ours
ours.logger.level = "DEBUG"
assert ours.logger is not loguru.logger
assert vars(loguru.logger)["level"] == ours.logger.level == "DEBUG"
"""
WARNINGS = """
import warnings
from indextts import infer_v2 as ours
ours.warnings.showwarning = print
assert ours.warnings is not warnings
assert warnings.showwarning is print
"""


@pytest.mark.parametrize(("version", "body"), [("vllm", LOGGER), ("head", WARNINGS)])
def test_what_a_host_sets_on_its_logger_or_on_warnings_arrives(tmp_path: Path, version: str, body: str) -> None:
    ok(run(tmp_path, body, version=version))


def test_a_class_that_is_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "indextts").mkdir()
    (tmp_path / "indextts" / "__init__.py").touch()
    (tmp_path / "indextts" / "infer_v2.py").write_text(
        "class IndexTTS2:\n    def infer(self, url):\n        return url\n"
    )
    body = (
        f"sys.path.insert(0, {str(tmp_path)!r})\nfrom indextts.infer_v2 import IndexTTS2\n"
        "assert IndexTTS2().infer('x') == 'x'\n"
    )
    result = ok(run(tmp_path, body))
    assert result.events == []
    assert any("alone" in line for line in result.said())


def test_a_failing_import_shows_its_own_error(tmp_path: Path) -> None:
    (tmp_path / "indextts").mkdir()
    (tmp_path / "indextts" / "__init__.py").touch()
    (tmp_path / "indextts" / "infer_v2.py").write_text("import there_is_no_such_module\n")
    body = f"sys.path.insert(0, {str(tmp_path)!r})\nfrom indextts.infer_v2 import IndexTTS2\n"
    result = run(tmp_path, body)
    assert result.code == 1
    assert result.stderr.endswith("ModuleNotFoundError: No module named 'there_is_no_such_module'\n")


@pytest.mark.parametrize("interpreter", PYTHONS)
def test_the_patch_imports_nothing_foreign_and_makes_no_thread_or_socket(tmp_path: Path, interpreter: str) -> None:
    body = (
        "def hook(event, arguments):\n"
        "    assert not event.startswith(('socket.', 'subprocess.')) and event != '_thread.start_new_thread', event\n"
        "sys.addaudithook(hook)\n"
        "import threading\n"
        "from indextts.infer_v2 import IndexTTS2\ntts = IndexTTS2()\n"
        + SPEAK
        + "assert threading.active_count() == 1\n"
        "ours = {'indextts_patch', 'indextts', 'engine', 'program'}\n"
        "foreign = {name.partition('.')[0] for name, module in sys.modules.items()\n"
        "           if 'site-packages' in (getattr(module, '__file__', None) or '')}\n"
        "print(sorted(foreign))\n"
    )
    executable = python(interpreter)
    assert executable is not None
    result = ok(run(tmp_path, body, interpreter=interpreter))
    bare = ok(run(tmp_path, body.replace(SPEAK, ""), interpreter=interpreter, way=None))
    assert result.stdout.splitlines()[-1] == bare.stdout.splitlines()[-1]


def test_importing_the_package_does_nothing(tmp_path: Path) -> None:
    body = (
        "before = set(sys.modules), list(sys.meta_path)\nimport indextts_patch\n"
        "assert sys.meta_path == before[1]\n"
        "assert {name for name in set(sys.modules) - before[0] if name.startswith('indextts_patch.')} == set()\n"
    )
    result = ok(run(tmp_path, body, way=None))
    assert result.stderr == ""


@pytest.mark.parametrize("interpreter", PYTHONS)
def test_installing_loads_next_to_nothing(interpreter: str) -> None:
    """typing and re take longer to import than all that it needs; a process that never loads a TTS pays no more."""
    code = (
        f"import sys; sys.path.insert(0, {str(REPO)!r})\n"
        "import indextts_patch\n"
        "assert indextts_patch.install({})\n"
        "import json.tool\n"  # an import that passes through the finder
        "ours = {name.partition('.')[2] for name in sys.modules if name.startswith('indextts_patch')}\n"
        "print(sorted(ours))\n"
    )
    executable = python(interpreter)
    assert executable is not None
    slow = "assert not {'typing', 're', 'dataclasses', 'inspect'} & set(sys.modules)\n"
    code = code.replace("import json.tool\n", slow + "import json.tool\n")
    done = subprocess.run([executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "patching" not in done.stdout
    assert "recorder" not in done.stdout


def test_hooked_methods_are_of_the_kind_that_they_were(tmp_path: Path) -> None:
    body = (
        "import inspect\n"
        "kinds = (inspect.isgeneratorfunction, inspect.iscoroutinefunction, inspect.isasyncgenfunction)\n"
        "def told(kind):\n"
        "    return {name: ([ask(one) for ask in kinds], inspect.signature(one), one.__name__)\n"
        "            for name, one in vars(kind).items() if inspect.isfunction(one)}\n"
        "from {module} import {kind}\n"
        "before = told({kind})\n"
        "import indextts_patch\nindextts_patch.install()\n"
        "assert any(hasattr(one, '__wrapped__') for one in vars({kind}).values())\n"
        "assert told({kind}) == before\n"
        "assert any(True in one for one, *_ in before.values())\n"
    )
    for version, module, kind in (
        ("head", "indextts.infer_v2", "IndexTTS2"),
        ("vllm", "indextts.infer_vllm_v2", "IndexTTS2"),
    ):
        (tmp_path / version).mkdir()
        program = body.replace("{module}", module).replace("{kind}", kind)
        ok(run(tmp_path / version, program, version=version, way=None))


def test_a_copy_of_what_a_module_is_given_is_one_of_the_real_thing(tmp_path: Path) -> None:
    body = (
        "import copy, logging, pickle\n"
        "from indextts import infer_v2 as ours\n"
        "real, standin = logging.getLogger('indextts'), ours.logger\n"
        "assert standin is not real and isinstance(standin, logging.Logger)\n"
        "assert copy.deepcopy(standin) is real and pickle.loads(pickle.dumps(standin)) is real\n"
        "try:\n    copy.deepcopy(ours.warnings)\nexcept TypeError:\n    pass\n"
    )
    before = "import indextts.infer_v2 as plain, logging\nplain.logger = logging.getLogger('indextts')\n"
    ok(run(tmp_path, before + "import indextts_patch\nindextts_patch.install()\n" + body, way=None))


def test_uninstalled_it_closes_nothing_in_a_forked_child(tmp_path: Path) -> None:
    body = (
        "import indextts_patch\nindextts_patch.install()\n"
        "from indextts.infer_v2 import IndexTTS2\n"
        + SPEAK.replace("tts.", "IndexTTS2().")
        + "indextts_patch.uninstall()\n"
        "files = [os.open('voice.wav', os.O_RDONLY) for _ in range(64)]\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    for file in files:\n"
        "        os.fstat(file)\n"
        "    os._exit(0)\n"
        "assert os.waitpid(child, 0)[1] == 0\n"
        "import indextts_patch.recorder as recorder\n"
        "for _ in range(50):\n"
        "    indextts_patch.install()\n"
        "    indextts_patch.uninstall()\n"
        "assert not recorder._open\n"
    )
    ok(run(tmp_path, body, way=None))
