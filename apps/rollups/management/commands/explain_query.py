"""Print how a request body is answered, and by which statement."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import msgspec
from django.core.management.base import BaseCommand, CommandError

from apps.core.clock import utc_now
from apps.core.errors import Refusal
from apps.insights.compiler import readable
from apps.insights.services import resolve
from apps.rollups.answers import plan
from apps.sites.models import Site


class Command(BaseCommand):
    help = (
        "Print the ClickHouse statement, with its bound parameters, that an aggregate request becomes,"
        " and what it is answered from: prepared counts (rollup), events (raw), or both (mixed)."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--site", required=True, metavar="SITE_ID", help="public id of the site that is asked about"
        )
        parser.add_argument("body", metavar="FILE", help="file with the JSON body of the request; - for standard input")

    def handle(self, *args: Any, **options: Any) -> None:
        site = Site.objects.filter(public_id=options["site"]).first()
        if site is None:
            raise CommandError(f"There is no site {options['site']}.")
        try:
            text = sys.stdin.read() if options["body"] == "-" else Path(options["body"]).read_text()
            query = resolve(msgspec.json.decode(text), site=site, now=utc_now(), internal=True)
        except (OSError, UnicodeDecodeError, msgspec.DecodeError, Refusal) as error:
            raise CommandError(str(error)) from error
        planned = plan(query)
        self.stdout.write(f"-- {planned.explain()}")
        self.stdout.write(readable(planned.statement), ending="")
