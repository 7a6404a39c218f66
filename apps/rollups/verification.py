"""Compare what is counted with the events."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from apps.events.store import Statement, get_store
from apps.rollups import statements
from apps.rollups.arrivals import STATEMENT_SECONDS
from apps.rollups.declarations import DECLARATIONS, KEYS, Declaration
from apps.rollups.filling import Window, fingerprints
from apps.rollups.models import FilledPeriod, State, Watermark
from apps.rollups.periods import LEVELS, Level, Period
from apps.rollups.statements import Span

_KEPT = ", ".join(
    f"('{each.name}', {each.bit}, {str(each.sessions).lower()}, '{each.absent[0]}', '{each.absent[1]}')"
    for each in DECLARATIONS.values()
)
"""Name, bit, whether sessions are counted, and the texts of what has no value."""

_FIGURES = f"""
SELECT
    name,
    sum(number),
    groupBitmapMerge(visitor_state),
    groupBitmapMerge(session_state),
    groupBitXor({statements.COUNTS})
FROM (
    SELECT
        if(level = {{level:String}}, kept.1, concat(kept.1, formatDateTime(start, '%H'))) AS name,
        {", ".join(KEYS)},
        if(dimension = kept.1, value, kept.4) AS first_value,
        if(dimension = kept.1, rollups.second_value, kept.5) AS second_value,
        sum(events) AS number,
        groupBitmapMergeState(rollups.visitors) AS visitor_state,
        groupBitmapMergeStateIf(rollups.sessions, kept.3) AS session_state,
        finalizeAggregation(visitor_state) AS visitors,
        finalizeAggregation(session_state) AS sessions
    FROM rollups
    ARRAY JOIN [{_KEPT}] AS kept
    WHERE site = {{site:UInt32}} AND fill = {{fill:UInt64}}
        AND start >= toDateTime({{start:UInt32}}, 'UTC') AND start < toDateTime({{end:UInt32}}, 'UTC')
        AND (level = {{level:String}} OR {{level:String}} = 'day' AND kept.1 = '')
        AND (dimension = kept.1 OR dimension = '' AND NOT bitTest(present, kept.2))
    GROUP BY name, {", ".join(KEYS)}, first_value, second_value
)
GROUP BY name
ORDER BY name
"""  # noqa: S608  # names of our own only
"""The figures of a period, by declaration; of a day also those of its hours."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A period whose counts are not those of its events."""

    site: int
    period: Period
    counted: str
    found: str


def verify(count: int, *, seed: int | None = None) -> tuple[int, list[Difference]]:
    """Compare ``count`` random filled periods with the events; returns how many were compared, and the differences.

    A counted period has to hold all events up to the watermark, a late one those up to its own id: what came after
    is read beside it.
    """
    noted = Watermark.objects.values_list("event_id", flat=True).first() or 0
    ids = list(FilledPeriod.objects.exclude(state=State.DUE).values_list("pk", flat=True))
    chosen = random.Random(seed).sample(ids, min(count, len(ids)))  # noqa: S311  # a sample, not a secret
    differences = []
    for filled in FilledPeriod.objects.filter(pk__in=chosen):
        period = Period(LEVELS[filled.level], filled.start)
        window = Window(period.level, period.start, period.end, (filled.site_id,))
        span = window.through(filled.through if filled.state == State.LATE else max(filled.through, noted))
        events, identity = fingerprints(window.level, span).get((filled.site_id, filled.start), (0, 0))
        counted = f"{filled.events} events, {filled.fingerprint}, {_kept(filled)}"
        found = f"{events} events, {identity:016x}, {_expected(window, span)}"
        if counted != found:
            differences.append(Difference(filled.site_id, period, counted, found))
    return len(chosen), differences


def _kept(filled: FilledPeriod) -> str:
    """The figures of a period as the rollups have them: per declaration, and for a day per hour."""
    statement = Statement(
        sql=_FIGURES,
        parameters={
            "site": filled.site_id,
            "level": filled.level,
            "fill": filled.fill,
            "start": int(filled.start.timestamp()),
            "end": int(Period(LEVELS[filled.level], filled.start).end.timestamp()),
        },
    )
    return _told(zip(*get_store().query(statement, seconds=STATEMENT_SECONDS), strict=True))


def _expected(window: Window, span: Span) -> str:
    """The same figures, of the events."""
    found = []
    for name, declaration in DECLARATIONS.items():
        found += [(name, *figures) for _start, *figures in _rows(declaration, window.level, span)]
        if declaration.hourly and window.level is Level.DAY:
            hours = _rows(declaration, Level.HOUR, span)
            found += [(f"{name}{datetime.fromtimestamp(start, UTC):%H}", *figures) for start, *figures in hours]
    return _told(sorted(found))


def _rows(declaration: Declaration, level: Level, span: Span) -> Iterable[tuple[int, ...]]:
    statement = statements.figures(declaration, level, span)
    return zip(*get_store().query(statement, seconds=STATEMENT_SECONDS), strict=True)


def _told(rows: Iterable[tuple[Any, ...]]) -> str:
    """Of each declaration, or hour of a day: events, visitors, sessions, and the hash of these by value."""
    return "; ".join(f"{name or 'totals'} {e}/{v}/{s} {values:016x}" for name, e, v, s, values in rows)
