"""Runs at the start of every Python process that has this folder on PYTHONPATH; does nothing unless asked to.

With INDEXTTS_PATCH_AUTOSTART=1 in the environment the recording is installed; then the sitecustomize that
would have run without this folder (there can be only one) is run, as if this one were not here.
"""

import os
import sys


def _install() -> None:
    if os.environ.get("INDEXTTS_PATCH_AUTOSTART") != "1":
        return
    try:
        import indextts_patch
    except ImportError:
        # Not installed in this environment: it lies where this file lies. Last in line, so that it hides nothing.
        sys.path.append(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
        import indextts_patch
    indextts_patch.install()


def _run_the_next() -> None:
    from importlib.machinery import PathFinder

    here = os.path.dirname(os.path.abspath(__file__))
    others = [entry for entry in sys.path if os.path.abspath(entry) != here]
    spec = PathFinder.find_spec("sitecustomize", others)
    if spec is not None and spec.loader is not None:
        from importlib.util import module_from_spec

        module = module_from_spec(spec)
        sys.modules["sitecustomize"] = module
        spec.loader.exec_module(module)


try:
    _install()
except Exception as error:  # noqa: BLE001 - this runs in other people's processes
    sys.stderr.write(f"indextts_patch: not installed: {type(error).__name__}: {error}\n")
_run_the_next()
