"""How far this machine's clock is from those of the machines that the service asks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import connection

from apps.core.clock import utc_now
from apps.core.redis import client
from apps.events.engine import SECONDS
from apps.events.store import get_store
from insights_site.at_once import at_once

MOST = timedelta(minutes=1)
"""Clocks that are further apart make ids of events, and so prepared counts, unreliable: docs/background.md."""


def _records() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
        return moment


def _events() -> datetime:
    return get_store().now(seconds=SECONDS)


def _broker() -> datetime:
    seconds, microseconds = client().time()
    return datetime.fromtimestamp(seconds + microseconds / 1_000_000, UTC)


def differences(seconds: float) -> dict[str, timedelta]:
    """Part → how far its clock is ahead of ours; without those that are in this machine or do not answer in time."""
    found = at_once(_asked(), seconds=seconds)
    return {part: each for part, each in found.items() if not isinstance(each, Exception)}


def _asked() -> dict[str, Callable[[], timedelta]]:
    asked = {}
    if connection.vendor == "postgresql":
        asked["records"] = _records_ahead
    if settings.CLICKHOUSE_URL:
        asked["events"] = _events_ahead
    if settings.REDIS_URL:
        asked["broker"] = _broker_ahead
    return asked


def _ahead(clock: Callable[[], datetime]) -> Callable[[], timedelta]:
    def compare() -> timedelta:
        """Measured in the middle of the question, as nobody knows when in its course the clock was read."""
        before = utc_now()
        told = clock()
        return told - (before + (utc_now() - before) / 2)

    return compare


_records_ahead, _events_ahead, _broker_ahead = _ahead(_records), _ahead(_events), _ahead(_broker)
