"""`make pictures`: the pictures of the READMEs, taken anew. A folder as argument takes them there."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.answers.browser import chromium, lacking_for_chromium
from tests.answers.scene import Scene
from tests.answers.served import environment, library
from tests.pictures import pages, terminal
from tests.pictures.album import keep_gif, keep_png
from tests.pictures.programs import FAKETIME, clock, shipped
from tests.servers import ServerMissingError

PICTURES = Path(__file__).parents[2] / ".github" / "pictures"
LARGEST = 2_000_000  # bytes, all of them together
COMMANDS = {
    "find": ["sidecar find 欢迎 --since 3d"],
    "sql": [
        'mariadb tts -e "SELECT emotion, COUNT(*) AS takes FROM tts_records GROUP BY emotion"',
        'mariadb tts -e "SELECT text_input, takes, ROUND(wasted_seconds) FROM tts_duplicates ORDER BY 3 DESC LIMIT 5"',
    ],
}


def take_all(folder: Path, root: Path) -> None:
    """Every picture into the folder; root is an empty folder to work in."""
    folder.mkdir(parents=True, exist_ok=True)
    with shipped(root) as scene, sync_playwright() as playwright:
        browser = chromium(playwright)
        with library(scene, root / "web.log", **clock(root)) as address:
            of_the_library(browser, address, folder)
        of_the_report(browser, scene, root, folder)
        of_a_terminal(browser, scene, root, folder)
        browser.close()


def of_the_library(browser: Browser, address: str, folder: Path) -> None:
    for reader in pages.READERS:
        for theme in ("light", "dark"):
            page = pages.opened(browser, address, reader, theme, scale=1.1, size=pages.DESK)
            keep(folder / f"library{reader.suffix}-{theme}.png", pages.taken(pages.thumbnails(pages.library(page))))
            page.context.close()
        page = pages.opened(browser, address, reader)
        page.goto("/charts")
        keep(folder / f"charts{reader.suffix}.png", pages.down_to(page, page.locator(".charts .card").nth(1), margin=0))
        pages.record(page, reader.rated)
        keep(folder / f"record{reader.suffix}.png", pages.down_to(page, page.locator(".weights")))
        page.context.close()
        page = pages.opened(browser, address, reader, scale=0.9)
        film = folder / f"library{reader.suffix}.gif"
        say(film, keep_gif(film, list(pages.film(page, reader))))
        page.context.close()


def of_the_report(browser: Browser, scene: Scene, root: Path, folder: Path) -> None:
    for reader in pages.READERS:
        file = root / f"report{reader.suffix}.html"
        command = [sys.executable, "-m", "sidecar", "report", "--since", "90d", "--in", reader.report]
        subprocess.run(
            [*command, "--output", str(file)],
            cwd=root,
            env=environment(scene, **clock(root)),
            check=True,
            stdout=subprocess.DEVNULL,
        )
        page = pages.opened(browser, file.as_uri(), reader)
        page.goto(file.as_uri())
        keep(folder / f"report{reader.suffix}.png", pages.down_to(page, page.locator("section").nth(1)))
        page.context.close()


def of_a_terminal(browser: Browser, scene: Scene, root: Path, folder: Path) -> None:
    page = browser.new_page(device_scale_factor=2)
    for name, commands in COMMANDS.items():
        page.set_content(terminal.page(commands, cwd=root, environment=environment(scene, **clock(root))))
        keep(folder / f"{name}.png", page.locator("pre").screenshot())
    page.close()


def keep(path: Path, shot: bytes) -> None:
    say(path, keep_png(path, shot))


def say(path: Path, new: bool) -> None:
    print(f"  {path.name:<20} {path.stat().st_size / 1024:5.0f} KB{'' if new else '  looks as before'}", flush=True)


def main() -> int:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else PICTURES
    lacking = lacking_for_chromium() or (
        "" if FAKETIME else "no libfaketime on this machine: install Debian's faketime"
    )
    try:
        if lacking:
            raise ServerMissingError(lacking)
        with tempfile.TemporaryDirectory(prefix="sidecar-pictures-") as root:
            take_all(folder, Path(root))
    except ServerMissingError as error:
        print(error, file=sys.stderr)
        return 1
    total = sum(path.stat().st_size for path in folder.iterdir())
    print(f"{total / 1e6:.2f} MB in {folder}")
    return 0 if total < LARGEST else 1


if __name__ == "__main__":
    sys.exit(main())
