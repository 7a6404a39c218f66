"""Visitors and sessions without ids from the browser: made of address and agent with a salt that changes daily.

Two salts are kept, so that a visit that is under way at midnight (UTC) goes on under its id of the day before. Older
ones are deleted: from then on nobody can tell which address an id was made of, nor link the ids of two days.
"""

from __future__ import annotations

import threading
from datetime import date, datetime, timedelta

from django.core.cache import caches

from apps.core.hashing import keyed_hash64, new_key
from apps.events.enrichment import Visit
from apps.events.records import DailySalt

PAUSE = timedelta(minutes=30)
"""A visit ends so long after its last event. Source: the published session."""
_CACHE = "visits"
_DAY = timedelta(days=1)


class Salts:
    """The salts of today and yesterday, remembered by this process. Safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[date, bytes | None] = {}

    def of(self, day: date) -> bytes:
        """The salt of a day; the first who asks makes it, and deletes what is too old."""
        salt = self._kept.get(day)
        if salt is None:
            with self._lock:
                delete_old(day)
                found, _made = DailySalt.objects.get_or_create(day=day, defaults={"salt": new_key()})
                salt = self._remember(day, bytes(found.salt))
        return salt

    def of_the_day_before(self, day: date) -> bytes | None:
        """The salt of the day before ``day``, where there was one."""
        before = day - _DAY
        if before not in self._kept:
            with self._lock:
                found = DailySalt.objects.filter(day=before).first()
                self._remember(before, bytes(found.salt) if found else None)
        return self._kept.get(before)

    def forget(self) -> None:
        """Drop what is remembered, as another process would not know it."""
        with self._lock:
            self._kept = {}

    def _remember(self, day: date, salt: bytes | None) -> bytes:
        self._kept = {kept: value for kept, value in self._kept.items() if abs(kept - day) <= _DAY} | {day: salt}
        return salt or b""


salts = Salts()


def visit_of(site: int, *, address: str | None, agent: str, now: datetime) -> Visit:
    """The visit that an event at ``now`` belongs to; it is one more event of it.

    Visits under way are kept in the cache by their ids, neither address nor agent. Where the cache is this process's
    memory, a restart ends them: the same visitor then has a second session.
    """
    visits, told, day = caches[_CACHE], f"{site}\n{address or ''}\n{agent}", now.date()
    visitor = _id(salts.of(day), told)
    begun = visits.get(visitor)
    before = salts.of_the_day_before(day) if begun is None else None
    if before is not None:
        earlier = _id(before, told)
        begun = visits.get(earlier)
        visitor = visitor if begun is None else earlier
    if begun is None:
        begun = int(now.timestamp() * 1000)
        # Another request of the same visitor may have been faster.
        if not visits.add(visitor, begun, PAUSE.total_seconds()):
            begun = visits.get(visitor, begun)
    visits.touch(visitor, PAUSE.total_seconds())
    return Visit(visitor=visitor, session=f"{visitor}.{begun}")


def delete_old(today: date) -> None:
    """Delete the salts of the days before yesterday."""
    DailySalt.objects.filter(day__lt=today - _DAY).delete()


def _id(salt: bytes, told: str) -> str:
    return f"{keyed_hash64(salt, b'visit', told):016x}"
