"""The root command: quick, because it imports what is called and nothing else."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import click
import pytest

from sidecar import __main__ as program
from sidecar.cli import main

VERBS = main.sidecar.list_commands(click.Context(main.sidecar))
HEAVY = [
    *("asyncio", "cryptography", "dotenv", "jinja2", "jsonschema_rs", "markdown_it", "matplotlib", "pandas"),
    *("prometheus_client", "pydantic", "pydantic_settings", "pygments", "pymysql", "rich.live", "rich.markdown"),
    *("rich.progress", "rich.traceback", "ssl", "starlette", "structlog", "tenacity", "tomllib", "uvicorn", "watchdog"),
]


def loaded(*arguments: str, folder: Path) -> set[str]:
    """The modules that are there after the command."""
    script = """if True:
        import atexit, sys
        atexit.register(lambda: print(*sys.modules, file=sys.stderr))
        from sidecar.__main__ import main
        main()
    """
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], cwd=folder, env={}, capture_output=True, text=True, check=True
    )
    return set(done.stderr.splitlines()[-1].split())


def test_find_loads_no_more_than_it_needs(tmp_path: Path) -> None:
    loaded("migrate", folder=tmp_path)
    names = loaded("find", folder=tmp_path)
    assert "sqlite3" in names
    assert [each for each in HEAVY if each in names] == []


def test_help_imports_no_verb(tmp_path: Path) -> None:
    names = loaded("--help", folder=tmp_path)
    assert [verb for verb in VERBS if f"sidecar.cli.{verb}" in names] == []
    assert [each for each in [*HEAVY, "rich", "sqlite3"] if each in names] == []


@pytest.mark.parametrize("verb", VERBS)
def test_a_summary_is_what_the_verbs_own_help_begins_with(verb: str) -> None:
    command = main.sidecar.get_command(click.Context(main.sidecar), verb)
    assert command is not None
    assert main.summary(verb) == command.get_short_help_str(limit=1000)
    assert main.summary(verb)


def test_no_summary_is_cut_short() -> None:
    context = click.Context(main.sidecar, info_name="sidecar", terminal_width=78)
    text = main.sidecar.get_help(context)
    assert len(text.partition("Commands:")[2].strip().splitlines()) == len(VERBS), "a line a verb"
    assert "..." not in text.partition("Commands:")[2]
    assert max(map(len, text.splitlines())) <= 80


def test_a_bug_is_two_lines_on_a_terminal_and_its_traceback_a_file(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def broken() -> None:
        raise KeyError("gone")

    monkeypatch.setattr(main, "sidecar", broken)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(KeyError):
        program.main()
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with pytest.raises(SystemExit) as ended:
        program.main()
    assert ended.value.code == 1
    first, second = capsys.readouterr().err.splitlines()
    assert first == "sidecar: a bug: KeyError: 'gone'"
    [file] = tmp_path.iterdir()
    assert str(file) in second
    assert "in broken" in file.read_text(encoding="utf-8")
