"""What the busy routes remember for a few seconds, so that tracking asks the database nothing in steady state."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from apps.core.clock import utc_now
from apps.organizations.models import ApiToken
from apps.sites.models import Site

SECONDS = 3.0
"""How long a revoked token or a changed site may still be seen as it was, by another process."""
MOST_ENTRIES = 10_000

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class ShortMemory(Generic[Key, Value]):
    """Answers of ``find``, kept for ``SECONDS``; "there is none" is kept too. Safe for threads."""

    def __init__(self, find: Callable[[Key], Value]) -> None:
        self._find = find
        self._kept: dict[Key, tuple[float, Value]] = {}
        self._lock = threading.Lock()

    def get(self, key: Key) -> Value:
        kept = self._kept.get(key)
        now = time.monotonic()
        if kept is not None and now < kept[0]:
            return kept[1]
        value = self._find(key)
        with self._lock:
            if len(self._kept) >= MOST_ENTRIES:
                self._kept.clear()
            self._kept[key] = (now + SECONDS, value)
        return value

    def forget(self) -> None:
        """Drop everything."""
        with self._lock:
            self._kept.clear()


def _find_token(raw: str) -> ApiToken | None:
    now = utc_now()
    token = ApiToken.objects.find(raw, now=now)
    if token is not None:
        token.touch(now)
    return token


def _find_public_site(ids: tuple[str, str]) -> Site | None:
    organization_id, site_id = ids
    sites = Site.objects.select_related("organization")
    return sites.filter(public_id=site_id, organization__public_id=organization_id).first()


def _find_site_of_token(ids: tuple[str, str, str]) -> Site | None:
    raw, organization_id, site_id = ids
    token = tokens.get(raw)
    if token is None:
        return None
    reachable = Site.objects.for_token(token).select_related("organization")
    return reachable.filter(public_id=site_id, organization__public_id=organization_id).first()


tokens = ShortMemory(_find_token)
public_sites = ShortMemory(_find_public_site)
"""By organization id and site id: for tracking, which the site's policy opens to everybody."""
sites_of_tokens = ShortMemory(_find_site_of_token)
"""By token, organization id and site id: only what the token reaches."""


def forget_all(**_signal: object) -> None:
    """Drop everything that is remembered. Also the receiver of Django's save and delete signals."""
    for memory in (tokens, public_sites, sites_of_tokens):
        memory.forget()
