"""What the patch costs a call of the real code: with and without it, in turns, in one process.

    <python of the engines> -m tests.engines.overhead [CALLS]

The calls are as short as they get (two tokens, one step of the flow), so that a millisecond shows. Besides seconds it
tells the processor's time of the thread, which other programs on the machine change less.
"""

from __future__ import annotations

import contextlib
import io
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import indextts_patch
from tests.engines.stage import Stage, patched

CLOCKS: dict[str, Callable[[], float]] = {"seconds": time.perf_counter, "processor": time.thread_time}


def call(stage: Stage) -> list[float]:
    before = [clock() for clock in CLOCKS.values()]
    stage.infer("Hello.", "overhead.wav", max_mel_tokens=2, diffusion_steps=1, num_beams=1)
    return [clock() - then for clock, then in zip(CLOCKS.values(), before, strict=True)]


def main(calls: int, folder: Path) -> None:
    stage = Stage("2.5", folder, spied=False)
    differences: list[list[float]] = []
    plain: list[float] = []
    with contextlib.redirect_stderr(io.StringIO()):
        for _ in range(calls + 5):
            without = call(stage)
            indextts_patch.install(patched(folder))
            call(stage)  # the first recorded call finds the model's parts
            with_it = call(stage)
            indextts_patch.uninstall()
            plain.append(without[0])
            differences.append([after - before for after, before in zip(with_it, without, strict=True)])
    for name, values in zip(CLOCKS, zip(*differences[5:], strict=True), strict=True):
        deciles = [1000 * each for each in statistics.quantiles(values, n=10)]
        middle = 1000 * statistics.median(values)
        print(f"{name}: {middle:.2f} ms a call (10 % {deciles[0]:.2f}, 90 % {deciles[-1]:.2f}; n={calls})")
    print(f"the plain call: {1000 * statistics.median(plain[5:]):.0f} ms")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="overhead_") as made:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 40, Path(made))
