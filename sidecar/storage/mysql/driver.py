"""PyMySQL without cryptography, which it would import at once: 40 ms of a command and 11 MB of a shipper. One way
to log in alone needs it, a password sent by RSA to MySQL 8 where there is neither TLS nor a socket; it is loaded then.
"""

from __future__ import annotations

import importlib
import sys

_LATE = "cryptography"

sys.modules.setdefault(_LATE, None)  # type: ignore[arg-type]  # by which an import says that it is not installed
try:
    from pymysql import _auth
finally:
    if sys.modules[_LATE] is None:
        del sys.modules[_LATE]


def loaded_late(error: RuntimeError) -> bool:
    """Whether what the driver said it lacked is there now."""
    if _LATE not in str(error):
        return False
    if not _auth._have_cryptography:  # type: ignore[attr-defined]  # by another thread, else
        importlib.reload(_auth)
    return bool(_auth._have_cryptography)  # type: ignore[attr-defined]
