"""Locks that keep two workers off the same work.

``only_one`` spares double work, in one process or, with ``REDIS_URL``, in many; it may fail to keep others out.
``one_after_another`` is for work that must never overlap: it is as strong as the database of the records.
"""

from __future__ import annotations

import fcntl
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b

import redis
from django.conf import settings
from django.db import connection, transaction
from redis.exceptions import LockError

from apps.core.errors import Unavailable
from apps.core.redis import client

log = logging.getLogger(__name__)

_held: set[str] = set()
_guard = threading.Lock()


@contextmanager
def only_one(key: str, *, seconds: float) -> Iterator[bool]:
    """Whether this worker may do the work named ``key``; it never waits for another that does it.

    ``seconds``, more than the work can take, is after what time a worker that died no longer keeps others away.
    A worker that takes longer may find company, so the work itself must be safe to repeat: the lock spares
    double work, the state rows keep the figures right. Raises ``Unavailable`` when Redis does not answer.
    """
    with _in_redis(key, seconds) if settings.REDIS_URL else _in_process(key) as mine:
        yield mine


@contextmanager
def one_after_another(key: str) -> Iterator[None]:
    """Wait until nobody else is within the same ``key``, in any process that shares the records; then go on.

    With PostgreSQL a lock of a transaction, which ends with its connection; else, where all processes are on one
    machine, a locked file in ``DATA_DIR``, which ends with its process.
    """
    if connection.vendor == "postgresql":
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_number_of(key)])
            yield
    else:
        with (settings.DATA_DIR / f"{key}.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _number_of(key: str) -> int:
    return int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), signed=True)


@contextmanager
def _in_process(key: str) -> Iterator[bool]:
    with _guard:
        mine = key not in _held
        if mine:
            _held.add(key)
    try:
        yield mine
    finally:
        if mine:
            with _guard:
                _held.discard(key)


@contextmanager
def _in_redis(key: str, seconds: float) -> Iterator[bool]:
    lock = client().lock(f"lock:{key}", timeout=seconds, blocking=False)
    try:
        mine = lock.acquire()
    except redis.RedisError as error:
        raise Unavailable("Redis does not answer.") from error
    try:
        yield mine
    finally:
        if mine:
            _release(lock, key)


def _release(lock: redis.lock.Lock, key: str) -> None:
    """Give the lock back. The work is done, so a Redis that is away is no error: the lock ends by itself."""
    try:
        lock.release()
    except LockError:
        log.warning("The work %s took longer than its lock.", key)
    except redis.RedisError as error:
        log.warning("The lock of %s ends by itself: %s", key, error)
