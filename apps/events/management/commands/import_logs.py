"""``manage.py import_logs``."""

from __future__ import annotations

import json
import sys
from typing import Any
from urllib.parse import urlsplit

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.core.errors import Refusal
from apps.events.imports import Progress
from apps.events.logs.formats import NAMED, LogFormat, UnknownFormat
from apps.events.logs.importing import LogCounts, import_log
from apps.events.ndjson import Unreadable
from apps.events.progress import ProgressBar
from apps.organizations.audit import AuditEntry, record
from apps.sites.models import Site

SHOWN = 20
"""How many broken lines are named; the others are counted."""


class Command(BaseCommand):
    """Requests in a web server's log into a site's events."""

    help = (
        "Import FILE, the log of a web server such as nginx or Apache, into a site: page views, missing pages, and"
        " requests for Markdown, llms.txt, MCP and feeds. Plain or gzip; - reads standard input. What is stored already"
        " is left out, so that a log may be imported again when it has grown. Addresses are used for the country only."
        ' Prints {"lines", "imported", "known", "skipped", "rejected"}; lines that cannot be read are named by number.'
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--site", required=True, metavar="SITE_ID", help="public id of the site")
        parser.add_argument("file", metavar="FILE", help="path of the log, or - for standard input")
        parser.add_argument(
            "--format",
            default="combined",
            metavar="FORMAT",
            help=f"{', '.join(NAMED)}, nginx's log_format text, or a regular expression with groups named as its"
            " variables (default: combined)",
        )
        parser.add_argument(
            "--url", metavar="URL", help="where the site is, for logs that name no host (default: the site's own URL)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        site = Site.objects.filter(public_id=options["site"]).first()
        if site is None:
            raise CommandError(f"There is no site {options['site']}.")
        bar, complaints = ProgressBar(sys.stderr, before=0), 0

        def complain(number: int, reason: str) -> None:
            nonlocal complaints
            complaints += 1
            if complaints <= SHOWN:
                self.stderr.write(f"Line {number}: {reason}.")

        def show(counts: LogCounts) -> None:
            bar.show(Progress(counts.lines, counts.imported, counts.rejected, counts.share))

        try:
            log_format = LogFormat(options["format"])
            base = _origin(options["url"] or site.url, needed=not log_format.has_host)
            record(AuditEntry.COMMAND, "import_logs", site=site)
            counts = import_log(
                options["file"], site=site, log_format=log_format, base=base, progress=show, complain=complain
            )
        except (Refusal, UnknownFormat, Unreadable) as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            raise CommandError("Stopped; the same command imports what is missing.", returncode=130) from None
        bar.end()
        if complaints > SHOWN:
            self.stderr.write(f"{complaints - SHOWN:,} more lines cannot be read.")
        self.stdout.write(_summary(counts))
        if counts.lines and counts.rejected == counts.lines:
            raise CommandError("No line could be read: name the log's format with --format.")


def _origin(url: str, *, needed: bool) -> str:
    parts = urlsplit(url)
    if parts.scheme in ("http", "https") and parts.netloc:
        return f"{parts.scheme}://{parts.netloc}"
    if needed or url:
        raise CommandError("Where is the site? Name its address with --url https://docs.example.com.")
    return "https://"


def _summary(counts: LogCounts) -> str:
    skipped = {str(reason): count for reason, count in sorted(counts.skipped.items())}
    return json.dumps({
        "lines": counts.lines,
        "imported": counts.imported,
        "known": counts.known,
        "skipped": skipped,
        "rejected": counts.rejected,
    })  # fmt: skip
