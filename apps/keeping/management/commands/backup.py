"""``manage.py backup``."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.core.errors import Refusal
from apps.keeping import backup
from apps.organizations.audit import AuditEntry, record


class Command(BaseCommand):
    """Everything that the service keeps, into a new folder."""

    help = (
        "Write records and events into TARGET, a new folder or an address that fsspec knows (s3://bucket/path), while"
        " the service runs. Its last file is manifest.json: without it there is no backup. Prepared counts are left"
        " out; they are counted anew. The secret key that the service made for itself is in it: keep the folder as you"
        " keep that key."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("target", metavar="TARGET", help="new or empty folder, or address of one")
        parser.add_argument(
            "--without-secret-key",
            action="store_true",
            help="leave out DATA_DIR/secret_key: without it API tokens and second factors cannot be restored",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            found = backup.back_up(
                options["target"], self.stderr.write, with_secret_key=not options["without_secret_key"]
            )
        except Refusal as error:
            raise CommandError(str(error)) from error
        record(AuditEntry.COMMAND, "back_up", details={"events": found.event_count})
        self.stdout.write(json.dumps({"events": found.event_count, "files": len(found.files)}))
