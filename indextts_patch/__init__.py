"""Records every synthesis of IndexTTS as one event file, from inside the TTS process.

Importing this package does nothing. `install` hooks the IndexTTS classes of this process, whether they
are imported already or later; `uninstall` takes every hook out again. Standard library only.
"""

from __future__ import annotations

TYPE_CHECKING = False  # typing itself takes longer to import than all that installing needs
if TYPE_CHECKING:
    from collections.abc import Mapping

    from .hooking.hook import Hook

__all__ = ["__version__", "install", "uninstall"]
__version__ = "0.1.0"

_hook: Hook | None = None


def install(environ: Mapping[str, str] | None = None) -> bool:
    """Start recording in this process.

    Classes that are imported already are hooked at once, the others when they are imported. Calling it
    again looks through the loaded modules once more and changes nothing else. It never raises.

    Args:
        environ: where the options are read, the process's environment by default; options.py lists them.

    Returns:
        Whether the recording is on: False where it is switched off or could not be set up.
    """
    from .guard import attempt

    return bool(attempt(_install, environ))


def _install(environ: Mapping[str, str] | None) -> bool:
    global _hook
    from .options import read

    chosen = read(environ)
    if not chosen.enabled:
        return False
    if _hook is None:
        from .hooking.hook import Hook

        _hook = Hook(chosen, __version__)
    _hook.install()
    return True


def uninstall() -> None:
    """Take every hook out: the classes have their own functions back. It never raises."""
    global _hook
    from .guard import attempt

    hook, _hook = _hook, None
    if hook is not None:
        attempt(hook.uninstall)


def hooked() -> list[str]:
    """Qualified names of the classes that are hooked now."""
    return [] if _hook is None else _hook.hooked()
