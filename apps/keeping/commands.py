"""What the commands of this room share."""

from __future__ import annotations

from django.core.management.base import CommandError, CommandParser

from apps.core.errors import Unavailable
from apps.events.store import get_store
from apps.sites.models import Site


def add_site(parser: CommandParser) -> None:
    """The option that names a site."""
    parser.add_argument("--site", required=True, metavar="SITE_ID", help="public id of the site")


def add_visitor(parser: CommandParser) -> None:
    """The option that names a visitor."""
    parser.add_argument(
        "--visitor", required=True, metavar="VISITOR_ID", help="visitor id as the site's pages send it (visitorId)"
    )


def site_of(public_id: str) -> Site:
    """The site; the store is opened first, so that nothing is asked for that this process cannot do."""
    try:
        get_store()
    except Unavailable as error:
        raise CommandError(str(error)) from error
    site = Site.objects.select_related("organization").filter(public_id=public_id).first()
    if site is None:
        raise CommandError(f"There is no site {public_id}.")
    return site
