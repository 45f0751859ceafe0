"""python -m tests.scoring [--seed N] [--keep FOLDER]: makes the clips, judges them, and prints the table by defect."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from sidecar.wording import translator
from tests.scoring.clips import make
from tests.scoring.judging import judge


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.scoring", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="another seed, other clips")
    parser.add_argument("--count", type=int, default=600, help="clips altogether")
    parser.add_argument("--spoiled", type=int, default=150, help="of them spoiled")
    parser.add_argument(
        "--keep", type=Path, metavar="FOLDER", help="where the clips stay; a temporary folder otherwise"
    )
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        clips = make(folder, given.seed, count=given.count, spoiled=given.spoiled)
        done, started = 0, time.monotonic()

        def heard() -> None:
            nonlocal done
            done += 1
            if done % 50 == 0:
                print(f"{done} of {len(clips)} heard after {time.monotonic() - started:.0f} s", file=sys.stderr)

        verdict = judge(clips, heard)
    print(verdict.table())
    print(
        f"\n{verdict.right} of {given.spoiled} spoiled clips are in doubt for the right reason, "
        f"{verdict.good_in_doubt} of {given.count - given.spoiled} good ones are in doubt (seed {given.seed})."
    )
    word = translator("en")
    for clip, doubts in verdict.wrong:
        said = " ".join(word(doubt.wording, **doubt.values) for doubt in doubts) or "no doubt"
        print(f"  {clip.path.name} {clip.voice} {clip.defect or 'good'}: {said}", file=sys.stderr)


if __name__ == "__main__":
    main()
