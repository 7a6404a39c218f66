"""``manage.py export_visitor``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.core.errors import Refusal
from apps.events.exports import events_of
from apps.keeping.asking import note_export
from apps.keeping.commands import add_site, add_visitor, site_of
from apps.organizations.audit import AuditEntry


class Command(BaseCommand):
    """Write one visitor's events to a file."""

    help = (
        "Write all events of one visitor of a site to a new file that only its owner can read, one a line, in the form"
        " that import_events takes. Without CLICKHOUSE_URL the server must be stopped."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        add_site(parser)
        add_visitor(parser)
        parser.add_argument("--output", required=True, metavar="FILE", help="path of the new file")

    def handle(self, *args: Any, **options: Any) -> None:
        site, events = site_of(options["site"]), 0
        file = Path(options["output"])
        try:
            file.touch(mode=0o600, exist_ok=False)
            note_export(site, options["visitor"], who=AuditEntry.COMMAND)
            with file.open("wb") as out:
                for line in events_of(site, options["visitor"]):
                    out.write(line)
                    events += 1
        except (OSError, Refusal) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{events:,} events were written to {file}.")
