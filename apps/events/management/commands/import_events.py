"""``manage.py import_events``."""

from __future__ import annotations

import gc
import json
import sys
import time
from typing import IO, Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.core.errors import Refusal
from apps.core.progress import bar
from apps.events.imports import Progress, open_run, run_import
from apps.events.ndjson import Unreadable
from apps.sites.models import Site


class Command(BaseCommand):
    """Events of a file into a site, through the same schema, enrichment and writer as HTTP."""

    help = (
        "Import events into a site from FILE: one event a line, in the form in which the tracking API takes it, plain"
        " or gzip; - reads standard input. Any timestamp is taken, and the file is trusted: session.ip counts."
        ' Prints {"imported", "rejected"} of the whole file; refused lines go to FILE.rejected (stdin.rejected in the'
        " current folder for -) with line number and reason. A stopped import of the same content goes on where the"
        " last durable chunk ended and stores nothing twice; what was imported completely is not imported again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--site", required=True, metavar="SITE_ID", help="public id of the site")
        parser.add_argument("file", metavar="FILE", help="path of the file, or - for standard input")
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
            elif run.lines:
                self.stderr.write(f"Going on after line {run.lines}.")
            run = run_import(run.pk, file=options["file"], progress=bar.show)
            bar.end()
        except (Refusal, Unreadable) as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            raise CommandError("Stopped; the same command goes on from here.", returncode=130) from None
        self.stdout.write(json.dumps({"imported": run.imported, "rejected": run.rejected}))


class ProgressBar:
    """A line that is drawn over on a terminal, and a line every few seconds elsewhere.

    ``before`` are the lines that an earlier process did: the rate leaves them out.
    """

    def __init__(self, out: IO[str], *, before: int) -> None:
        self._out = out
        self._live = out.isatty()
        self._every = 0.2 if self._live else 5.0
        self._start = self._shown = time.monotonic()
        self._before = before
        self._last: Progress | None = None

    def show(self, progress: Progress) -> None:
        """Draw, if the last drawing is old enough."""
        self._last = progress
        now = time.monotonic()
        if now - self._shown >= self._every:
            self._shown = now
            self._draw(progress)

    def end(self) -> None:
        """Draw what came last, and leave the line."""
        if self._last:
            self._draw(self._last)
            self._out.write("\n" if self._live else "")

    def _draw(self, progress: Progress) -> None:
        rate = (progress.lines - self._before) / max(time.monotonic() - self._start, 0.001)
        text = f"{progress.lines:,} lines, {progress.rejected:,} refused, {rate:,.0f} a second"
        if progress.share is not None:
            text = f"{bar(progress.share)}  {text}"
        self._out.write(f"\r{text}" if self._live else f"{text}\n")
        self._out.flush()
