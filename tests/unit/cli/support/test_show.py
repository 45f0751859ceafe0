"""Cells of a table."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from rich.cells import cell_len

from sidecar.cli.support.show import _LONGEST_CELL, _cell, short_moment


def test_a_time_is_as_short_as_its_age_allows() -> None:
    now = datetime.now(timezone.utc)
    assert short_moment(now, timezone.utc) == now.strftime("%H:%M:%S")
    assert short_moment(now.replace(year=now.year - 1, day=1), timezone.utc) == f"{now.year - 1}-{now:%m}-01"
    east = timezone(timedelta(hours=14))
    assert short_moment(now, east) == now.astimezone(east).strftime("%H:%M:%S")


def test_hits_are_marked_in_any_case_and_brackets_are_no_markup() -> None:
    cell = _cell("text_input", "[bold]Welcome[/bold] 欢迎", timezone.utc, True, ["welcome", "欢迎"])
    assert cell.plain == "[bold]Welcome[/bold] 欢迎"
    assert [cell.plain[span.start : span.end] for span in cell.spans] == ["Welcome", "欢迎"]


def test_of_a_long_text_the_hit_is_shown() -> None:
    text = "很长的文本" * 100 + "欢迎" + "很长的文本" * 100
    shown = _cell("text_input", text, timezone.utc, True, ["欢迎"]).plain
    assert "欢迎" in shown
    assert shown.startswith("…")
    assert shown.endswith("…")
    assert cell_len(shown) <= _LONGEST_CELL
    assert _cell("text_input", text, timezone.utc, True, []).plain.startswith("很长的文本")


def test_escape_sequences_do_not_reach_the_terminal() -> None:
    assert "\x1b" not in _cell("text_input", "\x1b[31mred", timezone.utc, True, []).plain
