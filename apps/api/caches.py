"""What the busy routes remember for a few seconds, so that tracking asks the database nothing in steady state."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from django.db import transaction

from apps.core.clock import utc_now
from apps.events.addresses import host_of
from apps.organizations.models import ApiToken
from apps.sites.models import Site

SECONDS = 3.0
"""How long a revoked token or a changed site may still be seen as it was, by another process."""
MOST_ENTRIES = 10_000
LOOKUPS = 16
"""So many keys may be looked up at the same time; requests for one key wait for a single lookup."""
LONGEST_TEXT = 256
"""Longer ids and tokens are nobody's: they are neither looked up nor remembered."""

Value = TypeVar("Value")


class ShortMemory(Generic[Value]):
    """Answers of ``find`` to ids and tokens, kept for ``SECONDS``; "there is none" is kept too. Safe for threads."""

    def __init__(self, find: Callable[..., Value | None]) -> None:
        self._find = find
        self._kept: dict[tuple[str, ...], tuple[float, Value | None]] = {}
        self._lock = threading.Lock()
        self._changes = 0
        self._lookups = [threading.Lock() for _ in range(LOOKUPS)]

    def __len__(self) -> int:
        """How many answers are kept."""
        return len(self._kept)

    def get(self, *key: str) -> Value | None:
        if any(len(text) > LONGEST_TEXT for text in key):
            return None
        kept = self._kept.get(key)
        if kept is not None and time.monotonic() < kept[0]:
            return kept[1]
        with self._lookups[hash(key) % LOOKUPS]:
            kept, now = self._kept.get(key), time.monotonic()
            if kept is not None and now < kept[0]:
                return kept[1]
            changes = self._changes
            value = self._find(*key)
            with self._lock:
                if changes != self._changes:
                    return value  # it may have been looked up before the change
                if len(self._kept) >= MOST_ENTRIES:
                    self._kept.clear()
                self._kept[key] = (now + SECONDS, value)
            return value

    def forget(self) -> None:
        """Drop everything."""
        with self._lock:
            self._changes += 1
            self._kept.clear()


def _find_token(raw: str) -> ApiToken | None:
    return ApiToken.objects.use(raw, now=utc_now())


def _find_public_site(organization_id: str, site_id: str) -> Site | None:
    sites = Site.objects.select_related("organization")
    return sites.filter(public_id=site_id, organization__public_id=organization_id).first()


def _find_site_of_token(raw: str, organization_id: str, site_id: str) -> Site | None:
    token = ApiToken.objects.find(raw, now=utc_now())  # not the remembered one: then its age and ours would add up
    if token is None:
        return None
    reachable = Site.objects.for_token(token).select_related("organization")
    return reachable.filter(public_id=site_id, organization__public_id=organization_id).first()


def _find_hosts() -> frozenset[str]:
    hosts: set[str] = set()
    for url, listed in Site.objects.values_list("url", "hostnames"):
        hosts.update(listed, [host_of(url)])
    return frozenset(hosts - {""})


tokens = ShortMemory(_find_token)
public_sites = ShortMemory(_find_public_site)
"""By organization id and site id: for tracking, which the site's policy opens to everybody."""
sites_of_tokens = ShortMemory(_find_site_of_token)
"""By token, organization id and site id: only what the token reaches."""
hosts_of_sites = ShortMemory(_find_hosts)
"""By nothing: the hosts that any site lists or is published on."""


def forget_all() -> None:
    """Drop everything that is remembered."""
    for memory in (tokens, public_sites, sites_of_tokens, hosts_of_sites):
        memory.forget()


def forget_after_change(**_signal: object) -> None:
    """The receiver of Django's signals: drop everything now, and once the change is committed.

    Until then others look the old row up and would remember it.
    """
    forget_all()
    transaction.on_commit(forget_all)
