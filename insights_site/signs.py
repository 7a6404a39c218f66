"""Signs of life of the parts that work in the background, noted by themselves in a cache that ``/readyz`` reads."""

from __future__ import annotations

import contextlib

import redis
from django.core.cache import caches

SECONDS = 60
"""A part that gave no sign for so long is ill. Signs come at least every ``BEAT_SECONDS`` of settings.py."""


def note(part: str) -> None:
    """``part`` (``worker``, ``beat``) is alive now. Where Redis is away the sign is lost; the next comes soon.

    A whole number lies in Redis as such, so that releases that kept pickles there read it too.
    """
    with contextlib.suppress(redis.RedisError):
        caches["signs"].set(part, 1, SECONDS)


def forget(part: str) -> None:
    """``part`` is known to have ended."""
    with contextlib.suppress(redis.RedisError):
        caches["signs"].delete(part)


def is_alive(part: str) -> bool:
    """Whether ``part`` gave a sign in the last ``SECONDS``. Raises ``redis.RedisError`` where Redis is away."""
    return bool(caches["signs"].get(part))
