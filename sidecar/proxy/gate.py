"""Who gets through: the key, its rights and its limits."""

from __future__ import annotations

import json
import math
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from sidecar.proxy import paths
from sidecar.proxy.asked import Body
from sidecar.proxy.fields import NESTED, TEXT
from sidecar.proxy.headers import Headers, are_sound, every, first
from sidecar.proxy.keys import Key, Keyring
from sidecar.proxy.refusal import Refusal
from sidecar.service.serving import is_loopback

_MINUTE = 60.0
_HOW = "Send it as Authorization: Bearer KEY; `sidecar keys add` makes one."


class Gate:
    """
    Args:
        keyring: the keys.
        clock: seconds that only grow.
    """

    def __init__(self, keyring: Keyring, clock: Callable[[], float] = time.monotonic) -> None:
        self._keyring = keyring
        self._clock = clock
        self._recent: dict[str, deque[float]] = {}

    def check(self, method: str, path: bytes, headers: Headers) -> Key | None:
        """Whether a request may go on, by its head.

        Returns:
            The key that it shows; None where nobody needs one.

        Raises:
            Refusal: it may not.
        """
        _check_form(method, path, headers)
        self._keyring.refresh()
        if not self._keyring.needed:
            if not is_loopback(_host(headers)):
                message = "Without keys this proxy serves its own machine alone: `sidecar keys add` makes one."
                raise Refusal(421, "not_this_machine", message)
            return None
        if _is_preflight(method, headers):
            return None
        key = self._key(headers)
        if not _allows(key, method, path):
            rights = ", ".join(key.rights)
            message = f"The key of {key.name} has no right to this: {rights} alone. Another key may: sidecar keys add."
            raise Refusal(403, "no_right", message, type="permission_error")
        return key

    def count(self, key: Key | None) -> None:
        """Count a request against its key's limit.

        Raises:
            Refusal: there were too many.
        """
        if key is None or key.per_minute is None:
            return
        now = self._clock()
        recent = self._recent.setdefault(key.sha256, deque())
        while recent and recent[0] <= now - _MINUTE:
            recent.popleft()
        if len(recent) >= key.per_minute:
            wait = max(1, math.ceil(recent[0] + _MINUTE - now))
            message = f"This key may ask {key.per_minute} times a minute. Try again in {wait} s."
            raise Refusal(429, "rate_limit_exceeded", message, type="rate_limit_error", retry_seconds=wait)
        recent.append(now)

    def _key(self, headers: Headers) -> Key:
        shown = every(headers, b"authorization")
        if not shown:
            raise Refusal(401, "missing_key", f"A key is needed. {_HOW}", type="authentication_error")
        scheme, _, secret = shown[0].partition(b" ")
        found = self._keyring.find(secret.strip()) if scheme.lower() == b"bearer" and len(shown) == 1 else None
        if found is None:
            raise Refusal(401, "invalid_api_key", f"This is no key of this proxy. {_HOW}", type="authentication_error")
        return found


def check_length(key: Key | None, raw: bytes, body: Body | None) -> None:
    """Whether a key may have a text as long as that spoken.

    Args:
        raw: the request's body.
        body: its members; None where they are not understood.

    Raises:
        Refusal: it may not, or nobody can tell how long it is.
    """
    if key is None or key.max_characters is None:
        return
    if body is None or _says_twice(raw):
        message = "The body must be one JSON object that says everything once: this key's texts are counted."
        raise Refusal(400, "invalid_body", message)
    longest = max((_characters(body.get(name)) for name in TEXT), default=0)
    if longest > key.max_characters:
        message = f"The text has {longest} characters; this key may have {key.max_characters} spoken at once."
        raise Refusal(400, "string_above_max_length", message)


def _characters(value: Any) -> int:
    """Of a text, or of everything in what stands in its place: some servers take a list."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, Mapping):
        return sum(map(_characters, value.values()))
    return sum(map(_characters, value)) if isinstance(value, list) else 0


def _says_twice(raw: bytes) -> bool:
    """Whether two readers could find two texts in it: a member that stands there twice, or at two depths."""
    twice = False

    def look(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal twice
        members = dict(pairs)
        twice = twice or len(members) < len(pairs)
        return members

    document = json.loads(raw, object_pairs_hook=look)
    nested = [document[name] for name in NESTED if isinstance(document.get(name), dict)]
    return twice or any(name in each for each in nested for name in TEXT)


def _check_form(method: str, path: bytes, headers: Headers) -> None:
    """Refuse what another server could read otherwise than this one."""
    if method not in paths.METHODS:
        raise Refusal(501, "unknown_method", f"The method {method[:20]} is not served.", close=True)
    if not path.startswith(b"/") or not are_sound(headers):
        raise Refusal(400, "malformed", "The request's path or head is malformed.", close=True)
    if every(headers, b"transfer-encoding") and every(headers, b"content-length"):
        raise Refusal(400, "malformed", "A body has a length or is sent in chunks, not both.", close=True)
    if len(every(headers, b"host")) > 1:
        raise Refusal(400, "malformed", "There is more than one Host.", close=True)
    if paths.is_disguised(path):
        message = "Speech is asked for at /v1/audio/speech, spelt exactly so."
        raise Refusal(404, "disguised_path", message)


def _is_preflight(method: str, headers: Headers) -> bool:
    """A browser asks, without a key, whether it may send a request that has one."""
    bodiless = first(headers, b"content-length") in ("", "0") and not every(headers, b"transfer-encoding")
    asks = every(headers, b"origin") and every(headers, b"access-control-request-method")
    return method == "OPTIONS" and bool(asks) and bodiless


def _allows(key: Key, method: str, path: bytes) -> bool:
    if paths.asks_for_speech(method, path):
        return "speech" in key.rights
    if "other" in key.rights:
        return True
    return "metrics" in key.rights and method in ("GET", "HEAD") and path == paths.METRICS


def _host(headers: Headers) -> str:
    try:
        return urlsplit(f"//{first(headers, b'host')}").hostname or ""
    except ValueError:
        return ""
