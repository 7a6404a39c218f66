"""Verbs of rollups: fill what is due, fill anew, compare with the events."""

from __future__ import annotations

import math
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import Max

from apps.core.clock import utc_now
from apps.events.store import Statement, get_store
from apps.events.writer import id_at
from apps.rollups import statements
from apps.rollups.declarations import DECLARATIONS
from apps.rollups.models import FilledPeriod, new_fill
from apps.rollups.periods import LEVELS, Level, Period, closed_before, floor, starts
from apps.rollups.statements import Span
from apps.sites.models import Site

CHUNKS = {Level.HOUR: timedelta(days=7), Level.DAY: timedelta(days=31), Level.MONTH: timedelta(days=1)}
"""How much of a level one round of statements fills: memory grows with it, the number of statements shrinks."""

SETTLING = timedelta(minutes=2)
"""After this long an event that was given an id is stored or refused: only older ids are counted in advance."""

# Numbers are given by one thread at a time: two at once could give a visitor two.
_numbering = threading.Lock()


@dataclass(frozen=True, slots=True)
class Difference:
    """A period whose counts are not those of its events."""

    site: int
    period: Period
    counted: str
    found: str


@dataclass(frozen=True, slots=True)
class Window:
    """Neighbouring periods of one level that are filled together, for some sites."""

    level: Level
    start: datetime
    end: datetime
    sites: tuple[int, ...]

    def through(self, last: int) -> Span:
        """Its events with ids up to ``last``."""
        return Span(self.sites, self.start, self.end, last)


def fill_due(now: datetime, *, progress: Callable[[Window], None] | None = None, seconds: float | None = None) -> int:
    """Fill what is closed and lies after each site's last filled period; returns how many periods were filled.

    After ``seconds``, where given, it ends with the window that it is at. Only one at a time may run.
    """
    first, ends = _first_moments(), math.inf if seconds is None else time.monotonic() + seconds
    done = 0
    for level in Level:
        for window in _due(level, first, closed_before(level, now)):
            done += fill_window(window)
            if progress:
                progress(window)
            if time.monotonic() >= ends:
                return done
    return done


def fill_window(window: Window) -> int:
    """Count the events of a window anew, for all declarations; returns how many periods it holds.

    Safe to repeat and to stop anywhere: rows count only once the periods name their filling.
    """
    store, number = get_store(), new_fill()
    span = window.through(settled_id(utc_now()))
    with _numbering:
        for identity in ("visitor", "session"):
            store.command(statements.number(identity, span))
    counted = _fingerprints(window.level, span)
    for declaration in DECLARATIONS.values():
        store.command(statements.fill(declaration, window.level, span, number=number))
    periods = [
        FilledPeriod(
            site_id=site,
            level=window.level.label,
            start=start,
            fill=number,
            through=span.through,
            events=counted.get((site, start), (0, 0))[0],
            fingerprint=f"{counted.get((site, start), (0, 0))[1]:016x}",
            computed_at=utc_now(),
        )
        for site in window.sites
        for start in starts(window.level, window.start, window.end)
    ]
    FilledPeriod.objects.bulk_create(
        periods,
        update_conflicts=True,
        unique_fields=("site", "level", "start"),
        update_fields=("fill", "through", "events", "fingerprint", "computed_at"),
    )
    return len(periods)


def settled_id(now: datetime) -> int:
    """The last id that can belong to an event which is stored by now."""
    return id_at(now - SETTLING)


def rebuild(site: Site, start: datetime, end: datetime, now: datetime) -> int:
    """Fill the closed periods of ``site`` that touch ``start`` … ``end`` anew; returns how many there are."""
    done = 0
    for level in Level:
        first, last = floor(level, start), min(closed_before(level, now), _ceiling(level, end))
        for window in _chunks(level, first, last, (site.pk,)):
            done += fill_window(window)
    return done


def verify(count: int, *, seed: int | None = None) -> tuple[int, list[Difference]]:
    """Compare ``count`` random filled periods with the events; returns how many were compared, and the differences."""
    ids = list(FilledPeriod.objects.values_list("pk", flat=True))
    chosen = random.Random(seed).sample(ids, min(count, len(ids)))  # noqa: S311  # a sample, not a secret
    differences = []
    for filled in FilledPeriod.objects.filter(pk__in=chosen):
        period = Period(LEVELS[filled.level], filled.start)
        window = Window(period.level, period.start, period.end, (filled.site_id,))
        span = window.through(filled.through)
        events, identity = _fingerprints(window.level, span).get((filled.site_id, filled.start), (0, 0))
        kept = _kept(filled)
        counted = f"{filled.events} events, {filled.fingerprint}, {kept}"
        found = f"{events} events, {identity:016x}, {_expected(span)}"
        if counted != found:
            differences.append(Difference(filled.site_id, period, counted, found))
    return len(chosen), differences


def _kept(filled: FilledPeriod) -> str:
    """The figures of a period as the rollups have them: per declaration events, visitors and sessions."""
    columns = get_store().query(
        Statement(
            sql="SELECT dimension, sum(events), groupBitmapMerge(visitors), groupBitmapMerge(sessions) FROM rollups"
            " WHERE site = {site:UInt32} AND level = {level:String} AND fill = {fill:UInt64}"
            " AND start = toDateTime({start:UInt32}, 'UTC') GROUP BY dimension ORDER BY dimension",
            parameters={
                "site": filled.site_id,
                "level": filled.level,
                "fill": filled.fill,
                "start": int(filled.start.timestamp()),
            },
        )
    )
    return _figures(columns)


def _expected(span: Span) -> str:
    """The same figures, of the events."""
    columns = get_store().query(statements.figures(span))
    found = next(zip(*columns, strict=True), None)
    return _figures(list(zip(*((name, *found) for name in sorted(DECLARATIONS)), strict=True)) if found else [])


def _figures(columns: Sequence[Sequence[object]]) -> str:
    return "; ".join(f"{name or 'totals'} {e}/{v}/{s}" for name, e, v, s in zip(*columns, strict=True))


def _fingerprints(level: Level, span: Span) -> dict[tuple[int, datetime], tuple[int, int]]:
    """Site and start of each period with events → how many, and the exclusive or of their ids."""
    columns = get_store().query(statements.fingerprints(level, span))
    return {
        (site, datetime.fromtimestamp(second, UTC)): (count, identity)
        for site, second, count, identity in zip(*columns, strict=True)
    }


def _first_moments() -> dict[int, datetime]:
    """Site → the hour of its first event; only sites that still exist."""
    sql = "SELECT site, toUnixTimestamp(min(toStartOfHour(timestamp))) FROM events GROUP BY site"
    columns = get_store().query(Statement(sql=sql))
    existing = set(Site.objects.values_list("pk", flat=True))
    found = zip(*columns, strict=True)
    return {site: datetime.fromtimestamp(second, UTC) for site, second in found if site in existing}


def _due(level: Level, first: dict[int, datetime], until: datetime) -> Iterator[Window]:
    """Windows from each site's last filled period (or its first event) to ``until``; equal ones are joined."""
    latest = dict(
        FilledPeriod.objects.filter(level=level.label).values_list("site").annotate(last=Max("start")).order_by()
    )
    since: dict[datetime, list[int]] = {}
    for site, moment in first.items():
        start = latest[site] + level.length if site in latest else floor(level, moment)
        since.setdefault(start, []).append(site)
    for start, sites in sorted(since.items()):
        yield from _chunks(level, start, until, tuple(sorted(sites)))


def _chunks(level: Level, start: datetime, end: datetime, sites: tuple[int, ...]) -> Iterator[Window]:
    """``start`` … ``end`` in pieces of whole periods, of about the level's chunk each."""
    while start < end:
        stop = min(end, _ceiling(level, start + CHUNKS[level]))
        yield Window(level, start, stop, sites)
        start = stop


def _ceiling(level: Level, moment: datetime) -> datetime:
    start = floor(level, moment)
    return start if start == moment else start + level.length
