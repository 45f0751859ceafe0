"""What of a request's and an answer's head goes through a proxy, and what concerns one connection alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

Headers = Sequence[tuple[bytes, bytes]]

VIA = b"1.1 sidecar"
_HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
        b"http2-settings",
    }
)
"""RFC 9110, 7.6.1, and what goes with them."""
_OURS = frozenset({b"host", b"authorization", b"expect", b"via"})
"""Host names the upstream; a key is ours to check and never goes on; 100 Continue is answered here."""
_OVERRIDES = frozenset({b"x-http-method-override", b"x-http-method", b"x-method-override"})
"""They would make another request of the one that was looked at."""
_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_BAD_VALUE = re.compile(rb"[\x00\r\n]")


def to_upstream(headers: Headers, host: bytes, authorization: bytes | None) -> list[tuple[bytes, bytes]]:
    """The head of the request that goes to the upstream.

    Args:
        headers: of the client's request, names in lower case.
        host: of the upstream.
        authorization: what the upstream wants to see of us.
    """
    dropped = _named_by_connection(headers) | _HOP_BY_HOP | _OURS | _OVERRIDES
    kept = [(name, value) for name, value in headers if name not in dropped]
    kept.insert(0, (b"host", host))
    kept.append((b"via", VIA))
    if authorization is not None:
        kept.append((b"authorization", authorization))
    return kept


def to_client(headers: Headers) -> list[tuple[bytes, bytes]]:
    """The head of the upstream's answer, as the client gets it.

    Args:
        headers: names in lower case.
    """
    dropped = _named_by_connection(headers) | _HOP_BY_HOP
    return [(name, value) for name, value in headers if name not in dropped]


def are_sound(headers: Headers) -> bool:
    """Whether each is one line when it is written again."""
    return all(_NAME.fullmatch(name) and not _BAD_VALUE.search(value) for name, value in headers)


def every(headers: Headers, name: bytes) -> list[bytes]:
    """The values of each header of that name."""
    return [value for each, value in headers if each == name]


def first(headers: Headers, name: bytes) -> str:
    """The value of the first header of that name, as text; empty where there is none."""
    return next((value.decode("latin-1") for each, value in headers if each == name), "")


def _named_by_connection(headers: Iterable[tuple[bytes, bytes]]) -> set[bytes]:
    lists = (value.lower().split(b",") for name, value in headers if name == b"connection")
    # Whoever names a header that the proxy needs would have it taken away behind its back.
    return {name.strip() for names in lists for name in names} - {b"content-length", b"content-type"}
