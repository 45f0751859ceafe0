"""How this program is installed: where the files are that come with it, and how a package is added to it."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

from sidecar.errors import SidecarError

_NAME = "indextts-sidecar"
_PACKAGE = Path(__file__).resolve().parent


def bundled(name: str) -> Path:
    """A file or folder of schema/ or deploy/, where this installation has it.

    A wheel carries them inside the package, as _schema and _deploy (pyproject.toml says which files); in a clone, and
    so for an editable install, they are at its root.

    Args:
        name: its path from a clone's root, such as "deploy/mysql/grants.sql".

    Raises:
        SidecarError: this user may not look into the folder that the program lies in.
    """
    folder, _, rest = name.partition("/")
    installed = _PACKAGE / f"_{folder}"
    try:
        installed.stat()
    except FileNotFoundError:
        return _PACKAGE.parent / folder / rest
    except PermissionError:
        raise SidecarError(
            f"this user may not read {_PACKAGE}, where this program lies",
            hint="Install a copy where everybody may read it; install.sh, the service's installer, makes one in /opt.",
        ) from None
    return installed / rest


def how_to_install(extra: str = "") -> str:
    """The command that adds what an extra brings, or what is missing without one, to this very environment.

    It names the environment, because people have several, and works without a package index knowing this distribution:
    pip, pipx and uv take the one that is installed and fetch what its extra wants. What install.sh has made is its own.
    """
    wanted = f'"{_NAME}[{extra}]"' if extra else _NAME
    import importlib.util

    installer = bundled("deploy/install.sh")
    if os.path.exists(os.path.join(sys.prefix, "share", "with")):  # what it leaves in the environment of the service
        lock = installer.with_name(f"requirements-{extra}.lock")
        if lock.exists():  # pinned, and remembered by the next upgrade
            return f"sudo bash {shlex.quote(str(installer))} --with {extra}"
    if os.path.exists(os.path.join(sys.prefix, "pipx_metadata.json")):
        return f"pipx inject {_NAME} {wanted}"
    sudo = "" if os.name == "nt" or os.access(sys.prefix, os.W_OK) else "sudo "
    python = f'"{sys.executable}"' if os.name == "nt" else shlex.quote(sys.executable)
    if importlib.util.find_spec("pip") is None:  # uv makes environments without it
        return f"{sudo}uv pip install --python {python} {wanted}"
    return f"{sudo}{python} -m pip install {wanted}"


def how_to_start() -> str:
    """What to do where a package is missing that every command needs."""
    from importlib import metadata

    clone = _PACKAGE.parent
    try:
        metadata.version(_NAME)
    except metadata.PackageNotFoundError:
        if (clone / "Makefile").exists():
            return (
                f"make -C {shlex.quote(str(clone))} venv, then {shlex.quote(str(clone / '.venv' / 'bin' / 'sidecar'))}"
            )
    return how_to_install()
