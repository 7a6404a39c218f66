"""Who calls: what the connection tells, and what a trusted caller says about the visitor."""

from __future__ import annotations

import math
import re

from django.http import HttpRequest

from apps.core.callers import client_address, forwarded, plain_address
from apps.events.enrichment import Caller

_COUNTRY = re.compile(r"[A-Z]{2}\Z")
_UNKNOWN_COUNTRIES = frozenset({"XX", "T1"})
"""What networks write for an unknown place and for Tor."""


def caller_of(request: HttpRequest, *, trusted: bool) -> Caller:
    """The visitor as this request tells: with a token (``trusted``) its forwarded address and place are believed."""
    agent = request.META.get("HTTP_USER_AGENT", "")
    if not trusted:
        return Caller(ip=client_address(request), user_agent=agent)
    point = _point(request)
    first = next(iter(forwarded(request)), "")
    return Caller(
        ip=plain_address(first) or client_address(request),
        user_agent=agent,
        country=_country(request),
        latitude=point[0] if point else None,
        longitude=point[1] if point else None,
        trusted=True,
    )


def _country(request: HttpRequest) -> str | None:
    code = request.META.get("HTTP_X_LOCATION_COUNTRY", "").strip().upper()
    return code if _COUNTRY.match(code) and code not in _UNKNOWN_COUNTRIES else None


def _point(request: HttpRequest) -> tuple[float, float] | None:
    try:
        latitude = float(request.META["HTTP_X_LOCATION_LATITUDE"])
        longitude = float(request.META["HTTP_X_LOCATION_LONGITUDE"])
    except (KeyError, ValueError):
        return None
    if not (math.isfinite(latitude) and math.isfinite(longitude)):
        return None
    return (latitude, longitude) if abs(latitude) <= 90 and abs(longitude) <= 180 else None
