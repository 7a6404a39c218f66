"""Time zones by their IANA names."""

from __future__ import annotations

from functools import cache
from zoneinfo import ZoneInfo, available_timezones


@cache
def zone_names() -> frozenset[str]:
    """The names that this machine's time zone database knows; ``localtime`` is the machine's own, and no name."""
    return frozenset(available_timezones() - {"localtime"})


def find_zone(name: object) -> ZoneInfo | None:
    """The zone of that name, or ``None``: only listed names reach the file system or the engine."""
    return ZoneInfo(name) if isinstance(name, str) and name in zone_names() else None
