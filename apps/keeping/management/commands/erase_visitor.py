"""``manage.py erase_visitor``."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.core.errors import Refusal
from apps.keeping.asking import ask_for_visitor
from apps.keeping.commands import add_site, add_visitor, site_of
from apps.keeping.erasing import carry_out
from apps.organizations.audit import AuditEntry


class Command(BaseCommand):
    """Erase one visitor's events."""

    help = (
        "Erase all events of one visitor of a site. Figures are right at once. May be repeated after a stop."
        " Without CLICKHOUSE_URL the server must be stopped."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        add_site(parser)
        add_visitor(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        site = site_of(options["site"])
        try:
            events = carry_out(ask_for_visitor(site, options["visitor"], who=AuditEntry.COMMAND))
        except Refusal as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{events:,} events were erased.")
