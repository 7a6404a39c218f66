"""``manage.py doctor``."""

from __future__ import annotations

import sys
from typing import Any

import msgspec
from django.core.management.base import BaseCommand, CommandParser

from insights_site.doctor import examine
from insights_site.doctor.findings import Health


class Command(BaseCommand):
    """Each part of the installation, with advice."""

    help = (
        "Look at settings, rights of files, disk, databases, event store, journal, background work and clocks; say of"
        " each whether it is OK, and what to do where it is not. Changes nothing, and works beside a running server"
        " and without one. Ends with 1 where there is a problem."
    )
    requires_system_checks = ()  # it tells what they say itself

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print a list of objects in place of lines")

    def handle(self, *args: Any, **options: Any) -> None:
        found = list(examine())
        if options["json"]:
            self.stdout.write(msgspec.json.format(msgspec.json.encode(found)).decode())
        else:
            for each in found:
                self.stdout.write(f"{each.health:<8} {each.check:<11} {each.message}")
                if each.advice:
                    self.stdout.write(f"{'':<20} → {each.advice}")
        if any(each.health is Health.PROBLEM for each in found):
            sys.exit(1)
