"""Whether the service can answer queries, and whether all its parts are at work."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from apps.core.clock import utc_now
from apps.core.errors import Refusal, Unavailable
from apps.core.redis import client
from apps.events.engine import room
from apps.events.store import Statement, get_store
from apps.rollups.status import lag
from insights_site import signs
from insights_site.at_once import BESIDE_SECONDS, at_once
from insights_site.clocks import MOST as MOST_APART
from insights_site.clocks import differences

log = logging.getLogger(__name__)
SECONDS = 2.0
"""How long the event store may take to answer."""
PATIENCE_SECONDS = 6.0
"""How long all parts together may take; more than what any of them is given by itself."""
MOST_LAG = timedelta(hours=1)
"""A closed hour that has waited longer to be counted says that counting does not keep up, or does not run."""
ILL = (Refusal, DatabaseError, redis.RedisError, TimeoutError, OSError)
"""What is raised where a part is not well; anything else is a fault of ours."""


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


def _disk() -> None:
    for folder, free in rooms().items():
        if free < settings.DISK_MIN_MB * 1_000_000:
            raise Unavailable(f"{free / 1_000_000:,.0f} MB are left for {folder}, less than DISK_MIN_MB")


def rooms() -> dict[str, int]:
    """What is kept → the bytes that are free for it: ``data`` in ``DATA_DIR``, ``events`` on a ClickHouse server.

    A server that is away is ill itself; one whose user may not know of its disks tells nothing.
    """
    told = at_once({"events": room} if settings.CLICKHOUSE_URL else {}, seconds=BESIDE_SECONDS)
    rooms = {part: free for part, free in told.items() if not isinstance(free, Exception)}
    return {"data": shutil.disk_usage(settings.DATA_DIR).free, **rooms}


def _rollups() -> None:
    with suppress(DatabaseError):  # then the records are ill
        behind = lag(utc_now())
        if behind > MOST_LAG:
            raise Unavailable(f"the first hour has been waiting to be counted for {behind}")


def _clock() -> None:
    for part, ahead in differences(BESIDE_SECONDS).items():
        if abs(ahead) > MOST_APART:
            raise Unavailable(f"the clock of {part} is {ahead.total_seconds():+,.0f} seconds from this machine's")


PARTS: dict[str, Callable[[], None]] = {
    "records": _records,
    "events": _events,
    "broker": _broker,
    "worker": _sign_of("worker"),
    "beat": _sign_of("beat"),
    "disk": _disk,
    "rollups": _rollups,
    "clock": _clock,
}
"""What ``/readyz`` tells of, each with a check that raises."""


def is_well(part: str) -> bool:
    """Whether the part answers; why it does not is logged."""
    try:
        PARTS[part]()
    except ILL as error:
        log.warning("Not well: %s: %s", part, error)
        return False
    return True


def all_parts() -> dict[str, bool]:
    """Part → whether it is well, asked at once, so that one that hangs keeps nobody longer than ``PATIENCE_SECONDS``.

    Why a part is not is logged.
    """
    found = at_once(PARTS, seconds=PATIENCE_SECONDS)
    for part, error in found.items():
        if isinstance(error, Exception):
            log.warning("Not well: %s: %s", part, error, exc_info=None if isinstance(error, ILL) else error)
    return {part: error is None for part, error in found.items()}


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
    parts = {part: "well" if is_well else "ill" for part, is_well in all_parts().items()}
    ready = "ill" not in parts.values()
    return JsonResponse({"status": "ok" if ready else "unavailable", "parts": parts}, status=200 if ready else 503)
