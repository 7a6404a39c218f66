"""``manage.py encrypt_anew``."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from apps.organizations.audit import AuditEntry, record
from apps.organizations.factors import encrypt_anew


class Command(BaseCommand):
    """The last step of changing the secret key."""

    help = (
        "Encrypt the secrets of second factors with the SECRET_KEY of today. After that, former keys can be taken out"
        " of SECRET_KEY_FALLBACKS as far as second factors go. It can be repeated."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        changed = encrypt_anew()
        record(AuditEntry.COMMAND, "encrypt_anew", details={"secrets": changed})
        self.stdout.write(f"{changed} secrets are encrypted with the key of today.")
