"""Structured logs on stderr: readable lines in a terminal, one JSON object a line for a service."""

from __future__ import annotations

import json
import logging
import os
import sys
import textwrap
from datetime import datetime, timezone

from sidecar.service import config

_OWN = {*vars(logging.makeLogRecord({})), "message", "asctime"}
_COLORS = {logging.WARNING: "\033[33m", logging.ERROR: "\033[31m", logging.CRITICAL: "\033[31m"}
_DIM, _PLAIN = "\033[2m", "\033[0m"
_INDENT = " " * len("00:00:00 ")


def configure(level: str, form: str) -> None:
    """
    Args:
        level: debug, info, warning or error.
        form: console, json, or auto: console where stderr is a terminal.
    """
    as_json = form == "json" or (form == "auto" and not sys.stderr.isatty())
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if as_json else ConsoleFormatter(terminal=sys.stderr.isatty()))
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)


class JsonFormatter(logging.Formatter):
    """What happened is the member "event"; what belongs to it are members of their own."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "event": record.getMessage(),
            "level": record.levelname.lower(),
            "timestamp": datetime.fromtimestamp(record.created, timezone.utc).isoformat().replace("+00:00", "Z"),
            **_facts(record),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


class ConsoleFormatter(logging.Formatter):
    """The time of day, what happened, and what belongs to it as name=value.

    Args:
        terminal: wrap between words at its width, and use colours.
    """

    def __init__(self, *, terminal: bool) -> None:
        super().__init__()
        self._terminal = terminal

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created).strftime("%H:%M:%S")
        level = f"{record.levelname}: " if record.levelno > logging.INFO else ""
        facts = [f"{name}={_shown(value)}" for name, value in _facts(record).items()]
        line = f"{at} {level}{record.getMessage()}" + "".join(f"  {fact}" for fact in facts)
        if self._terminal:
            line = self._painted(record.levelno, line)
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line

    def _painted(self, level: int, line: str) -> str:
        width = os.get_terminal_size(sys.stderr.fileno()).columns or 80
        line = textwrap.fill(
            line, width, subsequent_indent=_INDENT, break_long_words=False, break_on_hyphens=False, tabsize=1
        )
        color = _COLORS.get(level, "")
        if config.environment().get("NO_COLOR"):
            return line
        rest = line[len(_INDENT) :]
        return f"{_DIM}{line[: len(_INDENT)]}{_PLAIN}{color}{rest}{_PLAIN if color else ''}"


def _facts(record: logging.LogRecord) -> dict[str, object]:
    return {name: value for name, value in vars(record).items() if name not in _OWN}


def _shown(value: object) -> str:
    text = ",".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
    return repr(text) if not text or " " in text or not text.isprintable() else text
