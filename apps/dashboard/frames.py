"""What stands around every page of a site: the way to its other pages, and to the same page of another site."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.cache import cache
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from apps.core.clock import utc_now
from apps.core.errors import Refusal
from apps.dashboard.reports import REPORTS
from apps.dashboard.reports.ads import ADS
from apps.insights.services import resolve
from apps.organizations.models import Membership
from apps.rollups.answers import run
from apps.sites.models import Site

SEGMENTS, EXPLORE, EVENTS, SHARE, SETTINGS = "segments", "explore", "events", "share", "settings"
REMEMBERED = 600
"""Seconds for which it is remembered whether a site has events of some types."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A page that every site has. ``is_report``: the choices of a report go with the reader to the next."""

    name: str
    title: Any
    route: str
    is_report: bool = False

    def url(self, site: Site) -> str:
        named = [self.name] if self.is_report else []
        return reverse(self.route, args=[site.organization.public_id, site.public_id, *named])


PLACES = (
    *(Place(name=each.name, title=each.title, route="dashboard:report", is_report=True) for each in REPORTS.values()),
    Place(name=SEGMENTS, title=_("Segments"), route="dashboard:report", is_report=True),
    Place(name=EXPLORE, title=_("Explore"), route="dashboard:report", is_report=True),
    Place(name=EVENTS, title=_("Events"), route="dashboard:events"),
    Place(name=SHARE, title=_("Share"), route="dashboard:share"),
    Place(name=SETTINGS, title=_("Settings"), route="dashboard:settings"),
)


def find_site(request: HttpRequest, organization: str, site_id: str) -> Site:
    """The site of an address. Whoever may not see it gets what a site that is not there gives: 404."""
    visible = Site.objects.visible_to(request.user).select_related("organization")
    return get_object_or_404(visible, public_id=site_id, organization__public_id=organization)


def membership(request: HttpRequest, site: Site) -> Membership:
    """How the reader belongs to the site's organization."""
    return get_object_or_404(Membership, organization=site.organization_id, user_id=request.user.pk)


def frame(request: HttpRequest, site: Site, name: str, *, query: str = "") -> dict[str, object]:
    """What ``dashboard/frame.html`` needs; ``query`` goes to the reports that the menu leads to."""
    here = next(place for place in PLACES if place.name == name)
    others = Site.objects.visible_to(request.user).select_related("organization")
    # Advertisements are shown by few sites: the others need no page about them.
    places = [each for each in PLACES if each.name != ADS.name or each is here or _shows_ads(site)]
    return {
        "site": site,
        "here": here,
        "tabs": [(each, each.url(site) + (f"?{query}" if query and each.is_report else "")) for each in places],
        "switches": [(each, here.url(each)) for each in others],
    }


def _shows_ads(site: Site) -> bool:
    key = f"shows-ads-{site.pk}"
    known = cache.get(key)
    if known is None:
        body = {
            "range": "lastYear",
            "select": [{"column": "eventsCount"}],
            "where": [{"column": "eventType", "values": list(ADS.events)}],
        }
        try:
            known = any(run(resolve(body, site=site, now=utc_now())).values("eventsCount"))
        except Refusal:
            return False
        cache.set(key, known, REMEMBERED)
    return bool(known)
