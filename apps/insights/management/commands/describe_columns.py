"""Print docs/columns.md."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from apps.insights.documentation import columns_page


class Command(BaseCommand):
    help = "Print the documentation's page of columns (docs/columns.md), made from the catalog."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(columns_page(), ending="")
