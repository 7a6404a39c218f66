"""Background work on people."""

from __future__ import annotations

from celery import shared_task
from django.core.management import call_command

from apps.core.tasks import Work


@shared_task(base=Work)
def delete_expired_sessions() -> None:
    """Delete sign-in sessions that have ended: nobody can use them, and they name people."""
    call_command("clearsessions")
