"""`sidecar` and `python -m sidecar`."""

from __future__ import annotations

import sys


def main() -> None:
    """The program's entry."""
    try:
        from sidecar.cli.main import sidecar

        sidecar()  # imports the verb that is called
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("sidecar"):
            raise
        print(
            f"sidecar: the package {error.name} is not installed. Run: pip install 'indextts-sidecar[shipper]'",
            file=sys.stderr,
        )
        sys.exit(2)


if __name__ == "__main__":
    main()
