"""Which requests ask for speech."""

from __future__ import annotations

import posixpath
import re
from urllib.parse import unquote_to_bytes

SPEECH = frozenset({b"/v1/audio/speech", b"/audio/speech", b"/tts", b"/tts_url"})
"""OpenAI's path; the others are those of index-tts-vllm's API servers."""
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""In capitals: a server that is less strict would take "post" for POST."""
METRICS = b"/metrics"
_ROUNDS = 8


def asks_for_speech(method: str, path: bytes) -> bool:
    """Whether a request is one that is recorded.

    Args:
        path: as the client wrote it, without the query.
    """
    return method == "POST" and path in SPEECH


def is_disguised(path: bytes) -> bool:
    """Whether a path is spelt otherwise than the speech that a less strict server might find under it: with
    percent signs, doubled, dotted or trailing slashes, capitals, parameters."""
    return path not in SPEECH and _plain(path) in SPEECH


def _plain(path: bytes) -> bytes:
    for _ in range(_ROUNDS):
        decoded = unquote_to_bytes(path)
        if decoded == path:
            break
        path = decoded
    path = re.sub(rb"[?#].*", b"", path, flags=re.DOTALL)
    path = re.sub(rb";[^/]*", b"", path.replace(b"\\", b"/"))
    path = re.sub(rb"[\x00-\x20]+", b"", path)
    return posixpath.normpath(b"/" + path.lstrip(b"/")).lower()
