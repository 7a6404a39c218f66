"""How far a site's prepared counts have come, and what still waits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.timesince import timesince
from django.utils.translation import gettext

from apps.core.clock import utc_now
from apps.rollups.models import FilledPeriod, State
from apps.rollups.periods import CLOSING_DELAY, LEVELS, Level, Period
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
