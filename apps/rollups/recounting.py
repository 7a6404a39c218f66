"""Have days counted anew that are counted already, without waiting for it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from apps.rollups.models import FilledPeriod, State, Watermark
from apps.rollups.periods import LEVELS, Level, Period, floor


def count_again(chosen: QuerySet[FilledPeriod], now: datetime) -> int:
    """Make all periods due that share a UTC day with one of ``chosen``; returns how many there are.

    From this moment questions read their events, whatever is wrong with what was counted, and the next runs of
    ``fill_due`` count them. So there is nothing to send and nothing to lose, no lock to wait for, and doing it twice
    is doing it once. Counting that began before does not undo the mark.
    """
    with transaction.atomic():
        Watermark.objects.select_for_update().get_or_create(pk=1)  # nothing is recorded meanwhile
        return sum(make_due(site, spans, now) for site, spans in _days(chosen).items())


def make_due(site: int, spans: Iterable[tuple[datetime, datetime]], now: datetime) -> int:
    """Make all periods due that share a moment with ``spans``, from midnight to midnight; returns how many."""
    marked = 0
    for first, end in spans:
        month = Q(level=Level.MONTH.label, start__gte=floor(Level.MONTH, first), start__lt=end)
        touched = FilledPeriod.objects.filter(month | Q(start__gte=first, start__lt=end), site=site)
        marked += touched.exclude(state=State.DUE).update(state=State.DUE, computed_at=now)
    return marked


def _days(chosen: QuerySet[FilledPeriod]) -> dict[int, list[tuple[datetime, datetime]]]:
    """Site → the days that are touched, as ranges from midnight to midnight; neighbours are joined."""
    ranges: dict[int, list[tuple[datetime, datetime]]] = defaultdict(list)
    for site, label, start in chosen.order_by("site_id", "start").values_list("site_id", "level", "start"):
        level = Level.DAY if label == Level.HOUR.label else LEVELS[label]
        first = floor(level, start)
        known, end = ranges[site], Period(level, first).end
        if known and first <= known[-1][1]:
            known[-1] = (known[-1][0], max(known[-1][1], end))
        else:
            known.append((first, end))
    return ranges
