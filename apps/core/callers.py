"""Where a request comes from: the address behind trusted proxies, and how it is told without being kept."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv6Address, ip_address

from django.conf import settings
from django.http import HttpRequest

from apps.core.hashing import keyed_hash64


def client_address(request: HttpRequest) -> str | None:
    """The caller's address: the connection's, or the one that the outermost trusted proxy saw.

    ``TRUSTED_PROXIES`` says how many proxies stand in front; each has appended the address it saw. Where
    ``CLIENT_ADDRESS_HEADER`` names a header, the address is there alone.
    """
    if named := settings.CLIENT_ADDRESS_HEADER:
        told = plain_address(request.META.get(f"HTTP_{named.upper()}", "").strip())
        return told or plain_address(request.META.get("REMOTE_ADDR", ""))
    hops = [*forwarded(request), request.META.get("REMOTE_ADDR", "")]
    trusted: int = settings.TRUSTED_PROXIES
    return plain_address(hops[max(0, len(hops) - 1 - trusted)])


def hashed_address(request: HttpRequest) -> str:
    """A keyed hash of the caller's network: no address is stored, not even for a minute."""
    return _hashed(client_address(request), settings.SECRET_KEY)


def network_of(address: str) -> str:
    """What one customer of a network has: the address itself, or the /64 of an IPv6 address."""
    parsed = ip_address(address)
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is None:
        return ":".join(parsed.exploded.split(":")[:4])
    return address


def forwarded(request: HttpRequest) -> list[str]:
    """What the proxies on the way say, the one nearest to the caller first."""
    header = request.META.get("HTTP_X_FORWARDED_FOR", "")
    return [part.strip() for part in header.split(",")] if header else []


@lru_cache(maxsize=4096)
def plain_address(text: str) -> str | None:
    """``text`` as a plain address, without the port that some proxies write; ``None`` for anything else."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        return str(ip_address(text))
    except ValueError:
        return None


@lru_cache(maxsize=4096)
def _hashed(address: str | None, secret: str) -> str:
    network = network_of(address) if address else "unknown"
    return f"{keyed_hash64(secret.encode()[:64], b'rate', network):x}"
