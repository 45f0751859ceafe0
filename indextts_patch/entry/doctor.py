"""python -m indextts_patch doctor: is everything in place, before a synthesis depends on it?

It reads the sources of all engines that could be imported here, and says of each what would be recorded. It loads those
that lie here as sources, and the modules that it is asked for, and looks whether the hook took. It tries the folders,
and leaves one test event. No model is loaded.
"""

from __future__ import annotations

import importlib
import os
import sys
import textwrap
import time
from collections.abc import Callable

from .. import __version__, hooked, install, options, startup
from ..writing import event
from ..writing.emitter import Emitter
from ..writing.inflight import InFlight
from ..writing.publish import publish, tmp_name
from . import survey

COLUMNS = 80
_SOFTWARE = f"indextts_patch {__version__}"


def examine(modules: tuple[str, ...], say: Callable[[str], None]) -> bool:
    """Look at everything and say line by line what is found.

    Args:
        modules: modules to load, installed or not.
        say: takes one line.

    Returns:
        Whether a synthesis here would be recorded.
    """
    chosen = options.read()
    say(f"{_SOFTWARE}, Python {sys.version.split()[0]}, {sys.platform}, {sys.executable}")
    for option in options.TABLE:
        given = os.environ.get(options.PREFIX + option.name)
        say(f"  {options.PREFIX}{option.name}={given if given is not None else option.default}")
    if not chosen.enabled:
        say("FAILED switched off by INDEXTTS_PATCH_ENABLED=0")
        return False
    pth = "there" if startup.check() else "not there"
    say(f"start-up hook: .pth file {pth} ({startup.path()}), autostart {'on' if chosen.autostart else 'off'}")
    took = _classes(modules, say)
    wrote = _folder(chosen, chosen.events_dir, say)
    if chosen.fallback_dir:
        _folder(chosen, chosen.fallback_dir, say)
    tested = _test_event(chosen, say) if wrote else False
    return took and wrote and tested


def _engines(say: Callable[[str], None]) -> bool:
    """What is here, by its sources; whether any of it would be recorded."""
    known = survey.survey()
    spoken = [found for found in known if found.recognised.methods]
    for found in spoken:
        engine, where = found.recognised.engine, found.distribution or os.path.dirname(found.file)
        told = f"IndexTTS {engine.version}" if engine.version else "version told by the model"
        if not engine.name:
            told = "not among the engines that are known; found by its names"
        _wrapped(say, f"engine {found.module}.{found.name} ({told}; {where})", "       ")
        _wrapped(say, f"       records {', '.join(found.recognised.methods)}", "               ")
        if engine.wraps and engine.name:
            _wrapped(say, f"       around {engine.wraps}: one event, with the facts of that", "               ")
        if engine.unknown:
            _wrapped(say, f"       not known: {'; '.join(engine.unknown)}", "               ")
    for found in known:
        if found.recognised.reason is not None:
            _wrapped(say, f"left alone: {found.module}.{found.name}: {found.recognised.reason}", "       ")
    return bool(spoken)


def _wrapped(say: Callable[[str], None], line: str, indent: str) -> None:
    for part in textwrap.wrap(line, COLUMNS, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False):
        say(part)


def _classes(modules: tuple[str, ...], say: Callable[[str], None]) -> bool:
    if not install():
        say("FAILED the hook could not be installed")
        return False
    sys.path[:0] = [entry for entry in (os.getcwd(),) if entry not in sys.path]
    known = _engines(say)
    # What is installed need not be loaded to know what it is: that takes seconds, and memory.
    wanted = modules or tuple(survey.sources())
    failed = [line for name in wanted if (line := _load(name)) is not None]
    classes = hooked()
    for name in classes:
        say(f"ok the hook took: {name}")
    for line in failed:
        # Upstream keeps several versions in one tree, and an environment need not be able to load them all.
        say(f"not in use: {line}" if classes else f"WARNING {line}")
    if classes or (known and not wanted):
        return True
    problem = "WARNING no IndexTTS" if not known and not wanted else "FAILED no engine could be loaded"
    say(f"{problem} in {os.getcwd()}: run this in the folder of webui.py, with its Python")
    return False


def _load(name: str) -> str | None:
    try:
        importlib.import_module(name)
    except Exception as error:  # noqa: BLE001 - reported; another module may do
        return f"{name} cannot be imported here: {type(error).__name__}: {error}"
    return None


def _folder(chosen: options.Options, folder: str, say: Callable[[str], None]) -> bool:
    identity = event.uuid7()
    try:
        os.makedirs(folder, exist_ok=True)
        began = time.perf_counter()
        publish(folder, tmp_name(identity), f".indextts-{identity}.probe", b"{}\n", fsync=chosen.fsync)
        took = (time.perf_counter() - began) * 1000
        os.unlink(os.path.join(folder, f".indextts-{identity}.probe"))
    except OSError as error:
        say(f"FAILED {folder} cannot be written: {type(error).__name__}: {error}")
        return False
    say(f"ok {folder} can be written, {took:.1f} ms for a file{' with fsync' if chosen.fsync else ''}")
    markers = InFlight([folder], f"doctor-{os.getpid()}")
    marker = markers.add(identity, {})
    markers.remove(marker)
    markers.close()
    if marker is None:
        say(f"WARNING {folder} has no file locks: a call that kills the process would leave no record")
    return True


def _test_event(chosen: options.Options, say: Callable[[str], None]) -> bool:
    identity = event.uuid7()
    data = {"recorder": _SOFTWARE}
    place = (chosen.events_dir, identity)
    if not Emitter(chosen).write(identity=identity, subject=identity, event_type=event.TESTED, data=data, place=place):
        say("FAILED the test event could not be written")
        return False
    say(f"ok test event written: {os.path.join(chosen.events_dir, identity)}.json")
    return True
