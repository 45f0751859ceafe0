"""`sidecar` and `python -m sidecar`."""

from __future__ import annotations

import gc
import sys

# What is imported is never garbage: at the default of 700, looking for it is a twelfth of what `sidecar find` costs.
_COLLECT_AFTER = 50_000


def main() -> None:
    """The program's entry."""
    gc.set_threshold(_COLLECT_AFTER)
    try:
        from sidecar.cli.main import sidecar

        sidecar()  # imports the verb that is called
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("sidecar"):
            raise
        from sidecar.installation import how_to_start

        print(f"sidecar: {error.name} is not installed. Run: {how_to_start()}", file=sys.stderr)
        sys.exit(2)
    except Exception as error:
        if not sys.stderr.isatty():
            raise  # into the service's log, or to the program that called
        print(f"sidecar: a bug: {type(error).__name__}: {error}", file=sys.stderr)
        print(f"Its traceback is in {_written_down()}; please report it.", file=sys.stderr)
        sys.exit(1)


def _written_down() -> str:
    """The file that now holds the traceback of the exception at hand."""
    import tempfile
    import traceback

    with tempfile.NamedTemporaryFile("w", prefix="sidecar-", suffix=".txt", delete=False, encoding="utf-8") as file:
        traceback.print_exc(file=file)
    return file.name


if __name__ == "__main__":
    main()
