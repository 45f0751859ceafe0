"""What the process and its machine are: asked once, of the system and of what the host has loaded and initialised.

Nothing is imported that the host has not, no device is initialised, and nothing is waited for. No user, no command
line, no path and no environment variable is among it.
"""

from __future__ import annotations

import os
import re
import sys

from ..guard import Any, attempt
from ..options import Options
from ..upstream import libraries
from .distributions import engines
from .memory import accelerator
from .values import name

_MAX_GPUS = 64
_OPTIONS = ("text", "unique_names", "client", "reuse", "fsync")  # not the folders
_BEGINNING = 4096  # /proc/cpuinfo asks every core for its clock when it is read to its end


def facts(options: Options, software: str) -> dict[str, Any]:
    """Members of the schema's `process`."""
    gpus = attempt(_gpus) or []
    return {
        "python": name(f"{sys.implementation.name} {'.'.join(map(str, sys.version_info[:3]))}", 64),
        "platform": attempt(_platform),
        "cpu": {"name": attempt(_cpu), "cores": attempt(_cores)},
        "memory": attempt(_memory),
        "gpus": gpus,
        "driver": attempt(_driver) if gpus else None,
        **(attempt(_runtimes) or {}),
        "engines": attempt(engines) or {},
        "packages": attempt(_packages) or {},
        "options": {option: getattr(options, option) for option in _OPTIONS},
        "recorder": software,
    }


def _platform() -> str | None:
    """System, release and machine; by no means that starts a program, as `platform` may."""
    if sys.platform == "win32":
        version = sys.getwindowsversion()
        numbers = f"{version.major}.{version.minor}.{version.build}"
        return name(f"Windows {numbers} {os.environ.get('PROCESSOR_ARCHITECTURE', '')}".strip())
    system = os.uname()
    return name(f"{system.sysname} {system.release} {system.machine}")


def _cpu() -> str | None:
    if sys.platform == "win32":
        return name(os.environ.get("PROCESSOR_IDENTIFIER"))
    match = re.search(libraries.CPU_LINE, _beginning(libraries.CPU))
    return name(match[1].decode("utf-8", "replace") if match else os.uname().machine)


def _cores() -> int | None:
    """Those that the process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def _memory() -> int | None:
    """Bytes of the machine's memory."""
    if sys.platform == "win32":
        return None
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _gpus() -> list[dict[str, Any]]:
    found = []
    for kind in libraries.ACCELERATORS:
        module = accelerator(kind)
        for index in range(min(module.device_count(), _MAX_GPUS) if module is not None else 0):
            properties = module.get_device_properties(index)
            capability = (getattr(properties, "major", None), getattr(properties, "minor", None))
            found.append(
                {
                    "device": f"{kind}:{index}",
                    "name": name(getattr(properties, "name", None)),
                    "memory": getattr(properties, "total_memory", None),
                    "capability": None if None in capability else ".".join(map(str, capability)),
                }
            )
    return found


def _driver() -> str | None:
    """NVIDIA's, where the system shows it."""
    match = re.search(libraries.NVIDIA_DRIVER_LINE, _beginning(libraries.NVIDIA_DRIVER))
    return name(match[1].decode("ascii"), 64) if match else None


def _runtimes() -> dict[str, str | None]:
    """What torch was built for."""
    version = sys.modules.get("torch.version")
    return {kind: name(getattr(version, kind, None), 64) for kind in ("cuda", "hip")}


def _packages() -> dict[str, str]:
    found = {}
    for library in libraries.LIBRARIES:
        version = getattr(sys.modules.get(library), "__version__", None)
        if isinstance(version, str):
            found[library.partition(".")[0]] = str(name(version, 64))
    return found


def _beginning(path: str) -> bytes:
    try:
        with open(path, "rb", buffering=0) as file:
            return file.read(_BEGINNING) or b""
    except OSError:
        return b""
