"""Every option of the patch: environment variables with the prefix INDEXTTS_PATCH_, in one table."""

from __future__ import annotations

import os

from .guard import say_once

TYPE_CHECKING = False  # typing itself takes longer to import than all that installing needs
if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX = "INDEXTTS_PATCH_"


class Option:
    """One row of the table. `kind`: switch (1 or 0), folder, or the allowed words divided by |."""

    def __init__(self, name: str, kind: str, default: str, meaning: str) -> None:
        self.name, self.kind, self.default, self.meaning = name, kind, default, meaning


TABLE = (
    Option("ENABLED", "switch", "1", "0 leaves the process entirely alone, whichever way the patch came in."),
    Option("AUTOSTART", "switch", "0", "1 lets the start-up hook install the patch in this process."),
    Option("ROOT", "folder", "", "Project root; paths below it are recorded relative to it. Default: the"
           " folder that the process works in when the patch is installed."),
    Option("EVENTS_DIR", "folder", "outputs", "Folder for the events of calls without an output path, and for"
           " the markers of running calls. Relative to the root."),
    Option("FALLBACK_DIR", "folder", "", "Folder for events that cannot be written where they belong."
           " Default: none."),
    Option("UNIQUE_NAMES", "switch", "0", "1 gives a synthesis whose output file exists already (or is being"
           " made) a name of its own instead of letting it overwrite: spk_1.wav becomes spk_1-2.wav."),
    Option("TEXT", "store|hash|omit", "store", "What is kept of the texts: all, their SHA-256, or nothing."),
    Option("CLIENT", "switch", "0", "1 records the network address of Gradio's client (personal data)."),
    Option("REUSE", "off|exact|any", "off", "exact hands back the audio of an equal earlier request instead of making"
           " it again, where sampling is off; any does so with sampling on too: every take is then the first one."),
    Option("FSYNC", "switch", "1", "0 leaves flushing to the operating system: faster, and a power cut may"
           " lose the last events."),
)  # fmt: skip


class Options:
    """The options as read once, when the patch is installed. Folders are absolute."""

    def __init__(self, word: Mapping[str, str], root: str) -> None:
        """Read them.

        Args:
            word: what each row of the table has, by its name.
            root: the project's root, absolute.
        """
        fallback = word["FALLBACK_DIR"]
        self.root = root
        self.enabled = word["ENABLED"] == "1"
        self.autostart = word["AUTOSTART"] == "1"
        self.events_dir = os.path.abspath(os.path.join(root, word["EVENTS_DIR"]))
        self.fallback_dir = os.path.abspath(os.path.join(root, fallback)) if fallback else None
        self.unique_names = word["UNIQUE_NAMES"] == "1"
        self.text = word["TEXT"]
        self.client = word["CLIENT"] == "1"
        self.reuse = word["REUSE"]
        self.fsync = word["FSYNC"] == "1"


def read(environ: Mapping[str, str] | None = None) -> Options:
    """Read the options.

    A value that is not allowed is reported once on stderr and replaced by the default: a mistyped setting must
    not stop a TTS server.

    Args:
        environ: where to read, os.environ by default.
    """
    values = os.environ if environ is None else environ
    word = {option.name: _word(option, values) for option in TABLE}
    return Options(word, os.path.abspath(word["ROOT"] or os.getcwd()))


def below(root: str, path: str) -> str | None:
    """The path relative to the root with forward slashes, None where it does not lie below it."""
    root, path = root.rstrip(os.sep), path.rstrip(os.sep)
    folded_root, folded = os.path.normcase(root), os.path.normcase(path)
    if folded == folded_root:
        return "."
    if not folded.startswith(folded_root + os.sep):
        return None
    return path[len(root) + 1 :].replace(os.sep, "/")


def _word(option: Option, values: Mapping[str, str]) -> str:
    variable = PREFIX + option.name
    word = values.get(variable, "").strip()
    if not word:
        return option.default
    if option.kind == "folder":
        return os.path.expanduser(word)
    allowed = ["1", "0"] if option.kind == "switch" else option.kind.split("|")
    if word.lower() in allowed:
        return word.lower()
    say_once(variable, f"{variable}={word!r} is not one of {', '.join(allowed)}; using {option.default}")
    return option.default
