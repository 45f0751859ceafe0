"""Which columns the list has. The browser keeps the choice in a cookie, so that it holds without scripts too."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request

COLUMNS: Mapping[str, bool] = {
    "waveform": True, "emotion": True, "voice": True, "user": True, "model": False, "language": False, "length": True,
    "loudness": False, "score": False, "rating": True, "rtf": False, "time": True,
}  # fmt: skip
"""Every column but the text, in the order of the table, and whether it is there unless somebody chose otherwise."""
COOKIE = "columns"


def shown(request: Request) -> list[str]:
    """The columns that this reader sees."""
    chosen = request.cookies.get(COOKIE)
    if chosen is None:
        return [name for name, usual in COLUMNS.items() if usual]
    return [name for name in COLUMNS if name in chosen.split(".")]


def kept(chosen: list[str]) -> str:
    """The cookie's value."""
    return ".".join(name for name in COLUMNS if name in chosen)
