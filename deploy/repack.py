"""Makes a wheel again of the installed package that this file is part of, for install.sh.

    python repack.py FOLDER

Prints the wheel's path. Whoever has the program from pip, pipx or uv can so install the service without a clone.
"""

from __future__ import annotations

import csv
import sys
import zipfile
from pathlib import Path

_OF_THE_INSTALLER = ("INSTALLER", "REQUESTED", "direct_url.json", "uv_build.json", "uv_cache.json")


def repack(site: Path, folder: Path) -> Path:
    """
    Args:
        site: the folder that holds the package and its metadata.
        folder: where the wheel is written.
    """
    (info,) = site.glob("indextts_sidecar-*.dist-info")
    with (info / "RECORD").open(newline="", encoding="utf-8") as record:
        rows = [row for row in csv.reader(record) if row and _published(row[0], info.name)]
    made = folder / f"{info.name.removesuffix('.dist-info')}-py3-none-any.whl"
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as wheel:
        for name, *_ in rows:
            if not name.endswith("/RECORD"):
                wheel.write(site / name, name)
        lines = "".join(f"{','.join(row)}\n" for row in rows)
        wheel.writestr(f"{info.name}/RECORD", lines)
    return made


def _published(name: str, info: str) -> bool:
    """Whether a line of RECORD was in the wheel: neither a script, compiled, nor a note of the installer's."""
    inside = name.startswith(("sidecar/", f"{info}/")) and not name.endswith(".pyc")
    return inside and name.rpartition("/")[2] not in _OF_THE_INSTALLER


if __name__ == "__main__":
    print(repack(Path(__file__).resolve().parents[2], Path(sys.argv[1])))
