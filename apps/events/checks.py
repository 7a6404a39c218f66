"""What is wrong with the operator's own files. ``manage.py check`` and every start run this."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import maxminddb
from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

_PROBES = [str(IPv4Address((first << 24) + 1)) for first in range(1, 224)]
"""An address of each of the large networks: enough to meet a file that was cut, or is damaged near its root."""
_WITH_POINTS = ("city", "enterprise", "insights")
"""What is in the names of the kinds of file that have points."""


@register("settings")
def check_city_file(app_configs: Sequence[AppConfig] | None = None, **_options: Any) -> list[CheckMessage]:
    """``GEOIP_CITY_DB``, where it is set, can be read, and is a file of cities."""
    file: Path | None = settings.GEOIP_CITY_DB
    if file is None:
        return []
    try:
        with file.open("rb"):
            pass
    except OSError as error:
        return [
            Error(
                f"GEOIP_CITY_DB {file} cannot be opened: {error.strerror}.",
                hint="Name a file of the MaxMind format that the service's user may read, or leave the setting out.",
                id="events.E001",
            )
        ]
    try:
        kind = _kind_of(file)
    except Exception as error:  # a damaged file may fail in any way
        return [
            Error(
                f"GEOIP_CITY_DB {file} is damaged, or not of the MaxMind format: {error}",
                hint="Download it anew; it ends in .mmdb, and is unpacked.",
                id="events.E002",
            )
        ]
    if any(word in kind.lower() for word in _WITH_POINTS):
        return []
    return [
        Warning(
            f"GEOIP_CITY_DB {file} is of the kind {kind}, which has no cities.",
            hint="Name a file such as GeoLite2-City.mmdb or dbip-city-lite.mmdb.",
            id="events.W001",
        )
    ]


def _kind_of(file: Path) -> str:
    """The kind that the file calls itself, after a look at some of its entries; raises what the reader raises."""
    with maxminddb.open_database(file) as reader:
        for address in _PROBES:
            reader.get(address)
        return reader.metadata().database_type
