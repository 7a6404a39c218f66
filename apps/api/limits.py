"""Rate limits: a fixed window a minute, for a token or an address, and for a site, through Django's cache."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from apps.api.errors import TooManyRequests
from apps.core.callers import hashed_address
from apps.core.limits import increment
from apps.organizations.models import ApiToken
from apps.sites.models import Site

if TYPE_CHECKING:
    from apps.api.middleware import ApiRequest  # it counts requests here

WINDOW_SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """How much of this minute's limit is used, this request included; ``reset`` in UTC epoch seconds."""

    limit: int
    used: int
    reset: int
    now: float

    @property
    def exceeded(self) -> bool:
        return self.used > self.limit

    @property
    def seconds_left(self) -> int:
        return max(1, round(self.reset - self.now))

    @property
    def left(self) -> int:
        return max(0, self.limit - self.used)

    def write_headers(self, response: HttpResponse) -> None:
        """The published three headers."""
        response["X-RateLimit-Limit"] = str(self.limit)
        response["X-RateLimit-Remaining"] = str(self.left)
        response["X-RateLimit-Reset"] = str(self.reset)


def count_request(request: HttpRequest, token: ApiToken | None) -> Usage:
    """Count one request of the token, or of the address where there is none (or a wrong one)."""
    if token:
        return _count(f"token:{token.pk}", settings.RATE_LIMIT_TOKEN)
    return _count(f"address:{hashed_address(request)}", settings.RATE_LIMIT_ADDRESS)


def count_at_site(site: Site, *, with_token: bool) -> Usage:
    """Count one request that the site let in.

    Those with a token and those without are counted apart, so that a flood of what everybody may send does not keep
    the site's own people out.
    """
    return _count(f"site:{site.pk}:{'token' if with_token else 'public'}", settings.RATE_LIMIT_SITE)


def let_in(request: ApiRequest, site: Site) -> Site:
    """The site, at which the request is counted; its answer tells of the tighter limit. Raises ``TooManyRequests``."""
    usage = count_at_site(site, with_token=request.api_token is not None)
    if usage.left < request.usage.left or usage.exceeded:
        request.usage = usage
    if usage.exceeded:
        raise TooManyRequests(usage.seconds_left)
    return site


def _count(who: str, limit: int) -> Usage:
    now = time.time()
    window = int(now // WINDOW_SECONDS)
    return Usage(
        limit=limit,
        used=increment(f"rate:{window}:{who}", seconds=2 * WINDOW_SECONDS),
        reset=(window + 1) * WINDOW_SECONDS,
        now=now,
    )
