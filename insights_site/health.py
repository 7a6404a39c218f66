"""Whether the service can answer queries, and whether all its parts are at work."""

from __future__ import annotations

import logging
from collections.abc import Callable

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from apps.core.errors import Refusal, Unavailable
from apps.core.redis import client
from apps.events.store import Statement, get_store
from insights_site import signs

log = logging.getLogger(__name__)
SECONDS = 2.0
"""How long the event store may take to answer."""


def _records() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _events() -> None:
    get_store().query(Statement(sql="SELECT site FROM events LIMIT 1"), seconds=SECONDS)


def _broker() -> None:
    if settings.REDIS_URL:
        client().ping()


def _sign_of(part: str) -> Callable[[], None]:
    def check() -> None:
        if not signs.is_alive(part):
            raise Unavailable(f"no sign of life in the last {signs.SECONDS} seconds")

    return check


PARTS: dict[str, Callable[[], None]] = {
    "records": _records,
    "events": _events,
    "broker": _broker,
    "worker": _sign_of("worker"),
    "beat": _sign_of("beat"),
}
"""What ``/readyz`` tells of, each with a check that raises."""


def is_well(part: str) -> bool:
    """Whether the part answers; why it does not is logged."""
    try:
        PARTS[part]()
    except (Refusal, DatabaseError, redis.RedisError) as error:
        log.warning("Not well: %s: %s", part, error)
        return False
    return True


@require_safe
@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """200 when both databases answer a query, else 503."""
    if is_well("records") and is_well("events"):
        return JsonResponse({"status": "ok"})
    return JsonResponse({"status": "unavailable"}, status=503)


@require_safe
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when every part is well, else 503; says of each whether it is ``well`` or ``ill``."""
    parts = {part: "well" if is_well(part) else "ill" for part in PARTS}
    ready = "ill" not in parts.values()
    return JsonResponse({"status": "ok" if ready else "unavailable", "parts": parts}, status=200 if ready else 503)
