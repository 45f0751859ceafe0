"""SHA-256, as hashlib has it. That is loaded with the first call: in an interpreter that has nothing loaded yet it is a
seventh of what hooking takes, and whoever speaks has loaded it long before."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hashlib import _Hash


def new_sha256(content: bytes = b"") -> _Hash:
    import hashlib

    return hashlib.sha256(content)
