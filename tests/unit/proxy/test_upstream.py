"""What may be written as the upstream's address."""

from __future__ import annotations

import pytest

from sidecar.errors import SettingsError
from sidecar.proxy.upstream import parse


@pytest.mark.parametrize(
    ("url", "host", "base"),
    [
        ("http://127.0.0.1:8000", b"127.0.0.1:8000", b""),
        ("http://tts.lan/", b"tts.lan", b""),
        ("https://tts.lan:443/speech/", b"tts.lan", b"/speech"),
        ("http://[::1]:8000", b"[::1]:8000", b""),
    ],
)
def test_an_address_is_taken_apart(url: str, host: bytes, base: bytes) -> None:
    address = parse(url)
    assert (address.host_header, address.base) == (host, base)


@pytest.mark.parametrize(
    "url",
    [
        "", "127.0.0.1:8000", "ftp://a", "http://", "http://a:b", "http://u:p@a", "http://a/?x=1", "http://a/b c",
        "http://a:8000/v1", "http://a:8000/v1/",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(SettingsError):
        parse(url)
