"""Commands in a real terminal, as a page that a browser can picture."""

from __future__ import annotations

import html
import io
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

from tests.operate.terminal import typed

COLUMNS = 92
# In this font a Chinese character is exactly as wide as two Latin ones.
_PAGE = """<!doctype html><meta charset="utf-8"><style>
body {{ margin: 0; background: #1b1d23 }}
pre {{ margin: 0; padding: 18px 22px; width: max-content; color: #d9d9d6;
       font: 16px/1.45 "Noto Sans Mono CJK SC", monospace }}
b {{ color: #8fd3a8; font-weight: normal }}
</style><pre>{}</pre>"""


def page(commands: Sequence[str], *, cwd: Path, environment: Mapping[str, str]) -> str:
    """HTML of a terminal in which the commands were typed one after the other."""
    shown = []
    for command in commands:
        said = typed(shlex.split(command), columns=COLUMNS, cwd=cwd, environment=environment)
        shown.append(f"<b>$</b> {html.escape(command)}\n{_coloured(said).rstrip()}")
    return _PAGE.format("\n\n".join(shown))


def _coloured(said: str) -> str:
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(Text.from_ansi(said), no_wrap=True, overflow="ignore", crop=False)
    return console.export_html(theme=MONOKAI, code_format="{code}", inline_styles=True)
