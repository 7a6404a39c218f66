"""Moments, ranges and calendar buckets. Source of the rules: contract.md, Decisions 5, 6, 8 and 14."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from enum import Enum
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta
from django.utils.translation import gettext_lazy as _

from apps.insights.errors import QueryError

_TIMESTAMP = re.compile(r"(\d{4}-\d{2}-\d{2})[Tt](\d{2}:\d{2}(?::\d{2})?)(\.\d+)?([Zz]|[+-]\d{2}:\d{2})?\Z", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_FIRST = datetime(1900, 1, 2, tzinfo=UTC)
_LAST = datetime(2299, 12, 30, tzinfo=UTC)
DAY_SECONDS = 86_400
HOUR_SECONDS = 3_600


def parse_timestamp(value: object, *, path: str, zone: tzinfo | None = None) -> datetime:
    """The moment that an RFC 3339 text means, in UTC.

    Without an offset it is a local time of ``zone`` (the first, where a clock change repeats it);
    with ``zone`` ``None`` an offset is required.
    """
    match = _TIMESTAMP.match(value) if isinstance(value, str) else None
    if match is None or (match[4] is None and zone is None):
        raise QueryError("expected an RFC 3339 time such as 2026-03-01T09:30:00Z", path=path)
    day, clock, fraction, offset = match.groups()
    try:
        moment = datetime.fromisoformat(f"{day}T{clock}{(fraction or '')[:7]}{(offset or '').upper()}")
    except ValueError:
        raise QueryError("expected a date and time that exist", path=path) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return _FIRST if moment.year < _LAST.year else _LAST


def floor_milliseconds(moment: datetime) -> int:
    """Whole milliseconds since 1970, rounded down; moments beyond the engine's calendar are drawn to its ends."""
    return (min(max(moment, _FIRST), _LAST) - _EPOCH) // _MILLISECOND


def ceil_milliseconds(moment: datetime) -> int:
    """Whole milliseconds since 1970, rounded up."""
    return -((_EPOCH - min(max(moment, _FIRST), _LAST)) // _MILLISECOND)


def print_seconds(seconds: int) -> str:
    """Seconds since 1970 as ``YYYY-MM-DDTHH:MM:SSZ``."""
    return f"{_EPOCH + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%SZ}"


@dataclass(frozen=True, slots=True)
class Preset:
    """A window that ends now."""

    name: str
    label: object
    length: relativedelta


PRESETS = {
    preset.name: preset
    for preset in (
        Preset("last24Hours", _("24 hours"), relativedelta(hours=24)),
        Preset("last7Days", _("7 days"), relativedelta(days=7)),
        Preset("last30Days", _("30 days"), relativedelta(days=30)),
        Preset("last3Months", _("3 months"), relativedelta(months=3)),
        Preset("lastYear", _("12 months"), relativedelta(years=1)),
    )
}


def offset_at(zone: tzinfo, seconds: int) -> int:
    """Seconds east of UTC that ``zone`` has at a moment given in seconds since 1970."""
    offset = (_EPOCH + timedelta(seconds=seconds)).astimezone(zone).utcoffset()
    return 0 if offset is None else int(offset.total_seconds())


def _first_moment(low: int, high: int, reached: Callable[[int], bool]) -> int:
    """The first second in (``low``, ``high``] at which ``reached`` holds, which stays true once it is."""
    while high - low > 1:
        middle = (low + high) // 2
        if reached(middle):
            high = middle
        else:
            low = middle
    return high


def start_of_day(zone: tzinfo, day: int) -> int:
    """The first second of the local date ``day`` (days since 1970) in ``zone``.

    A midnight that a clock change skips gives the first moment after it; one that comes twice, the first.
    """
    noon = day * DAY_SECONDS + DAY_SECONDS // 2
    reach = 3 * DAY_SECONDS // 2
    wanted = day * DAY_SECONDS

    def reached(seconds: int) -> bool:
        return seconds + offset_at(zone, seconds) >= wanted

    candidates = {wanted - offset_at(zone, seconds) for seconds in (noon - reach, noon, noon + reach)}
    exact = sorted(second for second in candidates if second + offset_at(zone, second) == wanted)
    return exact[0] if exact else _first_moment(noon - reach, noon + reach, reached)


# An hour's key is twice the second at which the hour would begin, and one more where the clock changed since: a change
# in the middle of an hour, or one that repeats it, makes two buckets, and they are ordered as time is.


def _hour_key(local: str, zone: tzinfo) -> str:
    start = f"unix - {local} % {HOUR_SECONDS}"
    if zone == ZoneInfo("UTC"):
        return f"({start}) * 2"
    return f"({start}) * 2 + (timeZoneOffset(toDateTime({start}, '{zone}')) != {local} - unix)"


def _hour_start(zone: tzinfo, key: int) -> int:
    seconds, has_changed = divmod(key, 2)
    if not has_changed:
        return seconds
    before = offset_at(zone, seconds)
    return _first_moment(seconds, seconds + HOUR_SECONDS, lambda second: offset_at(zone, second) != before)


def _days(local: str, _zone: tzinfo) -> str:
    return f"intDiv({local}, {DAY_SECONDS})"


def _month_start(zone: tzinfo, key: int) -> int:
    first = date(key // 12, key % 12 + 1, 1)
    return start_of_day(zone, (first - date(1970, 1, 1)).days)


@dataclass(frozen=True, slots=True)
class Bucket:
    """How an interval groups events: an integer key made by the engine, and the second that it stands for.

    ``key`` takes the SQL of the local second (seconds since 1970 plus the zone's offset; ``unix`` is the name of the
    former) and is ordered as time is.
    """

    key: Callable[[str, tzinfo], str]
    start: Callable[[tzinfo, int], int]


class Interval(Enum):
    """The widths of time buckets. Weeks start on Monday."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"

    @property
    def bucket(self) -> Bucket:
        return _BUCKETS[self]


_BUCKETS = {
    Interval.HOUR: Bucket(_hour_key, _hour_start),
    Interval.DAY: Bucket(_days, start_of_day),
    # 1970-01-01 was a Thursday: three days after a Monday.
    Interval.WEEK: Bucket(
        lambda local, zone: f"intDiv({_days(local, zone)} + 3, 7)", lambda zone, key: start_of_day(zone, key * 7 - 3)
    ),
    Interval.MONTH: Bucket(
        lambda local, zone: (
            f"toInt64(toYear(toDate32({_days(local, zone)}))) * 12 + toMonth(toDate32({_days(local, zone)})) - 1"
        ),
        _month_start,
    ),
}
