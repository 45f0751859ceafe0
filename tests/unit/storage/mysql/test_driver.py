"""What PyMySQL loads, seen in an interpreter of its own."""

from __future__ import annotations

import subprocess
import sys

SHIPPED = """
import sys
import sidecar.storage.mysql.sink
assert "cryptography" not in sys.modules
from sidecar.storage.mysql.driver import loaded_late
assert not loaded_late(RuntimeError("another one"))
assert "cryptography" not in sys.modules
lacking = RuntimeError("'cryptography' package is required for sha256_password or caching_sha2_password auth methods")
assert loaded_late(lacking)
assert loaded_late(lacking), "two threads may log in at once"
from pymysql import _auth
assert _auth._have_cryptography
"""


def test_cryptography_is_loaded_where_the_driver_asks_for_it() -> None:
    done = subprocess.run([sys.executable, "-c", SHIPPED], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
