"""Rewrite docs/openapi.json."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from apps.api.openapi import document_text


class Command(BaseCommand):
    help = "Rewrite docs/openapi.json from the code."

    def handle(self, *args: Any, **options: Any) -> None:
        file = settings.BASE_DIR / "docs" / "openapi.json"
        file.write_text(document_text())
        self.stdout.write(f"Wrote {file.relative_to(settings.BASE_DIR)}")
