"""From events that have arrived to periods that are due: nothing marks them when they come, their ids tell."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.db.models import Max, Min

from apps.core.clock import utc_now
from apps.events.ids import id_at
from apps.events.store import get_store
from apps.rollups import statements
from apps.rollups.declarations import DECLARED
from apps.rollups.models import FilledPeriod, State, Watermark
from apps.rollups.periods import Level, closed_before, floor
from apps.sites.models import Site

SETTLING = timedelta(minutes=2)
"""After this long an event that was given an id is stored or refused: only older ids are counted in advance."""

STATEMENT_SECONDS = 300.0
"""How long a statement of background work may take: the first time, it reads a year."""
_ALWAYS = datetime.min.replace(tzinfo=UTC)
_AT_ONCE = 500
"""Records a statement of the relational database."""


@dataclass(frozen=True, slots=True)
class _Arrival:
    """The newest event of an hour of a site."""

    site: int
    hour: datetime
    newest: int


def note_arrivals(now: datetime) -> int:
    """Mark what the events touch that have settled since the last time; returns the id up to which all are noted.

    Periods that are counted become late where events came after they were counted; others become due, and so do
    the days and months between a site's first and last, as far as they have begun, so that a question finds few gaps.
    The marks and the watermark change in one transaction: a run that is stopped is repeated. Counting may only go up
    to the id that this returns: then a period that is counted and not late holds all its events up to the watermark.
    """
    before, _created = Watermark.objects.get_or_create(pk=1)
    # The first time this reads every event: nobody should wait for the database meanwhile.
    found = _arrived(before.event_id, settled_id(now))
    with transaction.atomic():
        watermark = Watermark.objects.select_for_update().get(pk=1)
        if watermark.event_id != before.event_id:
            return watermark.event_id  # another has noted them
        # What was counted for other declarations is neither used nor kept.
        FilledPeriod.objects.exclude(state=State.DUE).exclude(declared=DECLARED).update(
            state=State.DUE, computed_at=utc_now()
        )
        if found:
            for level in Level:
                _mark(level, found, now)
            watermark.event_id = max(each.newest for each in found)
            watermark.save()
    return watermark.event_id


def settled_id(now: datetime) -> int:
    """The last id that can belong to an event which is stored or refused by now."""
    return id_at(now - SETTLING)


def _arrived(after: int, until: int) -> list[_Arrival]:
    """The watermark is the id of an event, never a time: ids grow past it even where the clock was set back."""
    rows = zip(*get_store().query(statements.arrivals(after, until), seconds=STATEMENT_SECONDS), strict=True)
    return [_Arrival(site, datetime.fromtimestamp(second, UTC), newest) for site, second, newest in rows]


def _mark(level: Level, arrivals: Iterable[_Arrival], now: datetime) -> None:
    """Make the periods of one level late that the arrivals touch, and due those that have no record.

    Hours that have none are left out where their day is over: it is counted without them. One that has a record may
    be in use until its day is counted, or after it, where a filler was held up.
    """
    existing = set(Site.objects.values_list("pk", flat=True))
    begins = closed_before(Level.DAY, now) if level is Level.HOUR else _ALWAYS
    newest: dict[int, dict[datetime, int]] = defaultdict(dict)
    for each in arrivals:
        if each.site in existing:
            start = floor(level, each.hour)
            newest[each.site][start] = max(each.newest, newest[each.site].get(start, 0))
    late, due = [], []
    known = _known(level, newest)
    for site, touched in newest.items():
        late += [
            known[site, start].pk
            for start, last in touched.items()
            if (site, start) in known and known[site, start].through < last
        ]
        due += [
            FilledPeriod(site_id=site, level=level.label, start=start, state=State.DUE, computed_at=utc_now())
            for start in dict.fromkeys(_without_gaps(level, site, (each for each in touched if begins <= each), now))
            if (site, start) not in known
        ]
    for first in range(0, len(late), _AT_ONCE):
        FilledPeriod.objects.filter(pk__in=late[first : first + _AT_ONCE], state=State.COUNTED).update(state=State.LATE)
    FilledPeriod.objects.bulk_create(due, batch_size=_AT_ONCE, ignore_conflicts=True)


def _known(level: Level, newest: dict[int, dict[datetime, int]]) -> dict[tuple[int, datetime], FilledPeriod]:
    """The records of the touched periods."""
    starts = [start for touched in newest.values() for start in touched]
    if not starts:
        return {}
    rows = FilledPeriod.objects.filter(
        site__in=newest, level=level.label, start__gte=min(starts), start__lte=max(starts)
    )
    return {(row.site_id, row.start): row for row in rows.only("site", "start", "through")}


def _without_gaps(level: Level, site: int, touched: Iterable[datetime], now: datetime) -> Iterable[datetime]:
    """The touched periods, and those between a site's ends: its first and last, or of hours the touched ones.

    What lies beyond ``now`` is no end: an import may hold an event of a distant year.
    """
    begun = []
    for start in touched:
        yield start
        if start <= now:
            begun.append(start)
    if not begun:
        return
    first, last = min(begun), max(begun)
    known = None
    if level is not Level.HOUR:
        ends = FilledPeriod.objects.filter(site=site, level=level.label, start__lte=now).aggregate(
            first=Min("start"), last=Max("start")
        )
        known = (ends["first"], ends["last"]) if ends["first"] else None
    if known is None:
        yield from _all(level, first, last)
        return
    yield from _all(level, first, known[0])
    yield from _all(level, known[1], last)


def _all(level: Level, first: datetime, last: datetime) -> Iterable[datetime]:
    while first <= last:
        yield first
        first += level.length
