"""``manage.py createsuperuser``: Django's own, of which the audit tells."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.management.commands import createsuperuser

from apps.organizations.audit import AuditEntry, record
from apps.organizations.models import User


class Command(createsuperuser.Command):
    """Makes an operator, who then makes all others in the administration."""

    help = "Make a person who may do everything in the administration. Asks for the e-mail address and the password."

    def handle(self, *args: Any, **options: Any) -> None:
        superusers = User.objects.using(options["database"]).filter(is_superuser=True)
        before = list(superusers.values_list("pk", flat=True))
        super().handle(*args, **options)
        for made in superusers.exclude(pk__in=before):
            record(AuditEntry.COMMAND, "create_person", details={"person": made.public_id, "is_superuser": True})
