"""``manage.py changepassword``: Django's own, of which the audit tells."""

from __future__ import annotations

import getpass
from typing import Any

from django.contrib.auth.management.commands import changepassword

from apps.organizations.audit import AuditEntry, record
from apps.organizations.models import User


class Command(changepassword.Command):
    """Sets the password of somebody who forgot theirs, or whose account somebody else uses."""

    help = "Set the password of the person with an e-mail address, which signs them out everywhere. It is asked for."

    def handle(self, *args: Any, **options: Any) -> None:
        address = (options["username"] or getpass.getuser()).lower()
        super().handle(*args, **options | {"username": address})
        # Only now, as Django stored it by itself: while somebody types, no transaction may be open.
        person = User.objects.using(options["database"]).get(email=address)
        record(AuditEntry.COMMAND, "change_person", details={"person": person.public_id, "fields": ["password"]})
