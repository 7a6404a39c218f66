"""The place of an address, from tables inside the process: no request leaves the machine.

The country comes with a package; the point comes from the operator's own file (``GEOIP_CITY_DB``), and the country
too, where that file says one.
"""

from __future__ import annotations

import logging
import re
from functools import cache, lru_cache
from ipaddress import IPv6Address, ip_address
from pathlib import Path
from typing import Any, Final, NamedTuple

import iptocc
import maxminddb
from django.conf import settings

log = logging.getLogger(__name__)

_COUNTRY = re.compile(r"[A-Z]{2}\Z")
_NO_COUNTRY = frozenset({"AP", "EU", "T1", "XX", "ZZ"})
"""Codes that registries and networks use for a region, for Tor and for "unknown"."""


class Place(NamedTuple):
    """Where an address is: ISO 3166-1 alpha-2 code, ``""`` for none, and latitude and longitude in degrees."""

    country: str
    point: tuple[float, float] | None


NOWHERE: Final = Place("", None)


def place_of(ip: str) -> Place:
    """The place of ``ip``; ``NOWHERE`` where none is known, or it is no address."""
    return _place_of(ip, settings.GEOIP_CITY_DB)


@lru_cache(maxsize=8192)
def _place_of(ip: str, file: Path | None) -> Place:
    try:
        address = ip_address(ip.strip())
    except ValueError:
        return NOWHERE
    if isinstance(address, IPv6Address):
        address = address.ipv4_mapped or address
    listed = _listed(str(address), file) if file else NOWHERE
    return Place(listed.country or country_code(iptocc.country_code(str(address))), listed.point)


def _listed(ip: str, file: Path) -> Place:
    """What the operator's file says. Whatever is wrong with it costs the visitor's place, never the event."""
    try:
        reader = _opened(file)
        return _read(reader.get(ip)) if reader else NOWHERE
    except Exception:  # a damaged file may fail in any way, as may an IPv6 address in a file of IPv4 ones
        return NOWHERE


@cache
def _opened(file: Path) -> maxminddb.reader.Reader | None:
    """The file's reader, opened on first use and kept; None, with a line in the log, where it cannot be opened."""
    try:
        return maxminddb.open_database(file)
    except Exception as error:
        log.error("GEOIP_CITY_DB %s cannot be read, so that visitors get no point: %s", file, error)
        return None


def _read(entry: Any) -> Place:
    """The place in an entry of the published City form; what is not in it, or has another type, is left out."""
    country, location = _below(entry, "country"), _below(entry, "location")
    code, degrees = country.get("iso_code"), (location.get("latitude"), location.get("longitude"))
    known = [float(number) for number in degrees if isinstance(number, (int, float))]
    return Place(
        country=country_code(code) if isinstance(code, str) else "",
        point=point(known[0], known[1]) if len(known) == len(degrees) else None,
    )


def _below(entry: Any, key: str) -> dict[str, Any]:
    below = entry.get(key) if isinstance(entry, dict) else None
    return below if isinstance(below, dict) else {}


def country_code(text: str | None) -> str:
    """``text`` as an ISO 3166-1 alpha-2 code, ``""`` where it is not one."""
    code = (text or "").strip().upper()
    return code if _COUNTRY.match(code) and code not in _NO_COUNTRY else ""


def point(latitude: float | None, longitude: float | None) -> tuple[float, float] | None:
    """The point where both degrees are known and on the globe; else None."""
    if latitude is None or longitude is None:
        return None
    return (latitude, longitude) if abs(latitude) <= 90 and abs(longitude) <= 180 else None
