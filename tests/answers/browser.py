"""The machine's own Chromium, as tests and pictures start it."""

from __future__ import annotations

import shutil
from ctypes.util import find_library

from playwright.sync_api import Browser, Playwright

_ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--disable-quic",
    "--host-resolver-rules=MAP library.home.arpa 127.0.0.1", "--autoplay-policy=no-user-gesture-required",
]  # fmt: skip


def lacking_for_chromium() -> str:
    """What this machine lacks, and what brings it; empty where chromium() will do."""
    if _program() is None:
        return "no Chromium on this machine: install Debian's chromium"
    if find_library("atomic") is None:
        return "Playwright lacks libatomic.so.1: install Debian's libatomic1"
    return ""


def chromium(playwright: Playwright) -> Browser:
    """Started, without a window. Ask lacking_for_chromium first."""
    return playwright.chromium.launch(executable_path=_program(), args=_ARGUMENTS)


def _program() -> str | None:
    return shutil.which("chromium") or shutil.which("google-chrome")
