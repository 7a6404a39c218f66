"""``manage.py import_events``."""

from __future__ import annotations

import gc
import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.core.errors import Refusal
from apps.events.imports import open_run, run_import
from apps.events.ndjson import Unreadable
from apps.events.progress import ProgressBar
from apps.keeping import backup
from apps.organizations.audit import AuditEntry, record
from apps.sites.models import Site


class Command(BaseCommand):
    """Events of a file into a site, through the same schema, enrichment and writer as HTTP."""

    help = (
        "Import events into a site from FILE: one event a line, in the form in which the tracking API takes it, plain"
        " or gzip; - reads standard input. Any timestamp is taken, and the file is trusted: session.ip counts."
        ' Prints {"imported", "rejected"} of the whole file; refused lines go to FILE.rejected (stdin.rejected in the'
        " current folder for -) with line number and reason. A stopped import of the same content goes on where the"
        " last durable chunk ended and stores nothing twice; what was imported completely is not imported again."
        " Without --site, FILE is a folder or address that export_events wrote: its events are stored exactly as they"
        " were, ids and hashes too, for the same sites. Without CLICKHOUSE_URL the server must be stopped."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--site", metavar="SITE_ID", help="public id of the site")
        parser.add_argument(
            "file", metavar="FILE", help="path of the file, - for standard input, or what export_events wrote"
        )
        how = parser.add_mutually_exclusive_group()
        how.add_argument(
            "--resume",
            action="store_true",
            help="go on where a stopped import ended, and succeed where the file is in already; good for scripts",
        )
        how.add_argument(
            "--again", action="store_true", help="import from the start, whatever was imported of this file before"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["site"] is None:
            self._move(options["file"])
        else:
            self._import(options)

    def _move(self, source: str) -> None:
        if Path(source).is_file():
            raise CommandError(f"{source} is a file: say --site, into which its events are to be imported.")
        record(AuditEntry.COMMAND, "import_events")  # before the first event, as below
        try:
            found = backup.import_events(source, self.stderr.write)
        except Refusal as error:
            raise CommandError(str(error)) from error
        self.stdout.write(json.dumps({"imported": found.event_count, "files": len(found.events)}))

    def _import(self, options: dict[str, Any]) -> None:
        site = Site.objects.filter(public_id=options["site"]).first()
        if site is None:
            raise CommandError(f"There is no site {options['site']}.")
        # Rows come by the ten thousand and make no cycles: looking for those takes a fifth of the time.
        gc.freeze()
        gc.set_threshold(100_000, 20, 100)
        try:
            run = open_run(site.pk, options["file"], resume=options["resume"], again=options["again"])
            bar = ProgressBar(sys.stderr, before=run.lines)
            if run.finished_at is not None:
                self.stderr.write(f"{options['file']} was imported already.")
            else:
                # Before the first event: what a stop leaves behind is told too.
                record(AuditEntry.COMMAND, "import_events", site=site, details={"after_line": run.lines})
                if run.lines:
                    self.stderr.write(f"Going on after line {run.lines}.")
            run = run_import(run.pk, file=options["file"], progress=bar.show)
            bar.end()
        except (Refusal, Unreadable) as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            raise CommandError("Stopped; the same command goes on from here.", returncode=130) from None
        self.stdout.write(json.dumps({"imported": run.imported, "rejected": run.rejected}))
