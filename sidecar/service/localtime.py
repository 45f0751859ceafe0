"""This machine's time zone, with the offset of the day that is asked for: half of the year it is another one."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone, tzinfo


class LocalTime(tzinfo):
    """By the system's own rules; datetime.astimezone() alone would fix the present offset for all days."""

    def utcoffset(self, moment: datetime | None) -> timedelta | None:
        return None if moment is None else moment.replace(tzinfo=None).astimezone().utcoffset()

    def dst(self, moment: datetime | None) -> timedelta | None:
        return None

    def tzname(self, moment: datetime | None) -> str | None:
        return None if moment is None else moment.replace(tzinfo=None).astimezone().tzname()

    def fromutc(self, moment: datetime) -> datetime:
        local = moment.replace(tzinfo=timezone.utc).astimezone()
        clock = local.replace(tzinfo=None)
        again = clock.astimezone().utcoffset() != local.utcoffset()  # an hour that clocks show twice
        return clock.replace(tzinfo=self, fold=int(again))
