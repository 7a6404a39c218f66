"""Background work on prepared counts."""

from __future__ import annotations

from celery import shared_task

from apps.core.clock import utc_now
from apps.core.locks import only_one
from apps.core.tasks import Work
from apps.rollups.cleaning import clean
from apps.rollups.services import fill_due

BUDGET_SECONDS = 10.0
"""After this long a run ends with the window that it is at; the next run goes on."""
LOCK_SECONDS = 60.0
"""More than a run usually takes; a worker that was killed keeps the others away for as long.

A run ends with the piece that it is at, each of whose statements may take ``arrivals.STATEMENT_SECONDS``: one that
takes longer than the lock may find company, which does the same work once more and no harm.
"""


@shared_task(base=Work)
def fill_closed_periods() -> None:
    """Count what is closed and not counted yet, of all sites; one worker at a time."""
    with only_one("rollups", seconds=LOCK_SECONDS) as mine:
        if mine:
            fill_due(utc_now(), seconds=BUDGET_SECONDS)


@shared_task(base=Work)
def remove_superseded() -> None:
    """Remove rollup rows that count for nothing any more."""
    clean(utc_now())
