"""Background work on data that is to go."""

from __future__ import annotations

from celery import shared_task

from apps.core.clock import utc_now
from apps.core.tasks import Work
from apps.keeping.erasing import finish_all
from apps.keeping.retention import delete_old
from apps.organizations.audit import AuditEntry


@shared_task(base=Work)
def delete_old_events() -> None:
    """Delete the events that sites no longer keep."""
    delete_old(utc_now(), who=AuditEntry.TASK)


@shared_task(base=Work)
def finish_erasures() -> None:
    """Carry out the erasures that were asked for in the admin, or were stopped."""
    finish_all()
