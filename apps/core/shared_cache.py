"""The caches that limits are counted in: this process's own memory, or Redis, and memory while Redis is away."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

import redis
from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.locmem import LocMemCache

from apps.core.json_cache import JsonRedisCache, check_plain

log = logging.getLogger(__name__)

PAUSE = 5.0
"""For so many seconds after it did not answer Redis is not asked again, but by one thread then."""
MAX_ENTRIES = 100_000
_TIMEOUTS = {"socket_timeout": 1.0, "socket_connect_timeout": 1.0}


class OwnMemory(LocMemCache):
    """Django's cache in memory, which takes what Redis would take, so that a value that it would not shows anywhere.

    It does without a look at each character of a key for what memcached would not take: the busiest route counts twice
    in every request.
    """

    def add(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        check_plain(value)
        return super().add(key, value, timeout, version)

    def set(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        check_plain(value)
        super().set(key, value, timeout, version)

    def make_and_validate_key(self, key: Any, version: int | None = None) -> str:
        return f"{self.key_prefix}:{self.version if version is None else version}:{key}"


class Absence:
    """Whether a Redis is away, as far as this process knows; the log tells when it goes and comes. Safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ask_again: float | None = None

    def may_ask(self) -> bool:
        """Whether to try it: always while it answers, else once in every ``PAUSE``."""
        if self._ask_again is None:
            return True
        now = time.monotonic()
        with self._lock:
            if self._ask_again is not None and now < self._ask_again:
                return False
            self._ask_again = now + PAUSE
            return True

    def answered(self) -> None:
        if self._ask_again is None:
            return
        with self._lock:
            self._ask_again = None
        log.warning("Redis answers again.")

    def failed(self, error: Exception) -> None:
        with self._lock:
            first, self._ask_again = self._ask_again is None, time.monotonic() + PAUSE
        if first:
            log.error("Redis does not answer: limits are counted in this process alone until it does. %s", error)


_absences: dict[str, Absence] = {}


def _in_either(name: str) -> Callable[..., Any]:
    in_redis, in_memory = getattr(JsonRedisCache, name), getattr(OwnMemory, name)

    def call(cache: Any, *args: Any, **kwargs: Any) -> Any:
        if cache.absence.may_ask():
            try:
                found = in_redis(cache, *args, **kwargs)
            except redis.RedisError as error:
                cache.absence.failed(error)
            except ValueError:  # that a key to be incremented is not there is an answer, too
                cache.absence.answered()
                raise
            else:
                cache.absence.answered()
                return found
        return in_memory(cache.here, *args, **kwargs)

    return call


class SharedCache(JsonRedisCache):
    """Django's cache in Redis, whose calls do not fail: what is kept there meanwhile, this process keeps itself."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, {**params, "OPTIONS": {**_TIMEOUTS, **params.get("OPTIONS", {})}})
        name, options = f"{server} {params.get('KEY_PREFIX', '')}", {"MAX_ENTRIES": MAX_ENTRIES}
        self.absence = _absences.setdefault(server, Absence())
        self.here = OwnMemory(name, {**params, "OPTIONS": options})

    add = _in_either("add")
    clear = _in_either("clear")
    delete = _in_either("delete")
    delete_many = _in_either("delete_many")
    get = _in_either("get")
    get_many = _in_either("get_many")
    has_key = _in_either("has_key")
    incr = _in_either("incr")
    set = _in_either("set")
    set_many = _in_either("set_many")
    touch = _in_either("touch")
