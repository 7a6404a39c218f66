"""The Redis of ``REDIS_URL``, where several processes meet."""

from __future__ import annotations

from functools import lru_cache

import redis
from django.conf import settings

SECONDS = 5.0
"""How long an answer may take; one that does not come is a ``redis.RedisError``."""


@lru_cache(maxsize=1)
def _client(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, socket_timeout=SECONDS, socket_connect_timeout=SECONDS)


def client() -> redis.Redis:
    """The client of this process, which any thread may use; needs ``REDIS_URL``."""
    return _client(settings.REDIS_URL)
