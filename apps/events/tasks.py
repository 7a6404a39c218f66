"""Background work on events."""

from __future__ import annotations

from celery import shared_task

from apps.core.clock import utc_now
from apps.core.tasks import Work
from apps.events import aside, once, refused, visits
from apps.events.store import journal_folder


@shared_task(base=Work)
def delete_old_refusals() -> None:
    """Delete what is kept of refused events once it is old; everything of them that is younger stays."""
    now = utc_now()
    refused.delete_old(now)
    aside.delete_old(journal_folder(), now)


@shared_task(base=Work)
def delete_used_keys() -> None:
    """Delete idempotency keys that no longer count."""
    once.delete_used(utc_now())


@shared_task(base=Work)
def delete_old_salts() -> None:
    """Delete the salts of the days before yesterday, also where nobody came since."""
    visits.delete_old(utc_now().date())
