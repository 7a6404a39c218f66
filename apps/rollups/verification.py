"""Compare what is counted with the events."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from apps.events.store import Statement, get_store
from apps.rollups import statements
from apps.rollups.declarations import DECLARATIONS
from apps.rollups.filling import Window, fingerprints
from apps.rollups.models import FilledPeriod, State, Watermark
from apps.rollups.periods import LEVELS, Level, Period, starts
from apps.rollups.statements import Span

_KEPT = ", ".join(f"('{each.name}', {each.bit}, {str(each.sessions).lower()})" for each in DECLARATIONS.values())
"""Name, bit, and whether sessions are counted."""

_FIGURES = """
SELECT
    if(level = {level:String}, kept.1, concat(kept.1, formatDateTime(start, '%H'))) AS name,
    sum(events),
    groupBitmapMerge(visitors),
    groupBitmapMergeIf(sessions, kept.3)
FROM rollups
ARRAY JOIN [KEPT] AS kept
WHERE site = {site:UInt32} AND fill = {fill:UInt64}
    AND start >= toDateTime({start:UInt32}, 'UTC') AND start < toDateTime({end:UInt32}, 'UTC')
    AND (level = {level:String} OR {level:String} = 'day' AND kept.1 = '')
    AND (dimension = kept.1 OR dimension = '' AND NOT bitTest(present, kept.2))
GROUP BY name
ORDER BY name
""".replace("KEPT", _KEPT)
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
    columns = get_store().query(
        Statement(
            sql=_FIGURES,
            parameters={
                "site": filled.site_id,
                "level": filled.level,
                "fill": filled.fill,
                "start": int(filled.start.timestamp()),
                "end": int(Period(LEVELS[filled.level], filled.start).end.timestamp()),
            },
        )
    )
    return _figures(columns)


def _expected(window: Window, span: Span) -> str:
    """The same figures, of the events."""
    found = [
        (name, events, visitors, sessions if declaration.sessions else 0)
        for events, visitors, sessions in _rows(span)
        for name, declaration in DECLARATIONS.items()
    ]
    if window.level is Level.DAY:
        hourly = [each.name for each in DECLARATIONS.values() if each.hourly]
        for start in starts(Level.HOUR, window.start, window.end):
            hour = Span(span.sites, start, start + Level.HOUR.length, span.through)
            found += [(f"{name}{start:%H}", *row) for row in _rows(hour) for name in hourly]
    return _figures(list(zip(*sorted(found), strict=True)))


def _rows(span: Span) -> list[tuple[int, int, int]]:
    return list(zip(*get_store().query(statements.figures(span)), strict=True))


def _figures(columns: Sequence[Sequence[object]]) -> str:
    return "; ".join(f"{name or 'totals'} {e}/{v}/{s}" for name, e, v, s in zip(*columns, strict=True))
