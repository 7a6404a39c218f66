"""The period that a page is about: read from the URL, asked in the published form, drawn in the page's time zone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum
from typing import Any
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta
from django.utils.translation import gettext_lazy as _

from apps.insights.moments import PRESETS, Interval

EARLIEST = date(2000, 1, 1)
LATEST = date(2100, 1, 1)
"""Days before and after these are taken for slips, in ranges and as ends of links and tokens."""
MOST_BUCKETS = 1000
"""As many rows as one answer holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """A choice of the range picker: its word in the URL, the published preset, the width of its buckets."""

    name: str
    label: Any
    preset: str
    interval: Interval


RANGES = {
    choice.name: choice
    for choice in (
        Range(name="24h", label=_("24 h"), preset="last24Hours", interval=Interval.HOUR),
        Range(name="7d", label=_("7 d"), preset="last7Days", interval=Interval.DAY),
        Range(name="30d", label=_("30 d"), preset="last30Days", interval=Interval.DAY),
        Range(name="3m", label=_("3 months"), preset="last3Months", interval=Interval.DAY),
        Range(name="12m", label=_("12 months"), preset="lastYear", interval=Interval.WEEK),
    )
}
DEFAULT = "30d"
WEEK = "7d"
CUSTOM = "custom"

_WIDTHS = ((2, Interval.HOUR), (100, Interval.DAY), (800, Interval.WEEK))
"""Of a custom range: up to so many days, buckets this wide."""

INTERVALS = {
    Interval.HOUR: _("by hour"),
    Interval.DAY: _("by day"),
    Interval.WEEK: _("by week"),
    Interval.MONTH: _("by month"),
}
_LENGTHS = {
    Interval.HOUR: timedelta(hours=1),
    Interval.DAY: timedelta(days=1),
    Interval.WEEK: timedelta(days=7),
    Interval.MONTH: timedelta(days=28),
}


class Comparison(Enum):
    """What the figures are held against; the value is its word in the URL."""

    PREVIOUS = "previous"
    YEAR = "year"
    OFF = "off"


COMPARISONS = {
    Comparison.PREVIOUS: _("Previous period"),
    Comparison.YEAR: _("Same period last year"),
    Comparison.OFF: _("No comparison"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """``start`` ≤ t < ``end`` (aware, UTC); ``published`` is a request's ``range``, ``parameters`` the URL's.

    ``first_day`` and ``last_day`` are what a person entered, both inclusive. ``note`` is a sentence for people,
    where the URL asked for something that cannot be read.
    """

    name: str
    published: str | dict[str, str]
    start: datetime
    end: datetime
    interval: Interval
    parameters: dict[str, str]
    first_day: date
    last_day: date
    note: str = ""

    @property
    def intervals(self) -> tuple[Interval, ...]:
        """The widths of buckets that this period can be drawn by."""
        return tuple(each for each in Interval if (self.end - self.start) / _LENGTHS[each] <= MOST_BUCKETS - 2)


def read_period(parameters: Mapping[str, str], *, zone: ZoneInfo, now: datetime) -> Period:
    """The period that a URL's ``range``, or ``from`` and ``to``, ask for; without sense there, 30 days and a note.

    ``interval`` is the width of its buckets; without one the range has its own.
    """
    found = _read(parameters, zone, now)
    wanted = parameters.get("interval", "")
    if not wanted:
        return found
    chosen = next((each for each in found.intervals if each.value == wanted), None)
    if chosen is None:
        return replace(found, note=str(_("This range cannot be drawn by that interval, so it has its own.")))
    return replace(found, interval=chosen, parameters={**found.parameters, "interval": wanted})


def _read(parameters: Mapping[str, str], zone: ZoneInfo, now: datetime) -> Period:
    first, last = parameters.get("from", ""), parameters.get("to", "")
    if first or last:
        days = _read_day(first), _read_day(last)
        if days[0] is None or days[1] is None:
            return _preset(DEFAULT, zone, now, note=_("Those dates could not be read, so these are the last 30 days."))
        if days[0] > days[1]:
            return _preset(
                DEFAULT, zone, now, note=_("The first day is after the last, so these are the last 30 days.")
            )
        return _custom(days[0], days[1], zone)
    name = parameters.get("range", DEFAULT)
    if name not in RANGES:
        return _preset(DEFAULT, zone, now, note=_("There is no such range, so these are the last 30 days."))
    return _preset(name, zone, now)


def before(period: Period, comparison: Comparison, *, zone: ZoneInfo, now: datetime) -> Period | None:
    """The period that ``period`` is held against, with as wide buckets; ``None`` where there is no comparison.

    Where ``period`` is not over yet, it ends as many local days and hours after its start as have gone by.
    """
    if comparison is Comparison.OFF:
        return None
    if period.name == CUSTOM:
        return _days_before(period, comparison, zone, now)
    length = relativedelta(years=1)
    if comparison is Comparison.PREVIOUS:
        length = PRESETS[RANGES[period.name].preset].length
    start, end = period.start - length, period.start if comparison is Comparison.PREVIOUS else period.end - length
    return replace(
        period,
        name=CUSTOM,
        published={"from": _print(start), "to": _print(end)},
        start=start,
        end=end,
        first_day=start.astimezone(zone).date(),
        last_day=end.astimezone(zone).date(),
    )


def everything_before(period: Period) -> Period:
    """All time before a period."""
    start = datetime(1970, 1, 1, tzinfo=UTC)
    return replace(
        period,
        name=CUSTOM,
        published={"from": _print(start), "to": _print(period.start)},
        start=start,
        end=period.start,
    )


def _days_before(period: Period, comparison: Comparison, zone: ZoneInfo, now: datetime) -> Period:
    after = period.last_day + timedelta(days=1)
    length = relativedelta(years=1) if comparison is Comparison.YEAR else after - period.first_day
    days = _custom(period.first_day - length, after - length - timedelta(days=1), zone)
    if period.start < now < period.end:
        clock = now.astimezone(zone).replace(tzinfo=None) - length
        end = clock.replace(tzinfo=zone).astimezone(UTC)
        days = replace(days, published={"from": _print(days.start), "to": _print(end)}, end=end)
    return replace(days, interval=period.interval)


def _preset(name: str, zone: ZoneInfo, now: datetime, *, note: object = "") -> Period:
    choice = RANGES[name]
    start = now - PRESETS[choice.preset].length
    return Period(
        name=name,
        published=choice.preset,
        start=start,
        end=now,
        interval=choice.interval,
        parameters={"range": name},
        first_day=start.astimezone(zone).date(),
        last_day=now.astimezone(zone).date(),
        note=str(note),
    )


def _custom(first: date, last: date, zone: ZoneInfo) -> Period:
    after = last + timedelta(days=1)
    days = (after - first).days
    interval = next((interval for most, interval in _WIDTHS if days <= most), Interval.MONTH)
    return Period(
        name=CUSTOM,
        published={"from": f"{first}T00:00:00", "to": f"{after}T00:00:00"},
        start=_midnight(first, zone),
        end=_midnight(after, zone),
        interval=interval,
        parameters={"from": str(first), "to": str(last)},
        first_day=first,
        last_day=last,
    )


def _read_day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if EARLIEST <= day <= LATEST else None


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)


def _print(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
