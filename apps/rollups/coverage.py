"""Which prepared periods a question may use, and what is left to its events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from apps.insights.columns import Column, Dimension, Metric
from apps.insights.moments import Interval, offset_at
from apps.insights.query import Query
from apps.rollups.declarations import DECLARATIONS, KEYS, TOTALS, Declaration
from apps.rollups.models import FilledPeriod
from apps.rollups.periods import Level, Period

_WIDTH = {level: rank for rank, level in enumerate(Level)}
_WIDEST = {
    Interval.HOUR: Level.HOUR,
    Interval.DAY: Level.DAY,
    Interval.WEEK: Level.DAY,
    Interval.MONTH: Level.MONTH,
    "dayOfWeek": Level.DAY,
    "hourOfDay": Level.HOUR,
}
"""Interval or column of time → the widest periods that lie in one of its buckets, in UTC."""


@dataclass(frozen=True, slots=True)
class Used:
    """A prepared period that a question uses: its rows are those of ``fill``, complete up to the id ``through``."""

    period: Period
    fill: int
    through: int


@dataclass(frozen=True, slots=True)
class Coverage:
    """A question's range, split: what is prepared, and the rest as half-open ranges in milliseconds since 1970."""

    declaration: Declaration
    used: tuple[Used, ...]
    rest: tuple[tuple[int, int], ...]


def cover(query: Query) -> Coverage | None:
    """How prepared periods answer ``query``; ``None`` where it must read events alone."""
    declaration = declaration_for(query)
    widest = widest_level(query)
    if declaration is None or widest is None:
        return None
    used: list[Used] = []
    gaps = [(query.start, query.end)]
    for level in reversed([level for level in Level if _WIDTH[level] <= _WIDTH[widest]]):
        found = [each for gap in gaps for each in _filled(query.site, level, *gap)]
        used += found
        gaps = _without(gaps, found)
    return Coverage(declaration, tuple(used), tuple(gaps)) if used else None


def declaration_for(query: Query) -> Declaration | None:
    """The one declaration that holds all that ``query`` groups and filters by, and its figures."""
    ordered = (query.order.column,) if query.order else ()
    for column in (*query.columns, *ordered, *(each.column for each in query.group_filters)):
        if isinstance(column.definition, Metric) and not column.definition.prepared:
            return None
        if isinstance(column.definition, Dimension) and column not in query.grouped:
            return None  # the value in the latest event
    if any(each.column.name in ("datetime", "dayOfWeek", "hourOfDay") for each in query.event_filters):
        return None
    needed: set[str] = set()
    for column in (*query.grouped, *(each.column for each in query.event_filters)):
        if column.name not in ("datetime", "dayOfWeek", "hourOfDay"):
            fields = _prepared(column)
            if not fields:
                return None
            if not set(fields) <= set(KEYS):
                needed.add(column.name)
    if len(needed) > 1:
        return None
    return DECLARATIONS[needed.pop()] if needed else TOTALS


def widest_level(query: Query) -> Level | None:
    """The widest periods that lie in one bucket of each grouped time; ``None`` where not even hours do."""
    times = [column for column in query.grouped if column.name in ("datetime", "dayOfWeek", "hourOfDay")]
    if not times:
        return Level.MONTH
    if query.zone.key != "UTC":
        return Level.HOUR if _has_whole_hours(query) else None
    levels = [_WIDEST[column.argument if isinstance(column.argument, Interval) else column.name] for column in times]
    return min(levels, key=lambda level: _WIDTH[level])


def _has_whole_hours(query: Query) -> bool:
    """Whether the zone's offset is a whole number of hours all through the range: such zones change at whole hours."""
    days = range(query.start // 1000 - 86_400, query.end // 1000 + 86_401, 86_400)
    return all(offset_at(query.zone, second) % 3600 == 0 for second in days)


def _prepared(column: Column) -> tuple[str, ...]:
    return column.definition.prepared if isinstance(column.definition, Dimension) else ()


def _filled(site: int, level: Level, start: int, end: int) -> list[Used]:
    """The prepared periods of ``level`` that lie within ``start`` … ``end``, in milliseconds."""
    rows = FilledPeriod.objects.filter(
        site=site, level=level.label, start__gte=_moment(start), start__lt=_moment(end)
    ).order_by("start")
    found = (
        Used(Period(level, at), fill, through) for at, fill, through in rows.values_list("start", "fill", "through")
    )
    return [each for each in found if milliseconds(each.period.end) <= end]


def _without(gaps: Sequence[tuple[int, int]], used: Sequence[Used]) -> list[tuple[int, int]]:
    """``gaps`` less the periods, which are ascending and lie within them."""
    left: list[tuple[int, int]] = []
    for start, end in gaps:
        cursor = start
        for each in used:
            first, last = milliseconds(each.period.start), milliseconds(each.period.end)
            if start <= first and last <= end:
                if cursor < first:
                    left.append((cursor, first))
                cursor = last
        if cursor < end:
            left.append((cursor, end))
    return left


def milliseconds(moment: datetime) -> int:
    """Milliseconds since 1970 of a whole second."""
    return int(moment.timestamp()) * 1000


def _moment(value: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=value)
