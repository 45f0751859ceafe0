"""Lines for people and for programs."""

from __future__ import annotations

import json
import logging
import re
import sys

from sidecar.service.log import ConsoleFormatter, JsonFormatter


def record(message: str, level: int = logging.INFO, **facts: object) -> logging.LogRecord:
    return logging.getLogger("sidecar").makeRecord("sidecar", level, "", 0, message, (), None, extra=facts)


def test_a_program_gets_one_object_a_line() -> None:
    line = JsonFormatter().format(record("committed", events=3, folder="/srv/输出\n", odd={1}))
    assert "\n" not in line
    assert "输出" in line
    told = json.loads(line)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z", told.pop("timestamp"))
    assert told == {"event": "committed", "level": "info", "events": 3, "folder": "/srv/输出\n", "odd": "{1}"}


def test_a_bug_brings_its_traceback() -> None:
    try:
        raise RuntimeError("a bug")
    except RuntimeError:
        broken = record("crashed", logging.ERROR)
        broken.exc_info = sys.exc_info()
    assert "RuntimeError: a bug" in json.loads(JsonFormatter().format(broken))["exception"]
    assert "RuntimeError: a bug" in ConsoleFormatter(terminal=False).format(broken)


def test_people_get_the_time_the_words_and_what_belongs_to_them() -> None:
    line = ConsoleFormatter(terminal=False).format(record("started", folders=["/a", "/b"], why="two words", none=""))
    assert re.fullmatch(r"\d\d:\d\d:\d\d started  folders=/a,/b  why='two words'  none=''", line)
    warned = ConsoleFormatter(terminal=False).format(record("quarantined", logging.WARNING))
    assert warned.endswith(" WARNING: quarantined")
