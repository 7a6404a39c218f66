"""Tracking that is turned away before its events are looked at: counted by the site that the request names."""

from __future__ import annotations

import re

from django.http import HttpRequest

from apps.api.errors import BodyTooLarge, Forbidden, NotFound, Paused, TooManyRequests, Unauthorized
from apps.core.clock import utc_now
from apps.core.ids import PUBLIC_ID_PATTERN
from apps.events.faults import note_events
from apps.events.records import Reason

_TRACKING = re.compile(rf"/v1/orgs/({PUBLIC_ID_PATTERN})/sites/({PUBLIC_ID_PATTERN})/insights/events")
_RENDERER = "/~gitbook/__evt"
_PIXEL = "/pixel.gif"
_LONGEST_ID = 64

_REASONS: dict[type[Exception], Reason] = {
    Unauthorized: Reason.NOT_ALLOWED,
    Forbidden: Reason.NOT_ALLOWED,
    NotFound: Reason.NOT_ALLOWED,
    Paused: Reason.PAUSED,
    TooManyRequests: Reason.RATE_LIMITED,
    BodyTooLarge: Reason.TOO_LARGE,
}
"""What is raised before ``apps.events.services.track`` is called, which counts for itself."""


def note_turned_away(request: HttpRequest, error: Exception, reason: Reason | None = None) -> None:
    """Count a tracking request that was turned away with ``error``; nothing for other requests and errors.

    ``reason`` is that of an ``error`` which has none of its own.
    """
    found = _REASONS.get(type(error), reason)
    site = named_site(request) if found else None
    if found and site:
        note_events(found, [], site=site, now=utc_now())


def named_site(request: HttpRequest) -> tuple[str, str] | None:
    """The ids of organization and site that a tracking request names; ``None`` for other requests."""
    ids, path = ("", ""), request.path_info
    if path == _PIXEL:
        ids = request.GET.get("org", ""), request.GET.get("site", "")
    elif request.method != "POST":
        return None
    elif path.endswith(_RENDERER):
        ids = request.GET.get("o", ""), request.GET.get("s", "")
    elif match := _TRACKING.fullmatch(path):
        ids = match[1], match[2]
    return ids if all(0 < len(text) <= _LONGEST_ID for text in ids) else None
