"""``manage.py delete_old_events``."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.core.clock import utc_now
from apps.core.errors import Refusal
from apps.keeping.erasing import finish_all
from apps.keeping.retention import delete_old
from apps.organizations.audit import AuditEntry


class Command(BaseCommand):
    """Delete what sites no longer keep."""

    help = (
        "Delete the events that are older than their site keeps them, as the server does every night, and finish"
        " erasures that were stopped. Without CLICKHOUSE_URL the server must be stopped."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            finished = finish_all()
            deleted = delete_old(utc_now(), who=AuditEntry.COMMAND)
        except Refusal as error:
            raise CommandError(str(error)) from error
        if finished:
            self.stdout.write(f"{finished} erasures that had been asked for were finished.")
        for site, events in deleted.items():
            self.stdout.write(f"{site.public_id}: {events:,} events were deleted.")
        if not deleted:
            self.stdout.write("No site has events that it no longer keeps.")
