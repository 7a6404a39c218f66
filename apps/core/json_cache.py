"""Django's cache in Redis, with JSON alone: Django's own holds pickles, which run what somebody wrote there."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from typing import Any, NoReturn

from django.core.cache.backends.redis import RedisCache, RedisCacheClient

log = logging.getLogger(__name__)

_PLAIN = (str, int, float, bool, type(None))


class NotJson(Exception):
    """A value in Redis that this service has not written, or a release of it that wrote pickles."""


def check_plain(value: object) -> None:
    """Raises ``TypeError`` for what JSON would give back as something else: a tuple, a datetime, a lazy text, a key
    that is no text."""
    if type(value) is list:
        for each in value:
            check_plain(each)
    elif type(value) is dict and all(type(key) is str for key in value):
        for each in value.values():
            check_plain(each)
    elif type(value) not in _PLAIN:
        raise TypeError(f"A cache holds what JSON does, and no {type(value).__name__}.")


class JsonText:
    """Writes and reads values; a whole number is written as such, so that Redis counts on (``INCR``)."""

    def dumps(self, value: object) -> int | bytes:
        """Raises ``TypeError``, as ``check_plain`` does, and ``ValueError`` for numbers that are none."""
        check_plain(value)
        return value if type(value) is int else json.dumps(value, allow_nan=False).encode()

    def loads(self, data: bytes) -> Any:
        """Raises ``NotJson``."""
        try:
            return json.loads(data, parse_constant=_refuse)
        except (ValueError, RecursionError) as error:
            raise NotJson from error


class JsonClient(RedisCacheClient):
    """What is not JSON is not there."""

    def get(self, key: Any, default: Any) -> Any:
        try:
            return super().get(key, default)
        except NotJson:  # its key may tell a code, so it is not logged
            log.warning("A value in Redis is no JSON: it is passed over.")
            return default

    def get_many(self, keys: Iterable[Any]) -> dict[Any, Any]:
        missing = object()
        return {key: value for key in keys if (value := self.get(key, missing)) is not missing}


class JsonRedisCache(RedisCache):
    """Django's cache in Redis, with values in JSON."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, {**params, "OPTIONS": {**params.get("OPTIONS", {}), "serializer": JsonText}})
        self._class = JsonClient


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)
