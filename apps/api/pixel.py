"""``/pixel.gif``: a page view without JavaScript. docs/script.md tells how to embed it."""

from __future__ import annotations

import base64
import json
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from apps.api.callers import caller_of
from apps.api.errors import TooManyRequests, answer
from apps.api.limits import count_at_site, count_request
from apps.api.tracking import public_site_to_track
from apps.api.turned_away import note_turned_away
from apps.api.wishes import is_unwanted
from apps.core.clock import utc_now
from apps.events.addresses import page_of
from apps.events.enrichment import Caller
from apps.events.services import track
from apps.events.visits import visit_of
from apps.sites.models import Site

GIF = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
"""One transparent point."""

LOCATION = {
    "page": "page",
    "space": "space",
    "section": "siteSection",
    "site-space": "siteSpace",
    "share-key": "siteShareKey",
    "revision": "revision",
}
"""Parameter → key of the event's location. The names are those of the script's attributes."""


@require_GET
def pixel(request: HttpRequest) -> HttpResponse:
    """GET /pixel.gif?org=…&site=…: a page view of the page that shows it. No cookie is set.

    Its visitors are those of ``apps.events.visits``, and readers who do not want to be counted are not.
    The address of the page is ``url``, or the ``Referer`` that the browser sends with the image. A refusal
    is plain text with its status: an image with ``alt=""`` shows nothing then.
    """
    try:
        usage = count_request(request, None)
        if usage.exceeded:
            raise TooManyRequests(usage.seconds_left)
        _count(request, now=utc_now())
    except Exception as error:  # whatever it is, it is answered as the API answers it
        note_turned_away(request, error)
        return _uncached(answer(error, plain=True))
    return _uncached(HttpResponse(GIF, content_type="image/gif"))


def _count(request: HttpRequest, *, now: datetime) -> None:
    site = public_site_to_track(request.GET.get("org", ""), request.GET.get("site", ""))
    usage = count_at_site(site, with_token=False)
    if usage.exceeded:
        raise TooManyRequests(usage.seconds_left)
    if is_unwanted(request, site):
        return
    caller = caller_of(request, trusted=False)
    event = {
        "type": "page_view",
        "session": _session(request, site, caller, now),
        "location": _location(request),
    }
    track(json.dumps({"events": [event]}).encode(), site=site, caller=caller, now=now)


def _session(request: HttpRequest, site: Site, caller: Caller, now: datetime) -> dict[str, str | None]:
    visit = visit_of(site.pk, address=caller.ip, agent=caller.user_agent, now=now)
    language = request.headers.get("Accept-Language", "").partition(",")[0].partition(";")[0].strip()
    return {
        "visitorId": visit.visitor,
        "sessionId": visit.session,
        "language": language[:256] or None,
        "referrer": request.GET.get("referrer", ""),
    }


def _location(request: HttpRequest) -> dict[str, str | None]:
    """Where it was. Without an id a page has its path as one, as in the script; an empty id: it is missing."""
    url = request.GET.get("url") or request.headers.get("Referer", "")
    told = {key: request.GET.get(name) or None for name, key in LOCATION.items()}
    if "page" not in request.GET:
        told["page"] = page_of(url)
    return {"url": url, **told}


def _uncached(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response
