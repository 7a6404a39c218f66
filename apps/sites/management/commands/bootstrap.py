"""``manage.py bootstrap``."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from apps.core.errors import Refusal
from apps.sites.services import Bootstrapped, bootstrap


class Command(BaseCommand):
    """From nothing to something that can be tracked and queried."""

    help = (
        "Make (or find) an organization, its owner and its site, and print their ids with a new API token"
        " of all scopes. Running it again gives the same ids and another token."
        " The first person of an installation also becomes its administrator."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--organization", required=True, metavar="TITLE", help="title of the organization")
        parser.add_argument("--site", required=True, metavar="TITLE", help="title of the site")
        parser.add_argument("--url", required=True, help="where the site is published; kept only for a new site")
        parser.add_argument("--email", required=True, help="address that the owner signs in with")
        parser.add_argument("--password", required=True, help="password of the owner; set only for a new person")
        parser.add_argument("--json", action="store_true", help='print one line: {"organizationId", "siteId", "token"}')

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate", interactive=False, verbosity=0)
        try:
            made = bootstrap(**{name: options[name] for name in ("organization", "site", "url", "email", "password")})
        except Refusal as error:
            raise CommandError(f"--{error}.") from error
        self.stdout.write(_as_json(made) if options["json"] else _as_text(made))


def _as_json(made: Bootstrapped) -> str:
    return json.dumps(
        {"organizationId": made.organization.public_id, "siteId": made.site.public_id, "token": made.token}
    )


def _as_text(made: Bootstrapped) -> str:
    return (
        f"Organization  {made.organization.title}  {made.organization.public_id}\n"
        f"Site          {made.site.title}  {made.site.public_id}\n"
        f"Owner         {made.owner.email}\n"
        f"API token     {made.token}  (shown only now)"
    )
