"""Who calls: the address behind trusted proxies, and what a trusted caller says about the visitor."""

from __future__ import annotations

import math
import re
from functools import lru_cache
from ipaddress import IPv6Address, ip_address

from django.conf import settings
from django.http import HttpRequest

from apps.events.enrichment import Caller

_COUNTRY = re.compile(r"[A-Z]{2}\Z")
_UNKNOWN_COUNTRIES = frozenset({"XX", "T1"})
"""What networks write for an unknown place and for Tor."""


def client_address(request: HttpRequest) -> str | None:
    """The caller's address: the connection's, or the one that the outermost trusted proxy saw.

    ``TRUSTED_PROXIES`` says how many proxies stand in front; each has appended the address it saw.
    """
    hops = [*_forwarded(request), request.META.get("REMOTE_ADDR", "")]
    trusted: int = settings.TRUSTED_PROXIES
    return _address(hops[max(0, len(hops) - 1 - trusted)])


def caller_of(request: HttpRequest, *, trusted: bool) -> Caller:
    """The visitor as this request tells: with a token (``trusted``) its forwarded address and place are believed."""
    agent = request.META.get("HTTP_USER_AGENT", "")
    if not trusted:
        return Caller(ip=client_address(request), user_agent=agent)
    point = _point(request)
    first = next(iter(_forwarded(request)), "")
    return Caller(
        ip=_address(first) or client_address(request),
        user_agent=agent,
        country=_country(request),
        latitude=point[0] if point else None,
        longitude=point[1] if point else None,
        trusted=True,
    )


def network_of(address: str) -> str:
    """What one customer of a network has: the address itself, or the /64 of an IPv6 address."""
    parsed = ip_address(address)
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is None:
        return ":".join(parsed.exploded.split(":")[:4])
    return address


def _forwarded(request: HttpRequest) -> list[str]:
    header = request.META.get("HTTP_X_FORWARDED_FOR", "")
    return [part.strip() for part in header.split(",")] if header else []


@lru_cache(maxsize=4096)
def _address(text: str) -> str | None:
    """``text`` as a plain address, without the port that some proxies write; ``None`` for anything else."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        return str(ip_address(text))
    except ValueError:
        return None


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
