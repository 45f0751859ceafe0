"""Where the published contract (schema/) lies: inside an installed wheel, or at the root of a checkout."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def schema_folder() -> Path:
    """The folder that holds event/, mysql/ and sqlite/.

    The wheel carries schema/ as sidecar/_schema (see pyproject.toml); an editable install reads the checkout's own.
    """
    installed = _PACKAGE / "_schema"
    return installed if installed.is_dir() else _PACKAGE.parent / "schema"
