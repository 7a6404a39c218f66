"""Counting a repeated request once: ``Idempotency-Key``.

The key's record is committed before the events are written, together with the number of their batch. So whatever is
killed in between, the next request with the key finds the record, and asks the event store whether the batch is there.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import Q

from apps.core.clock import utc_now
from apps.core.errors import Refusal, Unavailable
from apps.events import writer
from apps.events.delivery import AT_WORK, ON_TIME
from apps.events.ids import id_at
from apps.events.records import IdempotencyKey
from apps.events.store import QUERY_SECONDS, Row, Statement, get_store
from apps.sites.models import Site

MAX_CHARACTERS = 255
REMEMBERED = timedelta(hours=24)
"""How long a repetition is recognised."""
_ASKING = timedelta(seconds=2 * QUERY_SECONDS)
_CLOCKS_DIFFER = timedelta(seconds=20)
HELD = _ASKING + timedelta(seconds=writer.PATIENCE_SECONDS) + ON_TIME + AT_WORK + _CLOCKS_DIFFER
"""How long a request may take to store its events. It asks for those of a request before it and removes a part of them;
then they get their ids within the writer's patience, and may be stored for some time after, by the store's clock."""
PATIENCE_SECONDS = 10.0
"""How long a request waits for another one with its key."""
LOOK_SECONDS = 0.05
"""How often it looks meanwhile."""
HEADER = "Idempotency-Key"

_KEY = re.compile(rf"[!-~]{{1,{MAX_CHARACTERS}}}")
_PROCESS = secrets.token_hex(16)
_SINCE = timedelta(minutes=2)
"""How much older than a key its events may be, by the clocks of two processes."""


class SiteIsGone(Refusal):
    """The site was deleted while the request was on its way."""

    status = 404


@dataclass(frozen=True, slots=True, kw_only=True)
class Once:
    """A key, ``scope`` (who may repeat it) and the body as it was posted."""

    key: str
    scope: str
    body: bytes


def write_once(once: Once, site: Site, rows: Callable[[], list[Row]]) -> int:
    """Store ``rows()``, unless this request was stored before; returns how many were stored now.

    Raises ``Refusal`` for a key that is none or was used for another body, ``SiteIsGone`` for a site that was just
    deleted, ``Unavailable`` where the rows cannot be stored now or another request with the key does not end, and what
    ``rows`` raises.
    """
    if not _KEY.fullmatch(once.key):
        raise Refusal(f"expected 1 to {MAX_CHARACTERS} visible ASCII characters, without blanks", path=HEADER)
    key, body = _hash(site, f"key {once.scope} {once.key}".encode()), _hash(site, b"body " + once.body)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        record = IdempotencyKey.objects.filter(site=site, key=key, created_at__gte=utc_now() - REMEMBERED).first()
        if record is None:
            sound = rows()  # a request that is refused leaves no record
            record = _new(site, key, body, events=len(sound))
            if record is not None:
                return _store(record, sound)
            if not Site.objects.filter(pk=site.pk).exists():
                raise SiteIsGone("Site not found")
            if time.monotonic() > deadline:
                raise Unavailable("Another request with this Idempotency-Key is under way.")
        elif record.body != body:
            raise Refusal("was used for another body in the last 24 hours", path=HEADER)
        elif record.stored_at is not None:
            return 0
        elif _take_over(record):
            return _go_on(record, rows)
        elif time.monotonic() > deadline:
            return _give_up(record, rows)
        else:
            time.sleep(LOOK_SECONDS)


def delete_used(now: datetime) -> None:
    """Delete the keys that are no longer remembered."""
    IdempotencyKey.objects.filter(created_at__lt=now - REMEMBERED).delete()


def _hash(site: Site, text: bytes) -> str:
    return blake2b(text, digest_size=16, key=bytes(site.hash_key), person=b"once").hexdigest()


def _new(site: Site, key: str, body: str, *, events: int) -> IdempotencyKey | None:
    """A record that this request holds; ``None`` where another one was faster."""
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA synchronous = FULL")  # of this connection: the record must outlast a power cut
    now = utc_now()
    try:
        with transaction.atomic():
            IdempotencyKey.objects.filter(site=site, key=key, created_at__lt=now - REMEMBERED).delete()
            return IdempotencyKey.objects.create(
                site=site,
                key=key,
                body=body,
                batch=secrets.randbits(63),
                events=events,
                holder=_PROCESS,
                held_until=now + HELD,
                created_at=now,
            )
    except IntegrityError:
        return None


def _take_over(record: IdempotencyKey) -> bool:
    """Hold a record whose holder has given up, or is gone: then nobody else does."""
    now = utc_now()
    free = Q(held_until__lte=now)
    if not settings.CLICKHOUSE_URL:
        free |= ~Q(holder=_PROCESS)  # the embedded engine is this process's own: any other one has ended
    held = IdempotencyKey.objects.filter(free, pk=record.pk, stored_at=None)
    return bool(held.update(holder=_PROCESS, held_until=now + HELD))


def _go_on(record: IdempotencyKey, rows: Callable[[], list[Row]]) -> int:
    """Find out what became of the events of a record that was just taken over, and store them if they are missing."""
    try:
        stored = _is_stored(record, rows)
        if not stored and get_store().is_cluster:
            _remove(record)  # what some of its shards have: nobody is at work on the others any more
        sound = [] if stored else rows()
        if not stored and record.events != len(sound):  # a site's exclusions change, and so does what is too old
            IdempotencyKey.objects.filter(pk=record.pk).update(events=len(sound))
    except BaseException:
        _let_go(record)
        raise
    if not stored:
        return _store(record, sound)
    _note_stored(record)
    return 0


def _store(record: IdempotencyKey, rows: list[Row]) -> int:
    try:
        writer.get_writer().write(rows, batch=record.batch)
    except writer.Undecided:
        raise  # held until it is decided, as far as that can be told
    except BaseException:
        _let_go(record)
        raise
    _note_stored(record)
    return len(rows)


def _give_up(record: IdempotencyKey, rows: Callable[[], list[Row]]) -> int:
    """The holder does not end, or cannot say so: the store knows."""
    if _is_stored(record, rows):
        _note_stored(record)
        return 0
    raise Unavailable("Another request with this Idempotency-Key is under way.")


def _let_go(record: IdempotencyKey) -> None:
    IdempotencyKey.objects.filter(pk=record.pk).update(held_until=utc_now())


def _note_stored(record: IdempotencyKey) -> None:
    IdempotencyKey.objects.filter(pk=record.pk).update(stored_at=utc_now())


def _is_stored(record: IdempotencyKey, rows: Callable[[], list[Row]]) -> bool:
    """Whether the store has all events of a request: one machine has all or none, a cluster perhaps some."""
    sql = f"SELECT count() FROM events WHERE {_ITS_OWN}"  # noqa: S608  # our own
    found = int(get_store().query(Statement(sql=sql, parameters=_its_own(record)))[0][0])
    return found >= _expected(record, rows) if found and get_store().is_cluster else bool(found)


def _expected(record: IdempotencyKey, rows: Callable[[], list[Row]]) -> int:
    """How many events a request has of which some are stored. Where its key does not tell, it is looked at anew; what
    is refused by now, as it is too old, was sound when those were stored: they are taken for all."""
    if record.events is not None:
        return record.events
    try:
        return len(rows())
    except Refusal:
        return 1


def _remove(record: IdempotencyKey) -> None:
    sql = f"ALTER TABLE events DELETE WHERE {_ITS_OWN} SETTINGS mutations_sync = 2"
    get_store().command(Statement(sql=sql, parameters=_its_own(record)), seconds=QUERY_SECONDS)


_ITS_OWN = "site = {site:UInt32} AND id > {since:UInt64} AND batch = {batch:UInt64}"


def _its_own(record: IdempotencyKey) -> dict[str, int]:
    """The parameters of ``_ITS_OWN``: where the events of a request are."""
    since = id_at(record.created_at - _SINCE)
    return {"site": record.site_id, "since": since, "batch": record.batch}
