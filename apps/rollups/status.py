"""How far a site's prepared counts have come, and what still waits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, DateTimeField, ExpressionWrapper, F, Min, Q, QuerySet
from django.db.models.functions import Greatest
from django.utils.timesince import timesince
from django.utils.translation import gettext

from apps.core.clock import utc_now
from apps.rollups.models import FilledPeriod, State
from apps.rollups.periods import CLOSING_DELAY, LEVELS, Level, Period, closed_before
from apps.rollups.services import LATE_AGAIN
from apps.sites.models import Site


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteStatus:
    """``due`` and ``late`` count closed periods only: the hour, day and month that go on are due all the while."""

    counted_through: datetime | None
    """The end of the last counted period; ``None`` where nothing is counted."""
    behind: timedelta | None
    """How long ago that was. It also grows while no events come: then nothing is due."""
    due: int
    """Periods whose events are read, because they are not counted yet or are to be counted anew."""
    late: int
    """Counted periods to which events have come since; those events are read beside them."""
    waiting: timedelta
    """How long the first of these could have been counted; zero where none could."""


def site_status(site: Site, now: datetime) -> SiteStatus:
    """The figures of a site; four quick queries of the relational database, none of the event store."""
    through = max(filter(None, (_end_of_last(site, level) for level in Level)), default=None)
    due = late = 0
    earliest = now
    begun = FilledPeriod.objects.filter(site=site, start__lt=now)
    for period in begun.exclude(state=State.COUNTED).iterator():
        if end_of(period) + CLOSING_DELAY <= now:
            due += period.state == State.DUE
            late += period.state == State.LATE
            earliest = min(earliest, can_be_counted_at(period) or now)
    return SiteStatus(
        counted_through=through,
        behind=now - through if through else None,
        due=due,
        late=late,
        waiting=now - earliest,
    )


def described(status: SiteStatus) -> tuple[str, str]:
    """For people: how far counting has come, and what waits."""
    if status.counted_through is None or status.behind is None:
        through = gettext("Nothing is counted yet.")
    else:
        through = gettext("Counted through %(moment)s UTC, %(behind)s ago.") % {
            "moment": f"{status.counted_through:%Y-%m-%d %H:%M}",
            "behind": in_words(status.behind),
        }
    waiting = gettext("%(due)s due, %(late)s with late events.") % {
        "due": f"{status.due:,}",
        "late": f"{status.late:,}",
    }
    if status.waiting:
        waiting += " " + gettext("The first has been waiting for %s.") % in_words(status.waiting)
    return through, waiting


def can_be_counted_at(period: FilledPeriod) -> datetime | None:
    """From when on the next run counts a period; ``None`` where it is counted and nothing has come since."""
    if period.state == State.COUNTED:
        return None
    pause = LATE_AGAIN if period.state == State.LATE else timedelta()
    return max(end_of(period) + CLOSING_DELAY, period.computed_at + pause)


def backlog(now: datetime) -> dict[tuple[Level, State], int]:
    """How many closed periods of all sites could be counted now, by level and state.

    The index of periods that are to be counted holds no others.
    """
    found = dict.fromkeys(((level, state) for level in Level for state in (State.DUE, State.LATE)), 0)
    for level in Level:
        ripe = _ripe(level, now).values_list("state").annotate(Count("pk"))
        found |= {(level, State(state)): number for state, number in ripe}
    return found


def lag(now: datetime) -> timedelta:
    """How long the first hour of any site that could be counted has been waiting for it; zero where none could."""
    closed = ExpressionWrapper(F("start") + timedelta(hours=1) + CLOSING_DELAY, DateTimeField())
    since = {State.DUE: F("computed_at"), State.LATE: ExpressionWrapper(F("computed_at") + LATE_AGAIN, DateTimeField())}
    firsts = (
        _ripe(Level.HOUR, now).filter(state=state).aggregate(first=Min(Greatest(closed, moment)))["first"]
        for state, moment in since.items()
    )
    return now - min([first for first in firsts if first], default=now)


def _ripe(level: Level, now: datetime) -> QuerySet[FilledPeriod]:
    ripe = Q(state=State.DUE) | Q(state=State.LATE, computed_at__lte=now - LATE_AGAIN)
    return FilledPeriod.objects.filter(ripe, level=level.label, start__lt=closed_before(level, now)).order_by()


def end_of(period: FilledPeriod) -> datetime:
    """The first moment after a period."""
    return Period(LEVELS[period.level], period.start).end


def _end_of_last(site: Site, level: Level) -> datetime | None:
    counted = FilledPeriod.objects.filter(site=site, level=level.label).exclude(state=State.DUE)
    last = counted.order_by("-start").first()
    return end_of(last) if last else None


def in_words(length: timedelta) -> str:
    """A length of time in its largest one or two units, such as ``1 hour, 20 minutes``."""
    if length < timedelta(minutes=1):
        return gettext("less than a minute")
    now = utc_now()
    return timesince(now - length, now).replace("\xa0", " ")
