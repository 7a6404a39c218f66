"""Ranges and local buckets as the evaluator understands them: minute by minute."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta

PRESETS = {
    "last24Hours": relativedelta(hours=24),
    "last7Days": relativedelta(days=7),
    "last30Days": relativedelta(days=30),
    "last3Months": relativedelta(months=3),
    "lastYear": relativedelta(years=1),
}


def range_of(asked: Any, zone: ZoneInfo, now: datetime) -> tuple[datetime, datetime]:
    if isinstance(asked, str):
        return now - PRESETS[asked], now
    return moment(asked["from"], zone), moment(asked["to"], zone)


def moment(text: str, zone: ZoneInfo) -> datetime:
    """An RFC 3339 time in UTC; without an offset it is in ``zone``."""
    read = datetime.fromisoformat(text)
    return (read if read.tzinfo else read.replace(tzinfo=zone)).astimezone(UTC)


def bucket(timestamp: datetime, interval: str | None, zone: ZoneInfo) -> datetime:
    """Where the bucket of ``timestamp`` starts; the timestamp itself without an interval."""
    local = timestamp.astimezone(zone)
    match interval:
        case None:
            return timestamp
        case "hour":
            return start_of_hour(timestamp.replace(second=0, microsecond=0), zone)
        case "day":
            return start_of_date(local.date(), zone)
        case "week":
            return start_of_date(local.date() - timedelta(days=local.weekday()), zone)
        case "month":
            return start_of_date(local.date().replace(day=1), zone)
    raise AssertionError(interval)


@cache
def start_of_date(day: date, zone: ZoneInfo) -> datetime:
    """The first minute whose local date is ``day``, or later where ``day`` does not exist there."""
    candidate = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=16)
    while candidate.astimezone(zone).date() < day:
        candidate += timedelta(minutes=1)
    return candidate


@cache
def start_of_hour(minute: datetime, zone: ZoneInfo) -> datetime:
    """The first minute of the run of minutes with the same local date, hour and offset."""
    while same_hour(minute - timedelta(minutes=1), minute, zone):
        minute -= timedelta(minutes=1)
    return minute


def same_hour(one: datetime, other: datetime, zone: ZoneInfo) -> bool:
    one, other = one.astimezone(zone), other.astimezone(zone)
    return (one.date(), one.hour, one.utcoffset()) == (other.date(), other.hour, other.utcoffset())
