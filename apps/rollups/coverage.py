"""Which prepared periods a question may use, and what is left to its events."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from django.db.models import Q

from apps.insights.columns import Column, Dimension, Metric, Source
from apps.insights.compiler import HOUR_MS
from apps.insights.moments import Interval, offset_at
from apps.insights.query import Query
from apps.rollups.declarations import DECLARATIONS, DECLARED, KEYS, TOTALS, Declaration
from apps.rollups.models import FilledPeriod, State, Watermark
from apps.rollups.periods import Level, Period, floor

_WIDTH = {level: rank for rank, level in enumerate(Level)}
VISITORS, SESSIONS = "visitorsCount", "sessionsCount"
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
    """What a question uses of a counted period: its rows of one filling, complete up to the id ``through``.

    ``start`` and ``end`` in milliseconds since 1970: a day may be used in part, by its hours.
    """

    period: Period
    fill: int
    through: int
    events: int
    is_late: bool
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Group:
    """Used periods whose rows are of one level; records of days also answer for hours."""

    rows: Level
    records: Level
    used: tuple[Used, ...]

    @property
    def starts(self) -> list[int]:
        """The starts of the records, in seconds since 1970."""
        return [milliseconds(each.period.start) // 1000 for each in self.used]

    @property
    def runs(self) -> list[tuple[int, int]]:
        """What is used, neighbours joined, so that rows in between are not read."""
        joined: list[tuple[int, int]] = []
        for each in self.used:
            if joined and joined[-1][1] == each.start:
                joined[-1] = joined[-1][0], each.end
            else:
                joined.append((each.start, each.end))
        return joined


@dataclass(frozen=True, slots=True)
class Coverage:
    """A question's range, split: what is prepared, and the rest as half-open ranges in milliseconds since 1970.

    The events with ids up to ``noted`` are all in the groups' rows, but for those of late periods.
    """

    declaration: Declaration
    groups: tuple[Group, ...]
    rest: tuple[tuple[int, int], ...]
    noted: int

    @property
    def events(self) -> int:
        """How many events need not be read, about: of a day that is used in part, all."""
        return sum(each.events for group in self.groups for each in group.used)


_MOST_HOURS = 100 * 24
"""Merged into the few groups of a clock or a week, the sets of more hours than these cost more than their events."""


def cover(query: Query) -> Coverage | None:
    """How prepared periods answer ``query``; ``None`` where it must read events alone."""
    if query.source is not Source.EVENTS:
        return None
    declaration = declaration_for(query)
    widest = widest_level(query)
    if declaration is None or widest is None:
        return None
    for _attempt in range(3):
        noted = Watermark.objects.values_list("event_id", flat=True).first() or 0
        found = _cover(query, declaration, widest, noted)
        # The watermark is read first: what was counted since then may be in rows and beyond the watermark at once.
        if found is None or all(each.through <= noted for group in found.groups for each in group.used):
            return found
    return None


def _cover(query: Query, declaration: Declaration, widest: Level, noted: int) -> Coverage | None:
    sources = [(level, level) for level in reversed(Level) if _WIDTH[level] <= _WIDTH[widest]]
    if declaration.hourly:
        sources.insert(-1, (Level.HOUR, Level.DAY))
    groups = []
    gaps = [(query.start, query.end)]
    records: dict[Level, list[Used]] = {}
    for rows, level in sources:
        if level not in records:
            records[level] = _counted(query.site, level, gaps)
        used = tuple(each for gap in gaps for each in _within(records[level], rows, *gap))
        if used:
            groups.append(Group(rows, level, used))
            gaps = _without(gaps, used)
    return Coverage(declaration, tuple(groups), tuple(gaps), noted) if groups and not _is_dear(query, groups) else None


def _is_dear(query: Query, groups: Sequence[Group]) -> bool:
    """Whether the sets of so many hours would be merged into so few groups that events are read sooner."""
    if not any(column.name in ("dayOfWeek", "hourOfDay") for column in query.grouped):
        return False
    if not metrics_of(query) & {VISITORS, SESSIONS}:
        return False
    used = sum(each.end - each.start for group in groups if group.rows is Level.HOUR for each in group.used)
    return used > _MOST_HOURS * HOUR_MS


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
    declaration = DECLARATIONS[needed.pop()] if needed else TOTALS
    return declaration if declaration.sessions or SESSIONS not in metrics_of(query) else None


def metrics_of(query: Query) -> set[str]:
    """The metrics that ``query`` shows, orders or filters by."""
    ordered = (query.order.column,) if query.order else ()
    columns = (*query.columns, *ordered, *(each.column for each in query.group_filters))
    return {column.name for column in columns if isinstance(column.definition, Metric)}


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


def _counted(site: int, level: Level, gaps: Sequence[tuple[int, int]]) -> list[Used]:
    """The counted periods of a level that touch the gaps, ascending."""
    if not gaps:
        return []
    touching = Q()
    for start, end in gaps:
        touching |= Q(start__gte=floor(level, _moment(start)), start__lt=_moment(end))
    found = FilledPeriod.objects.filter(
        touching, site=site, level=level.label, state__in=(State.COUNTED, State.LATE), declared=DECLARED
    ).order_by("start")
    used = []
    for at, fill, through, events, state in found.values_list("start", "fill", "through", "events", "state"):
        period = Period(level, at)
        used.append(
            Used(period, fill, through, events, state == State.LATE, milliseconds(at), milliseconds(period.end))
        )
    return used


def _within(records: Sequence[Used], rows: Level, start: int, end: int) -> Iterator[Used]:
    """What of the records lies within ``start`` … ``end``: whole periods, or of days the whole hours."""
    for each in records:
        if start <= each.start and each.end <= end:
            yield each
        elif rows is not each.period.level:
            first, last = max(each.start, -(-start // HOUR_MS) * HOUR_MS), min(each.end, end // HOUR_MS * HOUR_MS)
            if first < last:
                yield replace(each, start=first, end=last)


def _without(gaps: Sequence[tuple[int, int]], used: Sequence[Used]) -> list[tuple[int, int]]:
    """``gaps`` less what is used, which is ascending and lies within them."""
    left: list[tuple[int, int]] = []
    for start, end in gaps:
        cursor = start
        for each in used:
            if start <= each.start and each.end <= end:
                if cursor < each.start:
                    left.append((cursor, each.start))
                cursor = each.end
        if cursor < end:
            left.append((cursor, end))
    return left


def milliseconds(moment: datetime) -> int:
    """Milliseconds since 1970 of a whole second."""
    return int(moment.timestamp()) * 1000


def _moment(value: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=value)
