"""Counting periods: from events, or, for months, from the states of their days."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby

from django.db import transaction

from apps.core.clock import utc_now
from apps.core.locks import one_after_another
from apps.events.store import get_store
from apps.rollups import statements
from apps.rollups.arrivals import STATEMENT_SECONDS
from apps.rollups.declarations import DECLARED
from apps.rollups.models import Erasure, FilledPeriod, State, Watermark, fill_at, new_fill, seconds_of
from apps.rollups.periods import Level, Period, floor, starts
from apps.rollups.statements import Span

PIECE_EVENTS = 200_000
"""About how many events one statement counts: its memory grows with them."""
LONGEST = {Level.HOUR: timedelta(days=2), Level.DAY: timedelta(days=92), Level.MONTH: timedelta(days=31)}
"""How much of a level is looked at at once."""
GIVEN_UP = timedelta(minutes=30)
"""A filling that took longer is not recorded: where the machine slept meanwhile, its rows may have been removed."""

log = logging.getLogger(__name__)


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


def windows(level: Level, periods: Iterable[tuple[int, datetime]]) -> Iterator[Window]:
    """Pairs of a site and a start, as windows: neighbours that the same sites need are joined."""
    sites: dict[datetime, list[int]] = defaultdict(list)
    for site, start in periods:
        sites[start].append(site)
    run: list[datetime] = []
    for start in sorted(sites):
        if run and (
            start != run[-1] + level.length
            or sorted(sites[start]) != sorted(sites[run[0]])
            or start - run[0] >= LONGEST[level]
        ):
            yield Window(level, run[0], run[-1] + level.length, tuple(sorted(sites[run[0]])))
            run = []
        run.append(start)
    if run:
        yield Window(level, run[0], run[-1] + level.length, tuple(sorted(sites[run[0]])))


def pieces(window: Window, through: int) -> Iterator[Window]:
    """A window in parts of whole periods that hold about ``PIECE_EVENTS`` events, or one period."""
    sizes: dict[datetime, int] = defaultdict(int)
    for (_site, start), (events, _fingerprint) in fingerprints(window.level, window.through(through)).items():
        sizes[start] += events
    first, events = window.start, 0
    for start in starts(window.level, window.start, window.end):
        if events and events + sizes[start] > PIECE_EVENTS:
            yield Window(window.level, first, start, window.sites)
            first, events = start, 0
        events += sizes[start]
    yield Window(window.level, first, window.end, window.sites)


def fill_window(window: Window, through: int) -> int:
    """Count the events of a window up to the id ``through``, for all declarations; returns how many periods it holds.

    ``through`` is what ``note_arrivals`` returned. Safe to repeat and to stop anywhere: rows count only once the
    periods name their filling.
    """
    span, fill, erasures = window.through(through), new_fill(), ended_erasures()
    counted = fingerprints(window.level, span)
    if counted:
        _number(span)
        get_store().command(statements.count(window.level, span, fill=fill), seconds=STATEMENT_SECONDS)
    periods = [
        _counted(site, Period(window.level, start), fill, through, counted.get((site, start), (0, 0)))
        for site in window.sites
        for start in starts(window.level, window.start, window.end)
    ]
    return _record(periods, through, fill, erasures)


def fill_month(start: datetime, sites: Sequence[int]) -> int:
    """Count a month as the sum of its days, for those of ``sites`` whose days are all counted; returns how many."""
    fill, periods = new_fill(), []
    found = FilledPeriod.objects.filter(
        site__in=sites, level=Level.DAY.label, start__gte=start, start__lt=start + Level.MONTH.length
    )
    with transaction.atomic():
        # A day that is counted holds its events up to this id, whatever was noted when this run began: another
        # filler may have counted days since. While the watermark is locked, no day changes.
        watermark = _watermark()
        through, erasures = watermark.event_id, watermark.erasures
        of_sites = {
            site: list(days) for site, days in groupby(found.order_by("site", "start"), key=lambda day: day.site_id)
        }
    ready = {
        site: days
        for site, days in of_sites.items()
        if all(day.state == State.COUNTED and day.declared == DECLARED for day in days)
    }
    ready = _complete(ready, start, through)
    used = [(day.site_id, day.start, day.fill) for days in ready.values() for day in days if day.events]
    if used:
        get_store().command(statements.merge(start, used, fill=fill), seconds=STATEMENT_SECONDS)
    periods = [_counted(site, Period(Level.MONTH, start), fill, through, _sum(days)) for site, days in ready.items()]
    with transaction.atomic():
        _watermark()
        # A day may have been rejected or counted anew since: the month is made of the old one, and waits.
        kept = set(found.filter(state=State.COUNTED).values_list("pk", "fill"))
        stale = {site for site, days in ready.items() if not {(day.pk, day.fill) for day in days} <= kept}
        return _record([period for period in periods if period.site_id not in stale], through, fill, erasures)


def _sum(days: Sequence[FilledPeriod]) -> tuple[int, int]:
    """How many events the days hold, and the exclusive or of their ids."""
    fingerprint = 0
    for day in days:
        fingerprint ^= int(day.fingerprint, 16)
    return sum(day.events for day in days), fingerprint


def _complete(months: dict[int, list[FilledPeriod]], start: datetime, through: int) -> dict[int, list[FilledPeriod]]:
    """The sites whose days hold all events of the month; of the others, the days that do not are made due."""
    if not months:
        return {}
    span = Span(tuple(months), start, start + Level.MONTH.length, through)
    found = fingerprints(Level.MONTH, span)
    complete = {site: days for site, days in months.items() if _sum(days) == found.get((site, start), (0, 0))}
    missed = tuple(set(months) - set(complete))
    if missed:
        log.warning("The days of %d sites do not hold all events of %s: they are counted anew.", len(missed), start)
        by_day = fingerprints(Level.DAY, Span(missed, start, span.end, through))
        known = {(day.site_id, day.start): _sum([day]) for site in missed for day in months[site]}
        wrong = [place for place in by_day.keys() | known.keys() if by_day.get(place, (0, 0)) != known.get(place)]
        due = [FilledPeriod(site_id=site, level=Level.DAY.label, start=day, state=State.DUE) for site, day in wrong]
        FilledPeriod.objects.bulk_create(
            due,
            batch_size=500,
            update_conflicts=True,
            unique_fields=("site", "level", "start"),
            update_fields=("state", "computed_at"),
        )
    return complete


def fingerprints(level: Level, span: Span) -> dict[tuple[int, datetime], tuple[int, int]]:
    """Site and start of each period with events → how many, and the exclusive or of their ids."""
    columns = get_store().query(statements.fingerprints(level, span), seconds=STATEMENT_SECONDS)
    return {
        (site, datetime.fromtimestamp(second, UTC)): (count, identity)
        for site, second, count, identity in zip(*columns, strict=True)
    }


def given_twice() -> int:
    """How many visitors or sessions have two numbers, or share one: 0, or counts are wrong."""
    found = [get_store().query(statements.given_twice(identity)) for identity in statements.IDENTITIES]
    return sum(int(column[0]) for columns in found for column in columns)


def _number(span: Span) -> None:
    """One after another: two at once could give a visitor two numbers, or two visitors one."""
    with one_after_another("numbers"):
        for identity in statements.IDENTITIES:
            # Also alone in the store: a filler that was killed may have left its statement there.
            get_store().command(
                statements.number(identity, span), seconds=STATEMENT_SECONDS, alone=f"{identity}-numbers"
            )


def _counted(site: int, period: Period, fill: int, through: int, figures: tuple[int, int]) -> FilledPeriod:
    events, fingerprint = figures
    return FilledPeriod(
        site_id=site,
        level=period.level.label,
        start=period.start,
        fill=fill,
        through=through,
        events=events,
        fingerprint=f"{fingerprint:016x}",
        declared=DECLARED,
        computed_at=utc_now(),
    )


def ended_erasures() -> int:
    """How many erasures have ended, and files were moved in: what began at another number may have counted others."""
    return Watermark.objects.values_list("erasures", flat=True).first() or 0


def _watermark() -> Watermark:
    """How far arrivals are noted, locked to the end of the transaction: meanwhile nothing is noted or recorded."""
    watermark, _created = Watermark.objects.select_for_update().get_or_create(pk=1)
    return watermark


def _record(periods: Sequence[FilledPeriod], through: int, fill: int, erasures: int) -> int:
    """Make the filling count, in one transaction; returns how many periods it holds, 0 where it was given up.

    The hours of counted days are in their days from now on. A site whose events are being erased, or an erasure
    that ended since the filling began: its events may be counted, so it does not count.
    """
    with transaction.atomic():
        watermark = _watermark()
        if fill < fill_at((utc_now() - GIVEN_UP).timestamp()):
            log.warning("A filling of %d periods took too long: it is done again.", len(periods))
            return 0
        if watermark.erasures != erasures:
            log.info("Events were erased or moved in during a filling of %d periods: it is done again.", len(periods))
            return 0
        held = set(Erasure.objects.values_list("store_site", flat=True))
        periods = [period for period in periods if period.site_id not in held]
        # What was rejected while this was counted stays due.
        rejected = set(
            FilledPeriod.objects.filter(
                site__in={period.site_id for period in periods},
                level__in={period.level for period in periods},
                state=State.DUE,
                computed_at__gt=datetime.fromtimestamp(seconds_of(fill), UTC),
            ).values_list("site", "level", "start")
        )
        periods = [period for period in periods if (period.site_id, period.level, period.start) not in rejected]
        # Events may have been noted while this was counted: whether these periods got some is not known, so they
        # are looked at again.
        for period in periods:
            period.state = State.LATE if watermark.event_id > through else State.COUNTED
        FilledPeriod.objects.bulk_create(
            periods,
            batch_size=500,
            update_conflicts=True,
            unique_fields=("site", "level", "start"),
            update_fields=("state", "fill", "through", "events", "fingerprint", "declared", "computed_at"),
        )
        days = [period for period in periods if period.level == Level.DAY.label]
        if days:
            hours = FilledPeriod.objects.filter(
                level=Level.HOUR.label,
                site__in={day.site_id for day in days},
                start__gte=min(day.start for day in days),
                start__lt=max(day.start for day in days) + Level.DAY.length,
            )
            counted = {(day.site_id, day.start) for day in days}
            merged = [hour.pk for hour in hours if (hour.site_id, floor(Level.DAY, hour.start)) in counted]
            FilledPeriod.objects.filter(pk__in=merged).delete()
    return len(periods)
