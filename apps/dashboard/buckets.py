"""Every bucket of a period, with or without events: the answer holds only those with some."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from apps.dashboard.ranges import Period
from apps.insights.moments import Interval, start_of_day

_EPOCH_DAY = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Bucket:
    """A stretch of time on the axis; ``whole`` is false where the period, or the present, cuts it short."""

    start: datetime
    whole: bool


def buckets_of(period: Period, *, zone: ZoneInfo, now: datetime) -> list[Bucket]:
    """The buckets that ``period`` touches, ascending. Those that lie wholly in the future are left out."""
    starts = list(_starts(period, zone))
    ends = [*starts[1:], _next(starts[-1], period.interval, zone)] if starts else []
    limit = min(period.end, now)
    return [
        Bucket(start, start >= period.start and end <= limit)
        for start, end in zip(starts, ends, strict=True)
        if start < limit
    ]


def is_parted(period: Period, *, zone: ZoneInfo) -> bool:
    """Whether ``period``, to its end, has more than one bucket."""
    return len(list(islice(_starts(period, zone), 2))) > 1


def _starts(period: Period, zone: ZoneInfo) -> Iterator[datetime]:
    start = _floor(period.start, period.interval, zone)
    while start < period.end:
        yield start
        start = _next(start, period.interval, zone)


def _floor(moment: datetime, interval: Interval, zone: ZoneInfo) -> datetime:
    local = moment.astimezone(zone)
    if interval is Interval.HOUR:
        return moment - timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
    day = local.date()
    if interval is Interval.WEEK:
        day -= timedelta(days=day.weekday())
    if interval is Interval.MONTH:
        day = day.replace(day=1)
    return _start_of(day, zone)


def _next(start: datetime, interval: Interval, zone: ZoneInfo) -> datetime:
    if interval is Interval.HOUR:
        return start + timedelta(hours=1)
    day = start.astimezone(zone).date()
    if interval is Interval.MONTH:
        return _start_of((day.replace(day=1) + timedelta(days=32)).replace(day=1), zone)
    return _start_of(day + timedelta(days=7 if interval is Interval.WEEK else 1), zone)


def _start_of(day: date, zone: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(start_of_day(zone, (day - _EPOCH_DAY).days), UTC)
