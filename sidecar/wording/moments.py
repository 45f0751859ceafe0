"""How moments are said: in one time zone, SIDECAR_TIMEZONE, wherever they are shown."""

from __future__ import annotations

from datetime import datetime, tzinfo


def zone_name(zone: tzinfo) -> str:
    """What people call the zone: Asia/Shanghai; where it has no such name, the present one, such as CET."""
    return getattr(zone, "key", "") or str(datetime.now(zone).tzname())


def moment(value: datetime, zone: tzinfo) -> str:
    """To the second, for where the zone is named beside it, such as in the head of a column."""
    return value.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


def minute(value: datetime, zone: tzinfo) -> str:
    """To the minute, for the same."""
    return value.astimezone(zone).strftime("%Y-%m-%d %H:%M")


def whole_moment(value: datetime, zone: tzinfo) -> str:
    """To the second and with the offset, for where it stands alone: 2026-11-22 18:15:03 +08:00."""
    local = value.astimezone(zone)
    return f"{local:%Y-%m-%d %H:%M:%S} {local.isoformat()[-6:]}"
