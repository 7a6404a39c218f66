"""``manage.py restore``."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.core.errors import Refusal
from apps.keeping import backup
from apps.organizations.audit import AuditEntry, record


class Command(BaseCommand):
    """An empty service gets what a backup holds."""

    help = (
        "Fill an empty service from SOURCE, which backup wrote: the databases that DATA_DIR, DATABASE_URL and"
        " CLICKHOUSE_URL name must hold nothing. All files are compared with the manifest first. Repeat it after a"
        " stop. Without CLICKHOUSE_URL the server must be stopped."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("source", metavar="SOURCE", help="folder or address of the backup")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            found = backup.restore(options["source"], self.stderr.write)
        except Refusal as error:
            raise CommandError(str(error)) from error
        record(AuditEntry.COMMAND, "restore", details={"events": found.event_count})
        self.stdout.write(json.dumps({"events": found.event_count, "files": len(found.files)}))
