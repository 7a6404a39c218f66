"""The group-commit writer: many requests, few durable inserts."""

from __future__ import annotations

import atexit
import logging
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from apps.core.clock import utc_now
from apps.core.errors import Unavailable
from apps.events.store import EventStore, Row, Statement, get_store

log = logging.getLogger(__name__)

QUEUE_ROWS = 50_000
"""How many rows may wait; a request that would exceed it is refused."""
GROUP_ROWS = 5_000
"""A group is closed when it holds this many rows."""
COMPANY_SECONDS = 0.010
"""How long the first batch of a group waits for others."""
SPACING_SECONDS = 0.040
"""Least time between the starts of two groups, unless full: merges keep up with a few tens of parts a second."""
PATIENCE_SECONDS = 30.0
"""How long a batch waits for its group before it is given up."""

_TAG_BITS = 8
_MILLISECOND_BITS = 22


class Undecided(Unavailable):
    """The engine may yet store the batch, or not."""


@dataclass(slots=True, eq=False)
class _Batch:
    rows: list[Row]
    number: int
    arrived: float
    done: threading.Event = field(default_factory=threading.Event)
    error: Exception | None = None


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

    def take(self, count: int) -> list[int]:
        """The next ``count`` ids, ascending."""
        milliseconds = int(self._clock().timestamp() * 1000)
        first = max(self._last + 1, milliseconds << (_MILLISECOND_BITS - _TAG_BITS))
        self._last = first + count - 1
        return [number << _TAG_BITS | self._tag for number in range(first, first + count)]


class Writer:
    """One queue and one thread that commits groups of batches, each batch within one insert.

    The store is opened by the thread when the first batch comes; where that fails, the batch is refused
    as ``Unavailable`` and the next one tries again.
    """

    def __init__(
        self,
        open_store: Callable[[], EventStore] = get_store,
        *,
        queue_rows: int = QUEUE_ROWS,
        group_rows: int = GROUP_ROWS,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self._open_store = open_store
        self._queue_rows = queue_rows
        self._group_rows = group_rows
        self._patience = patience
        self._changed = threading.Condition()
        self._waiting: deque[_Batch] = deque()
        self._rows_waiting = 0
        self._stopping = False
        self._ids: IdSource | None = None
        self._last_start = 0.0
        self._thread = threading.Thread(target=self._work, name="event-writer", daemon=True)
        self._thread.start()

    def write(self, rows: list[Row], *, batch: int | None = None) -> None:
        """Return when ``rows`` are durable and visible, all of them; stamps ``id``, ``batch`` and ``received``.

        Raises ``Unavailable`` when the queue is full, the writer is stopping, or the engine is away: then
        nothing is stored. One case cannot be told: an insert that hangs longer than ``patience`` seconds
        is reported as ``Undecided``, as the engine may yet finish it. Raises the engine's error
        where it refuses a value of these very rows.
        """
        if not rows:
            return
        number = secrets.randbits(64) if batch is None else batch
        entry = _Batch(rows=rows, number=number, arrived=time.monotonic())
        self._enqueue(entry)
        if not entry.done.wait(self._patience):
            self._give_up(entry)
        if isinstance(entry.error, Unavailable):
            # Raised by several threads at once: each gets an exception of its own.
            raise Unavailable(entry.error.message, retry_after=entry.error.retry_after) from entry.error
        if entry.error is not None:
            raise entry.error

    def close(self) -> None:
        """Store what waits, then stop; later batches are refused."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        self._thread.join()

    def _enqueue(self, entry: _Batch) -> None:
        with self._changed:
            if self._stopping:
                raise Unavailable("The service is stopping.")
            if self._rows_waiting and self._rows_waiting + len(entry.rows) > self._queue_rows:
                raise Unavailable("Too many events are waiting to be stored.")
            self._waiting.append(entry)
            self._rows_waiting += len(entry.rows)
            self._changed.notify_all()

    def _give_up(self, entry: _Batch) -> None:
        with self._changed:
            if entry in self._waiting:
                self._waiting.remove(entry)
                self._rows_waiting -= len(entry.rows)
                raise Unavailable("The event store does not answer.")
            if entry.done.is_set():
                return
        raise Undecided("The event store does not answer.")

    def _work(self) -> None:
        while group := self._next_group():
            self._last_start = time.monotonic()
            self._commit(group)

    def _next_group(self) -> list[_Batch]:
        """Wait for batches, then for company; empty when the writer is stopped and drained."""
        with self._changed:
            while True:
                if self._waiting:
                    due = max(self._waiting[0].arrived + COMPANY_SECONDS, self._last_start + SPACING_SECONDS)
                    left = due - time.monotonic()
                    if left <= 0 or self._stopping or self._rows_waiting >= self._group_rows:
                        return self._take_group()
                    self._changed.wait(left)
                elif self._stopping:
                    return []
                else:
                    self._changed.wait()

    def _take_group(self) -> list[_Batch]:
        group = [self._waiting.popleft()]
        rows = len(group[0].rows)
        while self._waiting and rows + len(self._waiting[0].rows) <= self._group_rows:
            group.append(self._waiting.popleft())
            rows += len(group[-1].rows)
        self._rows_waiting -= rows
        return group

    def _commit(self, group: list[_Batch]) -> None:
        try:
            self._insert(group)
        except Unavailable as error:
            self._finish(group, error)
        except Exception as error:
            if len(group) > 1:
                for entry in group:
                    self._commit([entry])
                return
            log.exception("The event store refused a batch of %d rows.", len(group[0].rows))
            self._finish(group, error)
        else:
            self._finish(group, None)

    @staticmethod
    def _finish(group: list[_Batch], error: Exception | None) -> None:
        for entry in group:
            entry.error = error
            entry.done.set()

    def _insert(self, group: list[_Batch]) -> None:
        store = self._open_store()
        if self._ids is None:
            self._ids = IdSource(floor=_newest_id(store))
        numbers = self._ids.take(sum(len(entry.rows) for entry in group))
        # One moment for the insert: the table is partitioned by it, so that one insert is one part. It is that of
        # the ids, so that it never runs behind them when the clock was set back.
        received = time_of(numbers[0]).replace(microsecond=0)
        rows: list[Row] = []
        for entry in group:
            for row in entry.rows:
                row["batch"] = entry.number
                row["received"] = received
            rows += entry.rows
        for row, number in zip(rows, numbers, strict=True):
            row["id"] = number
        store.insert(rows)


def _newest_id(store: EventStore) -> int:
    """The greatest id of all rows; 0 when there are none.

    A clock that was set back gave rows that arrived last an older ``received``: the rows of the newest one only say
    from where on to look, and the index of ids finds what lies beyond.
    """
    latest = "SELECT max(id) FROM events WHERE received = (SELECT max(received) FROM events)"
    columns = store.query(Statement(sql=f"SELECT max(id) FROM events WHERE id >= ({latest})"))  # noqa: S608  # our own
    return int(columns[0][0]) if columns else 0


_writer: Writer | None = None
_writer_lock = threading.Lock()


def get_writer() -> Writer:
    """The writer of this process, started on first use."""
    global _writer  # noqa: PLW0603  # one writer a process, as there is one engine
    with _writer_lock:
        if _writer is None:
            _writer = Writer()
        return _writer


def close_writer() -> None:
    """Drain and stop the writer of this process, if it was started."""
    global _writer  # noqa: PLW0603
    with _writer_lock:
        if _writer is not None:
            _writer.close()
            _writer = None


atexit.register(close_writer)
