"""``manage.py export_events``."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.core.errors import Refusal
from apps.keeping import backup
from apps.keeping.event_files import Form
from apps.organizations.audit import AuditEntry, record

FORMS: dict[str, Form] = {"parquet": "Parquet", "ndjson": "JSONEachRow"}


class Command(BaseCommand):
    """The events of all sites, to be moved to another store."""

    help = (
        "Write the events of all sites into TARGET, a new folder or an address that fsspec knows, while the service"
        " runs: files of Parquet or NDJSON with everything as it is stored, and manifest.json. import_events takes it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("target", metavar="TARGET", help="new or empty folder, or address of one")
        parser.add_argument(
            "--format", choices=sorted(FORMS), default="parquet", help="what the files are; ndjson is packed with gzip"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            found = backup.export_events(options["target"], FORMS[options["format"]], self.stderr.write)
        except Refusal as error:
            raise CommandError(str(error)) from error
        record(AuditEntry.COMMAND, "export_events", details={"events": found.event_count, "form": options["format"]})
        self.stdout.write(json.dumps({"events": found.event_count, "files": len(found.files)}))
