"""Documentation that is told from the code, and held against it.

`make docs` writes sidecar/README.md anew.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from rich.cells import cell_len

from sidecar.cli.main import sidecar as root_command
from sidecar.cli.quarantine import quarantine
from sidecar.service import config
from sidecar.service.metrics.catalogue import Metrics
from tests.unit.reference import REFERENCE, commands, reference

ROOT = Path(__file__).parents[2]
READMES = [ROOT / "README.md", ROOT / "README.zh-CN.md"]
PICTURES = ROOT / ".github" / "pictures"


COMMANDS = dict(commands(root_command))


def test_the_reference_is_what_the_code_says() -> None:
    assert REFERENCE.read_text(encoding="utf-8") == reference(), "run `make docs`"


def test_every_verb_is_in_the_reference() -> None:
    text = REFERENCE.read_text(encoding="utf-8")
    missing = [verb for verb in COMMANDS if f"| `sidecar {verb}` |" not in text]
    assert missing == []


def test_a_verb_is_imported_when_it_is_called_and_no_other() -> None:
    script = """if True:
        import sys
        from sidecar.cli.main import sidecar
        sidecar(["find", "--help"], standalone_mode=False)
        print(*(name for name in sys.modules if name.startswith("sidecar.cli.")))
    """
    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    verbs = {verb.partition(" ")[0] for verb in COMMANDS}
    assert {name for name in shown.splitlines()[-1].split() if name.rpartition(".")[2] in verbs} == {"sidecar.cli.find"}


@pytest.mark.parametrize("verb", COMMANDS)
def test_every_verb_has_an_example_in_its_help(verb: str) -> None:
    text = COMMANDS[verb].help or ""
    assert "Example" in text
    assert f"sidecar {verb}" in text


def examples() -> Iterator[list[str]]:
    """The words of every call of `sidecar` in the examples of every help."""
    for command in (root_command, quarantine, *COMMANDS.values()):
        for line in (command.help or "").partition("Example:")[2].splitlines():
            for part in re.split(r" (?:&&|\|) ", line):
                words = [word for word in shlex.split(part) if not re.match("[A-Z_]+=", word)]
                if words and words[0] == "sidecar":
                    yield words[1:]


@pytest.mark.parametrize("words", list(examples()), ids=" ".join)
def test_every_example_is_one_that_the_program_understands(words: list[str]) -> None:
    command: click.Command = root_command
    while isinstance(command, click.Group):
        child = command.get_command(click.Context(command), words.pop(0))
        assert child is not None
        command = child
    command.make_context(command.name, words)  # raises where an option or argument is none


@pytest.mark.parametrize("verb", COMMANDS)
def test_no_verbs_help_is_wider_than_a_terminal(verb: str) -> None:
    text = COMMANDS[verb].get_help(click.Context(COMMANDS[verb], info_name=f"sidecar {verb}", terminal_width=78))
    assert [line for line in text.splitlines() if cell_len(line) > 80] == []


@pytest.mark.parametrize("group", [root_command, quarantine], ids=["sidecar", "quarantine"])
def test_every_group_has_an_example_in_its_help(group: click.Command) -> None:
    assert "Example" in (group.help or "")


@pytest.mark.parametrize("verb", COMMANDS)
def test_help_says_what_kind_of_value_each_option_takes_and_each_setting_s_default(verb: str) -> None:
    command = COMMANDS[verb]
    options = [each for each in command.params if isinstance(each, click.Option) and not each.is_flag]
    assert [each.name for each in options if not each.metavar and not isinstance(each.type, click.Choice)] == []
    shown = " ".join(command.get_help(click.Context(command, max_content_width=1000)).split())
    for each in options:
        if each.name in config.fields() and config.default(each.name):
            assert f"--{each.name.replace('_', '-')} {each.metavar} " in shown
            assert f"[default: {config.default(each.name)}]" in shown
        assert each.metavar != "VALUE"


def test_a_verb_has_the_flags_of_the_settings_that_it_uses() -> None:
    flags = {verb: {each.name for each in command.params} & set(config.fields()) for verb, command in COMMANDS.items()}
    assert {verb for verb, names in flags.items() if {"web_listen", "web_token_file"} & names} == {"web"}
    assert {verb for verb, names in flags.items() if "log_level" in names} == {"run", "proxy"}
    secrets = {"database_password", "web_token", "upstream_key", "transcribe_key"}
    assert set(config.fields()) - set().union(*flags.values()) == secrets
    for verb in ("quarantine list", "quarantine show", "quarantine drop", "find", "index", "top", "backfill"):
        assert not {"batch_max_events", "read_timeout", "retry_max_seconds"} & flags[verb]


def test_the_readmes_are_equal_in_structure() -> None:
    english, chinese = (path.read_text(encoding="utf-8") for path in READMES)
    for pattern in (r"^#+ ", r"^```", r"^\| ", r"^!\[", r"<img"):
        counts = [len(re.findall(pattern, text, re.MULTILINE)) for text in (english, chinese)]
        assert counts[0] == counts[1], pattern
    assert code(english) == code(chinese)
    outside = [re.sub(r"(?ms)^```.*?^```", "", text) for text in (english, chinese)]
    for pattern in (r"\]\((?!\.github|README)([^)]+)\)", r"`([^`\n]+)`"):
        assert sorted(re.findall(pattern, outside[0])) == sorted(re.findall(pattern, outside[1])), pattern


def code(text: str) -> list[tuple[str, list[str]]]:
    """Each block's language and lines, without comments."""
    blocks = re.findall(r"^```(\w+)\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return [(language, [re.sub(r" *(#|--) .*", "", line) for line in lines.splitlines()]) for language, lines in blocks]


def words(text: str) -> float:
    """How long a page is to read, code included: a word is what has no blank in it, and 1.6 Chinese characters, which
    is what an English word takes in Chinese. Addresses of links and pictures are not read.
    """
    seen = re.sub(r"<[^>]*>", " ", re.sub(r"\]\([^)]*\)", "] ", text))
    chinese = re.findall(r"[\u4e00-\u9fff]", seen)
    others = re.findall(r"\w\S*", re.sub(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]", " ", seen))
    return len(others) + len(chinese) / 1.6


@pytest.mark.parametrize("readme", READMES, ids=[path.name for path in READMES])
def test_the_front_page_is_read_in_minutes(readme: Path) -> None:
    assert words(readme.read_text(encoding="utf-8")) <= 900


@pytest.mark.parametrize("readme", READMES, ids=[path.name for path in READMES])
def test_the_front_page_shows_what_make_pictures_makes(readme: Path) -> None:
    text = readme.read_text(encoding="utf-8")
    shown = {ROOT / name for name in re.findall(r"\.github/pictures/[\w.-]+", text)}
    assert len(shown) == 8
    assert shown <= set(PICTURES.iterdir())


def test_the_pictures_are_small_and_each_is_shown() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in READMES)
    assert [path.name for path in PICTURES.iterdir() if f"/{path.name}" not in text] == []
    assert sum(path.stat().st_size for path in PICTURES.iterdir()) < 2_000_000


PAGES = [path for path in ROOT.rglob("*.md") if not any(part.startswith(".") for part in path.relative_to(ROOT).parts)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if not target.startswith("http"):
            path, _, heading = target.partition("#")
            there = page.parent / path if path else page
            assert there.exists(), target
            assert not heading or heading in headings(there), target


def headings(page: Path) -> set[str]:
    """What links to a page's headings are called."""
    found = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in found}


def test_each_guarantee_names_tests_that_are_there() -> None:
    there = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    for document in (ROOT / "ARCHITECTURE.md", ROOT / "tests" / "torture" / "README.md"):
        named = set(re.findall(r"`(test_\w+)`", document.read_text(encoding="utf-8")))
        assert named
        assert named <= there, f"{document.name}: {named - there}"


def test_every_setting_says_what_it_is() -> None:
    assert [name for name, field in config.fields().items() if not field.description] == []


def test_metric_names_follow_the_conventions() -> None:
    for family in Metrics().registry.collect():
        assert re.match(r"^(sidecar|tts|process|python)_[a-z0-9_]+$", family.name), family.name
