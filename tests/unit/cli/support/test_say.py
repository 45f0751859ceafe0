"""Sentences in a terminal: wrapped between words."""

from __future__ import annotations

import os

import click
import pytest
from rich.cells import cell_len

from sidecar.cli.support.say import say, wrapped

TEXT = "欢迎使用 the recorder, whose folder is /srv/index-tts/outputs/and/more and nothing else"


@pytest.mark.parametrize("width", [20, 40, 80])
def test_lines_are_broken_between_words_and_no_word_is_lost(width: int) -> None:
    lines = wrapped(TEXT, width, first=8, rest=4)
    assert " ".join(lines) == TEXT
    for number, line in enumerate(lines):
        assert cell_len(line) <= width - (4 if number else 8) or " " not in line


def test_a_word_that_does_not_fit_beside_the_lead_begins_a_line() -> None:
    assert wrapped("/a/long/path and more", 16, first=12, rest=2) == ["", "/a/long/path", "and more"]


def test_colours_take_no_room() -> None:
    text = "four words in all"
    colored = wrapped(click.style(text, fg="red"), 9, first=0, rest=0)
    assert [click.unstyle(line) for line in colored] == wrapped(text, 9, first=0, rest=0)


def test_a_program_gets_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    say(TEXT * 3, lead="ok: ", indent=4)
    assert capsys.readouterr().out == f"ok: {TEXT * 3}\n"


def test_what_is_indented_stays_so(capsys: pytest.CaptureFixture[str]) -> None:
    say("    four blanks")
    assert capsys.readouterr().out == "    four blanks\n"


def test_a_command_to_copy_has_a_line_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    command = 'uv pip install --python /a/long/path/to/the/environment/bin/python "indextts-sidecar[report]"'
    ours, theirs = os.openpty()
    with open(theirs, "w") as terminal:
        monkeypatch.setattr("sys.stderr", terminal)
        say(f"pandas is not installed. Run: {command}", err=True)
        terminal.flush()
        shown = os.read(ours, 65536).decode()
    os.close(ours)
    assert shown.splitlines() == ["pandas is not installed. Run:", command]
