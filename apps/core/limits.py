"""Limits through Django's cache: how often something was done in a fixed window of the clock."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from django.core.cache import cache


def increment(key: str, *, seconds: int) -> int:
    """Count one more under ``key``, which is forgotten after ``seconds``; the count with this one."""
    try:
        return cache.incr(key)
    except ValueError:
        # Two threads may both find it missing: only one ``add`` succeeds, the other counts on.
        return 1 if cache.add(key, 1, seconds) else cache.incr(key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """At most ``most`` in each window of ``seconds``, windows beginning at its multiples; ``now`` in epoch seconds."""

    name: str
    most: int
    seconds: int

    def take(self, who: str, now: float) -> int:
        """Count one more of ``who``: 0 where that is allowed, else the seconds until it may be tried again."""
        if increment(self._key(who, now), seconds=2 * self.seconds) <= self.most:
            return 0
        return self._left(now)

    def take_once(self, who: str, what: str, now: float) -> int:
        """The same, where ``what`` counts once in a window, however often it comes: 0 for each further time."""
        is_new = cache.add(f"{self._key(who, now)}:{what}", 1, 2 * self.seconds)
        return self.take(who, now) if is_new else 0

    def wait(self, who: str, now: float) -> int:
        """The seconds until one more is allowed, and 0 where it is now; nothing is counted."""
        return self._left(now) if (cache.get(self._key(who, now)) or 0) >= self.most else 0

    def give_back(self, who: str, now: float) -> None:
        """Count one less: what was taken turned out not to matter."""
        with suppress(ValueError):  # its window has been forgotten
            cache.decr(self._key(who, now))

    def forget(self, who: str, now: float) -> None:
        """Begin the window anew."""
        cache.delete(self._key(who, now))

    def _left(self, now: float) -> int:
        return max(1, round(self.seconds - now % self.seconds))

    def _key(self, who: str, now: float) -> str:
        return f"limit:{self.name}:{int(now // self.seconds)}:{who}"
