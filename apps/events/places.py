"""The country of an address, from a table inside the process: no request leaves the machine."""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import IPv6Address, ip_address

import iptocc

_COUNTRY = re.compile(r"[A-Z]{2}\Z")
_NO_COUNTRY = frozenset({"AP", "EU", "T1", "XX", "ZZ"})
"""Codes that registries and networks use for a region, for Tor and for "unknown"."""


@lru_cache(maxsize=8192)
def country_of(ip: str) -> str:
    """ISO 3166-1 alpha-2 code of the country that ``ip`` is assigned to; ``""`` where none is, or it is no address."""
    try:
        address = ip_address(ip.strip())
    except ValueError:
        return ""
    if isinstance(address, IPv6Address):
        address = address.ipv4_mapped or address
    return country_code(iptocc.country_code(str(address)))


def country_code(text: str | None) -> str:
    """``text`` as an ISO 3166-1 alpha-2 code, ``""`` where it is not one."""
    code = (text or "").strip().upper()
    return code if _COUNTRY.match(code) and code not in _NO_COUNTRY else ""


def point(latitude: float | None, longitude: float | None) -> tuple[float, float] | None:
    """The point where both degrees are known and on the globe; else None."""
    if latitude is None or longitude is None:
        return None
    return (latitude, longitude) if abs(latitude) <= 90 and abs(longitude) <= 180 else None
