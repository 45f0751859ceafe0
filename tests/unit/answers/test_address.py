"""What an address of the library says is what was written into it."""

from __future__ import annotations

from datetime import datetime, timezone
from urllib.parse import parse_qs, urlsplit

import pytest

from sidecar.answers import address
from sidecar.answers.filters import Filter, parse


@pytest.mark.parametrize(
    "wanted",
    [
        Filter(),
        Filter(text='"quiet harbour" 雨&=?', rating=4, request="ab" * 32, error="torch.OutOfMemoryError"),
        Filter(
            since=datetime(2026, 10, 1, 16, tzinfo=timezone.utc),
            until=datetime(2026, 11, 1, 16, 0, 0, 250, tzinfo=timezone.utc),
        ),
        Filter(
            user=("客服", "news desk"), status=("failed", "interrupted"), without=(("user", "x"), ("voice", "a/b.wav"))
        ),
        Filter(tag=("keep", "-draft"), favourite=False),
        Filter(favourite=True),
    ],
)
def test_a_filter_comes_back_out_of_its_address(wanted: Filter) -> None:
    written = urlsplit(address.takes("https://tts.example/speech/", wanted))
    assert (written.netloc, written.path) == ("tts.example", "/speech/")
    assert parse(parse_qs(written.query)) == wanted
