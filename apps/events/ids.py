"""Ids of events: they grow in the order in which events reach the engine."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from apps.core.clock import utc_now
from apps.events.store import EventStore, Row, Statement

_TAG_BITS = 8
_MILLISECOND_BITS = 22


def id_at(moment: datetime) -> int:
    """The greatest id that is given before ``moment``, unless ids run ahead of the clock."""
    return (int(moment.timestamp() * 1000) << _MILLISECOND_BITS) - 1


def time_of(number: int) -> datetime:
    """The moment in an id."""
    return datetime.fromtimestamp((number >> _MILLISECOND_BITS) / 1000, UTC)


class IdSource:
    """Ids that grow in the order of arrival: 41 bits of milliseconds, 14 of count, 8 that tell processes apart.

    More than 16,384 rows in a millisecond run ahead of the clock; ``floor`` keeps ids growing
    after a restart whose clock stands behind the last one's.
    """

    def __init__(self, *, floor: int = 0, clock: Callable[[], datetime] = utc_now) -> None:
        self._clock = clock
        self._tag = secrets.randbits(_TAG_BITS)
        self._last = (floor >> _TAG_BITS) + 1

    @property
    def last(self) -> int:
        """No id up to this one will be given."""
        return self._last << _TAG_BITS | self._tag

    def go_on_from(self, number: int) -> None:
        """Give no id up to this one any more."""
        self._last = max(self._last, number >> _TAG_BITS)

    def take(self, count: int) -> list[int]:
        """The next ``count`` ids, ascending."""
        milliseconds = int(self._clock().timestamp() * 1000)
        first = max(self._last + 1, milliseconds << (_MILLISECOND_BITS - _TAG_BITS))
        self._last = first + count - 1
        return [number << _TAG_BITS | self._tag for number in range(first, first + count)]


def stamped(batches: Iterable[tuple[int, list[Row]]], ids: IdSource) -> list[Row]:
    """The rows of numbered batches as one insert takes them: with ``id``, ``batch`` and ``received``."""
    rows: list[Row] = []
    for number, batch in batches:
        for row in batch:
            row["batch"] = number
        rows += batch
    numbers = ids.take(len(rows))
    # One moment for the insert: the table is partitioned by it, so that one insert is one part. It is that of
    # the ids, so that it never runs behind them when the clock was set back.
    received = time_of(numbers[0]).replace(microsecond=0) if numbers else None
    for row, number in zip(rows, numbers, strict=True):
        row["id"] = number
        row["received"] = received
    return rows


def newest_id(store: EventStore) -> int:
    """The greatest id of all rows, or of those that were removed; 0 where there never were any.

    A clock that was set back gave rows that arrived last an older ``received``: the rows of the newest one only say
    from where on to look, and the index of ids finds what lies beyond.
    """
    latest = "SELECT max(id) FROM events WHERE received = (SELECT max(received) FROM events)"
    found = f"SELECT max(id) AS newest FROM events WHERE id >= ({latest})"  # noqa: S608  # our own
    sql = f"SELECT max(newest) FROM ({found} UNION ALL SELECT max(id) AS newest FROM given_ids)"  # noqa: S608  # as above
    columns = store.query(Statement(sql=sql))
    return int(columns[0][0])


def remember_newest_id(store: EventStore) -> None:
    """To be called before events are removed: later ids must be greater, for counting goes on after the last one."""
    store.command(Statement(sql="INSERT INTO given_ids SELECT {id:UInt64}", parameters={"id": newest_id(store)}))
