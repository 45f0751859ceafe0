"""A progress bar on stderr, for people alone: nothing is shown where stderr is no terminal."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

T = TypeVar("T")

_LOOK_SECONDS = 0.2


def bar() -> Progress:
    """To be used in a `with`; tasks come and go."""
    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
    )


def track(items: Iterable[T], description: str, total: int | None = None) -> Iterator[T]:
    """Hand the items through and show how many there were."""
    with bar() as progress:
        task = progress.add_task(description, total=total)
        for item in items:
            yield item
            progress.advance(task)


@contextlib.contextmanager
def shown_meanwhile(description: str, look: Callable[[], tuple[int, int]]) -> Iterator[None]:
    """Show the progress of work that goes on meanwhile.

    Args:
        look: returns how much is done, and of how much; called five times a second.
    """
    with bar() as progress:
        if progress.disable:
            yield
            return
        task = progress.add_task(description, total=None)
        stop = threading.Event()

        def follow() -> None:
            over = False
            while not over:
                over = stop.wait(_LOOK_SECONDS)
                completed, total = look()
                progress.update(task, completed=completed, total=total)

        follower = threading.Thread(target=follow, name="progress", daemon=True)
        follower.start()
        try:
            yield
        finally:
            stop.set()
            follower.join()
