"""What a site's owner does not want counted: own networks, hosts, paths, bots. Pure: no I/O."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from apps.events.addresses import host_of
from apps.events.store import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusions:
    """The lists of a site, as its fields hold them. ``paths`` are patterns in which ``*`` is any text."""

    addresses: Sequence[str] = ()
    hostnames: Sequence[str] = ()
    paths: Sequence[str] = ()
    bots: bool = False

    def __bool__(self) -> bool:
        return bool(self.addresses or self.hostnames or self.paths or self.bots)

    def exclude(self, row: Row, ip: str | None) -> bool:
        """Whether the event of ``row``, of a visitor at ``ip``, is not to be counted."""
        return (
            (self.bots and bool(row["bot"]))
            or host_of(row["url"]) in self.hostnames
            or any(_pattern(path).fullmatch(row["url_path"]) is not None for path in self.paths)
            or (ip is not None and _is_within(ip, tuple(self.addresses)))
        )


@lru_cache(maxsize=4096)
def _pattern(path: str) -> re.Pattern[str]:
    """``path`` with each run of stars as any text; what follows a star is looked for without going back."""
    first, *others = re.split(r"\*+", path)
    found = re.escape(first)
    for number, text in enumerate(others):
        last = number == len(others) - 1
        # Only the last text is bound to the end: an atomic group for each of the others keeps the time linear.
        found += f".*{re.escape(text)}" if last else f"(?>.*?{re.escape(text)})"
    return re.compile(found, re.DOTALL)


@lru_cache(maxsize=4096)
def _is_within(ip: str, networks: tuple[str, ...]) -> bool:
    try:
        address = ip_address(ip)
    except ValueError:
        return False
    if isinstance(address, IPv6Address):
        address = address.ipv4_mapped or address
    return any(address in network for network in map(_network, networks) if network.version == address.version)


@lru_cache(maxsize=4096)
def _network(text: str) -> IPv4Network | IPv6Network:
    return ip_network(text)
