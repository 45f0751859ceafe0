"""make torture: on each server, everything that a form has, as a table. All servers at once."""

from __future__ import annotations

import argparse
import importlib.util
import multiprocessing
import os
import random
import re
import subprocess
import sys
import time
from concurrent.futures import Future, ProcessPoolExecutor

from rich.console import Console

from tests.servers import ServerMissingError
from tests.torture.campaign import SERVERS, torture
from tests.torture.erased import erase
from tests.torture.faults import FAULTS
from tests.torture.forms import FORMS, Form, lanes, plan, plan_of
from tests.torture.table import show

_FUZZ_RUNS = re.compile(r"number_of_executed_units: (\d+)")


def main() -> int:
    chosen = _arguments()
    seed = chosen.seed if chosen.seed is not None else random.SystemRandom().randrange(10**6)
    form = FORMS[chosen.form]
    console = Console(width=150 if not sys.stdout.isatty() else None)
    console.print(f"seed {seed}: the same again with SEED={seed}")
    passed = failed = 0
    chance = random.Random(seed)
    if chosen.fault:
        work = [(plan_of(chosen.fault, chosen.rounds, chance), form := Form(kills=0, database=0, others=0))]
    else:
        work = lanes(form, plan(form, chance))
    kinds = chosen.server or [kind for kind in SERVERS if kind != "oceanbase" or os.environ.get("OCEANBASE") == "1"]
    started = time.monotonic()
    erasing = ["sqlite", *kinds] if form.histories else []
    with ProcessPoolExecutor(
        len(kinds) * len(work) + len(erasing), mp_context=multiprocessing.get_context("spawn")
    ) as pool:
        running = {
            kind: [pool.submit(torture, kind, seed + 100 * lane, *each) for lane, each in enumerate(work)]
            for kind in kinds
        }
        erased = {kind: pool.submit(erase, kind, form.histories, form.stride) for kind in erasing}
        if form.fuzz_seconds:
            held = _fuzz(console, seed, form.fuzz_seconds)
            passed, failed = passed + held, failed + (not held)
        for kind, parts in running.items():
            try:
                outcome = parts[0].result()
                for part in parts[1:]:
                    outcome.add(part.result())
            except ServerMissingError as error:
                console.print(f"{kind}: NOT TORTURED: {error}")
                failed += kind == "mariadb" and os.environ.get("CI") == "true"
                continue
            show(console, outcome, seed, time.monotonic() - started)
            passed, failed = passed + outcome.whole, failed + (not outcome.whole)
        for kind, future in erased.items():
            held = _erased(console, kind, future)
            passed, failed = passed + held, failed + (not held)
    print(f"torture: {passed} passed, {failed} failed")
    return 1 if failed else 0


def _erased(console: Console, kind: str, future: Future[list[str]]) -> bool:
    try:
        failures = future.result()
    except ServerMissingError:
        return True  # said already
    for failure in failures:
        console.print(f"erasing: {failure}")
    return not failures


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("--form", choices=FORMS, default="normal", help="how much of everything")
    parser.add_argument("--seed", type=int, default=None, help="the same faults in the same order")
    parser.add_argument("--server", choices=SERVERS, action="append", help="default: those that are there")
    names = sorted(fault.name for fault in FAULTS)
    parser.add_argument(
        "--fault", choices=names, action="append", help="only this one; may be repeated", metavar="NAME"
    )
    parser.add_argument("--rounds", type=int, default=20, help="how many faults, where they are named")
    return parser.parse_args()


def _fuzz(console: Console, seed: int, seconds: int) -> bool:
    if importlib.util.find_spec("atheris") is None:
        console.print("Event.decode was not fuzzed by coverage: atheris is not installed")
        return True
    command = [sys.executable, "-m", "tests.torture.fuzz", f"--seconds={seconds}", f"--seed={seed}"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    runs = _FUZZ_RUNS.search(done.stderr)
    console.print(f"Event.decode was fuzzed for {seconds} s, {int(runs[1]) if runs else 0:,} times")
    if done.returncode:
        print(done.stdout[-3000:], done.stderr[-3000:])
    return not done.returncode


if __name__ == "__main__":
    sys.exit(main())
