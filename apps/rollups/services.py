"""Verbs of rollups: fill what is due, count anew, remove what no longer counts."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from apps.rollups.arrivals import note_arrivals
from apps.rollups.filling import Window, fill_month, fill_window, pieces, windows
from apps.rollups.models import Erasure, FilledPeriod, State
from apps.rollups.periods import Level, closed_before, floor
from apps.rollups.recounting import make_due
from apps.sites.models import Site

LATE_AGAIN = timedelta(hours=1)
"""A counted period that gets late events is counted anew this long after the last time: it is right all the while."""

Progress = Callable[[Window, int, int], None]
"""Is told what was filled last, how many periods were filled by now, and how many there were to fill."""


def fill_due(now: datetime, *, progress: Progress | None = None, seconds: float | None = None) -> int:
    """Fill the closed periods that are due, hours, days and then months; returns how many periods were filled.

    After ``seconds``, where given, it ends with the window that it is at. One at a time may run: more do no harm,
    but the same work.
    """
    through, ends = note_arrivals(now), math.inf if seconds is None else time.monotonic() + seconds
    done, waiting = 0, sum(_due(level, now).count() for level in Level) if progress else 0
    for level in Level:
        for window in windows(level, _due(level, now).iterator()):
            for piece, filled in _filled(window, through):
                done += filled
                if progress:
                    progress(piece, done, waiting)
                if time.monotonic() >= ends:
                    return done
    return done


def rebuild(site: Site, start: datetime, end: datetime, now: datetime) -> int:
    """Fill the closed periods of ``site`` that touch ``start`` … ``end`` anew; returns how many were filled.

    They are due until then. A month stays so until all its days are counted.
    """
    through = note_arrivals(now)
    first = floor(Level.DAY, start)
    make_due(site.pk, [(first, max(end, first + Level.DAY.length))], now)
    done = 0
    for level in Level:
        touched = FilledPeriod.objects.filter(
            site=site,
            level=level.label,
            start__gte=floor(level, start),
            start__lt=min(end, closed_before(level, now)),
        )
        for window in windows(level, touched.values_list("site", "start")):
            done += sum(filled for _piece, filled in _filled(window, through))
    return done


def _due(level: Level, now: datetime) -> QuerySet[FilledPeriod, tuple[int, datetime]]:
    """Site and start of the closed periods that are to be counted."""
    stale = Q(state=State.DUE) | Q(state=State.LATE, computed_at__lte=now - LATE_AGAIN)
    due = FilledPeriod.objects.filter(stale, level=level.label, start__lt=closed_before(level, now))
    due = due.exclude(site__in=Erasure.objects.values("store_site"))  # not recorded before that has ended
    return due.values_list("site", "start")


def _filled(window: Window, through: int) -> Iterator[tuple[Window, int]]:
    """Fill a window piece by piece; months from their days."""
    if window.level is Level.MONTH:
        start = window.start
        while start < window.end:
            month = Window(window.level, start, start + window.level.length, window.sites)
            yield month, fill_month(start, window.sites)
            start = month.end
    else:
        for piece in pieces(window, through):
            yield piece, fill_window(piece, through)
