"""Periods that are counted in advance: whole hours, days and months of UTC."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum

from dateutil.relativedelta import relativedelta

CLOSING_DELAY = timedelta(minutes=15)
"""How long after its end a period is still open: events may be 5 minutes late, and wait their turn to be stored."""


class Level(Enum):
    """The widths of periods, narrow to wide; ``floor`` is the engine's SQL of the period that a moment is in."""

    HOUR = "hour", timedelta(hours=1), "toStartOfHour(timestamp)"
    DAY = "day", timedelta(days=1), "toDateTime(toStartOfDay(timestamp), 'UTC')"
    MONTH = "month", relativedelta(months=1), "toDateTime(toStartOfMonth(timestamp), 'UTC')"

    def __init__(self, label: str, length: timedelta | relativedelta, floor: str) -> None:
        self.label = label
        self.length = length
        self.floor = floor


LEVELS = {level.label: level for level in Level}


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """One hour, day or month; ``start`` is its first moment."""

    level: Level
    start: datetime

    @property
    def end(self) -> datetime:
        """The first moment after it."""
        return self.start + self.level.length


def floor(level: Level, moment: datetime) -> datetime:
    """The start of the period of that level that holds ``moment``."""
    moment = moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    if level is Level.HOUR:
        return moment
    midnight = moment.replace(hour=0)
    return midnight if level is Level.DAY else midnight.replace(day=1)


def closed_before(level: Level, now: datetime) -> datetime:
    """The end of the last period of that level that is closed: nothing on time can be added to it any more."""
    return floor(level, now - CLOSING_DELAY)


def starts(level: Level, start: datetime, end: datetime) -> Iterator[datetime]:
    """The starts of the whole periods within ``start`` … ``end``."""
    first = floor(level, start)
    current = first if first == start else first + level.length
    while current + level.length <= end:
        yield current
        current += level.length
