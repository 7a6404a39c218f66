"""Rate limits: a fixed window a minute, for a token or an address, through Django's cache."""

from __future__ import annotations

import time
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from apps.core.callers import hashed_address
from apps.core.limits import increment
from apps.organizations.models import ApiToken

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

    def write_headers(self, response: HttpResponse) -> None:
        """The published three headers."""
        response["X-RateLimit-Limit"] = str(self.limit)
        response["X-RateLimit-Remaining"] = str(max(0, self.limit - self.used))
        response["X-RateLimit-Reset"] = str(self.reset)


def count_request(request: HttpRequest, token: ApiToken | None) -> Usage:
    """Count one request of the token, or of the address where there is none (or a wrong one)."""
    now = time.time()
    window = int(now // WINDOW_SECONDS)
    who = f"token:{token.pk}" if token else f"address:{hashed_address(request)}"
    return Usage(
        limit=settings.RATE_LIMIT_TOKEN if token else settings.RATE_LIMIT_ADDRESS,
        used=increment(f"rate:{window}:{who}", seconds=2 * WINDOW_SECONDS),
        reset=(window + 1) * WINDOW_SECONDS,
        now=now,
    )
