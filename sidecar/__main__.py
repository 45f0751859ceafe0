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
        from sidecar.installation import how_to_start

        print(f"sidecar: {error.name} is not installed. Run: {how_to_start()}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
