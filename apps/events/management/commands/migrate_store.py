"""``manage.py migrate_store``."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.core.errors import Unavailable
from apps.events.store import get_store


class Command(BaseCommand):
    """Bring the event table up to date."""

    help = (
        "Apply the changes of the event table that are missing, and print their names; safe to repeat."
        " `manage.py serve` does the same at its start."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            applied = get_store().migrated
        except Unavailable as error:
            raise CommandError(str(error)) from error
        for name in applied:
            self.stdout.write(name)
        if not applied:
            self.stdout.write("The event table is up to date.")
