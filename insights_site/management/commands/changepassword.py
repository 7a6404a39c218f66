"""``manage.py changepassword``: Django's own, of which the audit tells."""

from __future__ import annotations

import getpass
from typing import Any

from django.contrib.auth.management.commands import changepassword
from django.core.management import CommandError

from apps.organizations.audit import AuditEntry, record
from apps.organizations.models import User


class Command(changepassword.Command):
    """Sets the password of somebody who forgot theirs, or whose account somebody else uses."""

    help = "Set the password of the person with an e-mail address, which signs them out everywhere. It is asked for."

    def handle(self, *args: Any, **options: Any) -> None:
        written = options["username"] or getpass.getuser()
        try:
            person = User.objects.db_manager(options["database"]).get_by_natural_key(written)
        except User.DoesNotExist as error:
            raise CommandError(
                f"Nobody has the address {written}, or several have it and differ in capitals: write those too."
            ) from error
        super().handle(*args, **options | {"username": person.email})
        # Only now, as Django stored it by itself: while somebody types, no transaction may be open.
        record(AuditEntry.COMMAND, "change_person", details={"person": person.public_id, "fields": ["password"]})
