"""The machine's own Chromium, as tests and pictures start it."""

from __future__ import annotations

import shutil

from playwright.sync_api import Browser, Playwright

_ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--disable-quic",
    "--host-resolver-rules=MAP library.home.arpa 127.0.0.1", "--autoplay-policy=no-user-gesture-required",
]  # fmt: skip


def find_chromium() -> str | None:
    """The program's path."""
    return shutil.which("chromium") or shutil.which("google-chrome")


def chromium(playwright: Playwright) -> Browser:
    """Started, without a window. Ask find_chromium first."""
    return playwright.chromium.launch(executable_path=find_chromium(), args=_ARGUMENTS)
