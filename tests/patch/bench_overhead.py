"""What the patch costs a call: the double with and without it, in turns, in one process.

    python tests/patch/bench_overhead.py [CALLS]        BENCH_DIR: on which disk

Each call writes a ten-second WAV (22,050 Hz, mono, 16 bits: 441 kB). With the patch it also hashes the voice (once),
writes and removes the marker, parses, hashes and measures the WAV, and publishes the event.
"""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPO = HERE.parents[1]
VERSION = "head"
STARTS = 11

START = """
import site, sys, time
sys.path.insert(0, {repo!r})
{before}
begin = time.perf_counter()
import indextts_patch
indextts_patch.install({{}})
between = time.perf_counter()
import indextts_patch.hooking.patching, indextts_patch.recorder
print(between - begin, time.perf_counter() - between)
"""
# What gradio and torch have loaded long before the first IndexTTS class is made.
HOST = "import contextlib, datetime, hashlib, importlib.util, inspect, json, re, struct, threading, typing, warnings"


def starts(before: str) -> str:
    """Median time of install and of the first hook's imports, over fresh processes."""
    code = START.format(repo=str(REPO), before=before)
    # As in any installation, compiled once: the first of these runs compiles.
    env = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    # -S: an environment's .pth files often import half of the standard library; `site` by itself is in every Python.
    command = [sys.executable, "-S", "-c", code]
    with tempfile.TemporaryDirectory(prefix="bench_pycache_") as env["PYTHONPYCACHEPREFIX"]:
        runs = [subprocess.run(command, env=env, capture_output=True, check=True, text=True) for _ in range(STARTS)][1:]
    install, hook = (
        statistics.median(map(float, column)) for column in zip(*(r.stdout.split() for r in runs), strict=True)
    )
    return f"install {install * 1000:.1f} ms, first hook {hook * 1000:.1f} ms"


def measure(folder: str, calls: int, fsync: bool, numpy: bool) -> str:
    """Medians of plain and patched calls in turns, in an empty folder."""
    sys.path[:0] = [folder, str(REPO), str(HERE / "double"), str(HERE / "double" / VERSION)]
    import indextts_patch

    if numpy:
        import numpy as _  # noqa: F401
    os.chdir(folder)
    # The same file under a name that the patch does not look for.
    shutil.copy(HERE / "double" / VERSION / "indextts" / "infer_v2.py", "plain_double.py")
    from plain_double import IndexTTS2 as Plain

    indextts_patch.install({"INDEXTTS_PATCH_FSYNC": "1" if fsync else "0"})
    import engine
    from indextts.infer_v2 import IndexTTS2

    engine.save("voice.wav", engine.sound("[sound 10]", 22050), 22050, "")
    models = {"plain": Plain(device="cpu"), "patched": IndexTTS2(device="cpu")}
    times: dict[str, list[tuple[float, float]]] = {"plain": [], "patched": []}
    for number in range(calls + 5):
        for name, tts in models.items():
            with contextlib.redirect_stdout(io.StringIO()):
                begin, worked = time.perf_counter(), time.thread_time()
                tts.infer("voice.wav", "[sound 10] ten seconds of sound", f"outputs/{name}_{number}.wav")
                times[name].append((time.perf_counter() - begin, time.thread_time() - worked))
    indextts_patch.uninstall()
    os.chdir("/")
    pairs = list(zip(times["plain"][5:], times["patched"][5:], strict=True))
    each, work = ([(patched[clock] - plain[clock]) * 1000 for plain, patched in pairs] for clock in (0, 1))
    base = statistics.median(plain for plain, _ in times["plain"][5:]) * 1000
    deciles = statistics.quantiles(each, n=10)
    return (
        f"overhead {statistics.median(each):.2f} ms (10 % {deciles[0]:.2f}, 90 % {deciles[-1]:.2f}; n={calls};"
        f" {statistics.median(work):.2f} ms of the processor; the plain call {base:.2f} ms)"
    )


def main(arguments: list[str]) -> None:
    if len(arguments) == 3:
        with tempfile.TemporaryDirectory(prefix="bench_overhead_", dir=os.environ.get("BENCH_DIR")) as folder:
            print(measure(folder, int(arguments[0]), arguments[1] == "fsync", arguments[2] == "numpy"))
        return
    calls = int(arguments[0]) if arguments else 200
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    print(f"start in a bare interpreter: {starts('')}")
    print(f"start in a host: {starts(HOST)}")
    for fsync in ("fsync", "no-fsync"):
        for numpy in ("numpy", "bare"):
            command = [sys.executable, __file__, str(calls), fsync, numpy]
            told = subprocess.run(command, capture_output=True, text=True, check=False)
            print(f"{fsync}, {numpy}: {told.stdout.strip() or told.stderr.strip().splitlines()[-1]}")


if __name__ == "__main__":
    main(sys.argv[1:])
