"""Moments in the reader's zone."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from sidecar.wording.moments import minute, moment, whole_moment, zone_name

AT = datetime(2026, 11, 22, 20, 15, 3, 999999, tzinfo=timezone.utc)


def test_a_moment_is_said_in_the_zone() -> None:
    shanghai, new_york = ZoneInfo("Asia/Shanghai"), ZoneInfo("America/New_York")
    assert moment(AT, shanghai) == "2026-11-23 04:15:03"
    assert minute(AT, shanghai) == "2026-11-23 04:15"
    assert whole_moment(AT, shanghai) == "2026-11-23 04:15:03 +08:00"
    assert whole_moment(AT, new_york) == "2026-11-22 15:15:03 -05:00"
    assert whole_moment(AT, timezone.utc) == "2026-11-22 20:15:03 +00:00"


def test_a_zone_is_called_by_its_name() -> None:
    assert zone_name(ZoneInfo("Asia/Shanghai")) == "Asia/Shanghai"
    assert zone_name(timezone(timedelta(hours=1), "CET")) == "CET"
