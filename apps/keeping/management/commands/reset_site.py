"""``manage.py reset_site``."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.core.errors import Refusal
from apps.keeping.asking import ask_for_reset
from apps.keeping.commands import add_site, site_of
from apps.keeping.erasing import carry_out
from apps.organizations.audit import AuditEntry


class Command(BaseCommand):
    """Erase a site's events; the site stays."""

    help = (
        "Erase all events of a site; the site, its tokens and its settings stay. May be repeated after a stop."
        " Without CLICKHOUSE_URL the server must be stopped."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        add_site(parser)
        parser.add_argument("--yes", action="store_true", help="do it: the events cannot be brought back")

    def handle(self, *args: Any, **options: Any) -> None:
        site = site_of(options["site"])
        if not options["yes"]:
            raise CommandError(f"All events of “{site.title}” would be erased for good: say --yes.")
        try:
            events = carry_out(ask_for_reset(site, who=AuditEntry.COMMAND))
        except Refusal as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{events:,} events were erased.")
