"""Background work on people."""

from __future__ import annotations

from celery import shared_task
from django.core.management import call_command

from apps.core.tasks import Work
from apps.organizations.inviting import send
from apps.organizations.posting import send_sealed
from apps.organizations.sessions import forget_ended_sessions


@shared_task(base=Work)
def delete_expired_sessions() -> None:
    """Delete sign-in sessions that have ended: nobody can use them, and they name people."""
    call_command("clearsessions")
    forget_ended_sessions()


@shared_task(base=Work)
def send_invitation(invitation: str) -> None:
    """Send an invitation to the address that it is for; which one is handed over encrypted."""
    send(invitation)


@shared_task(base=Work)
def send_sealed_mail(mail: str) -> None:
    """Send a mail of the sign-in, which is handed over encrypted."""
    send_sealed(mail)
