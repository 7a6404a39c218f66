"""The group-commit writer: many requests, few durable inserts.

With a journal (the embedded engine) a request waits until its events are flushed to the journal, and they reach the
engine a little later, at the latest when a question is asked. Without one (a ClickHouse server, which others ask too)
it waits for the insert.
"""

from __future__ import annotations

import logging
import random
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from apps.core.errors import Unavailable
from apps.events import metrics
from apps.events.aside import set_aside
from apps.events.delivery import deliver, remove
from apps.events.ids import IdSource, newest_id, stamped
from apps.events.journal import SEGMENT_SECONDS, Journal, Segment, record_of
from apps.events.remote import Unsure
from apps.events.store import EventStore, Row, before_closing, get_store, journal_folder

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
KEPT_SECONDS = 2.0
"""How long a batch that is in the journal may wait for company, unless a question is asked."""
RETRY_SECONDS = 2.0
"""How long batches in the journal wait after the engine could not take them, unless a question is asked."""
IDLE_SECONDS = 1.0
"""After so long without an event no journal is left on disk."""


_numbers = random.Random(secrets.randbits(256))  # noqa: S311  # unlike, not secret; asking the system lets others run


class Undecided(Unavailable):
    """The engine may yet store the batch, or not."""


@dataclass(slots=True, eq=False)
class _Batch:
    rows: list[Row]
    number: int
    arrived: float
    turn: int = 0
    segment: Segment | None = None
    """Where the journal holds it; else ``done`` tells the request that waits."""
    done: threading.Event | None = None
    error: Exception | None = None
    is_kept_track_of: bool = False
    """Whoever sent it looks for it by its number: it is not removed where it is stored after all."""
    is_given_up: bool = False
    """Its request was told that it is not stored."""


class Writer:
    """One queue and one thread that commits groups of batches, each batch within one insert.

    The store is opened when the first batch comes; where that fails, the batch is refused as ``Unavailable`` and the
    next one tries again.
    """

    def __init__(
        self,
        open_store: Callable[[], EventStore] = get_store,
        *,
        folder: Path | None = None,
        queue_rows: int = QUEUE_ROWS,
        group_rows: int = GROUP_ROWS,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        """``folder`` is the journal's, where there is to be one."""
        self._open_store = open_store
        self._folder = folder
        self._queue_rows = queue_rows
        self._group_rows = group_rows
        self._patience = patience
        self._opening = threading.Lock()
        self._changed = threading.Condition()
        self._waiting: deque[_Batch] = deque()
        self._under_way: list[_Batch] = []
        self._rows_waiting = 0
        self._turns = 0
        self._wanted = 0
        self._failures = 0
        self._stopping = False
        self._left_behind = False
        self._ids: IdSource | None = None
        self._journal: Journal[_Batch] | None = None
        self._last_start = 0.0
        self._not_before = 0.0
        self._thread = threading.Thread(target=self._work, name="event-writer", daemon=True)
        self._thread.start()

    def write(self, rows: list[Row], *, batch: int | None = None) -> None:
        """Return when ``rows`` are durable, all of them, and in the answer to whatever is asked from then on.

        Raises ``Unavailable`` when too many wait, the writer is stopping, or the journal or the engine is away: then
        nothing is stored. Without a journal it is ``write_through``.
        """
        if self._folder is None:
            self.write_through(rows, batch=batch)
        elif rows:
            self._keep(_Batch(rows=rows, number=_number(batch), arrived=time.monotonic()))

    def write_through(self, rows: list[Row], *, batch: int | None = None) -> None:
        """Return when ``rows`` are in the engine, all of them, in one insert; the journal is left out.

        Raises ``Unavailable`` as ``write`` does. One case cannot be told: an insert that hangs longer than
        ``patience`` seconds is reported as ``Undecided``, as the engine may yet finish it. Raises the engine's error
        where it refuses a value of these very rows.
        """
        if not rows:
            return
        done = threading.Event()
        entry = _Batch(
            rows=rows,
            number=_number(batch),
            arrived=time.monotonic(),
            done=done,
            is_kept_track_of=batch is not None,
        )
        self._enqueue(entry)
        if not done.wait(self._patience):
            self._give_up(entry, done)
        if isinstance(entry.error, Unsure):
            raise Undecided(entry.error.message) from entry.error
        if isinstance(entry.error, Unavailable):
            # Raised by several threads at once: each gets an exception of its own.
            raise Unavailable(entry.error.message, retry_after=entry.error.retry_after) from entry.error
        if entry.error is not None:
            raise entry.error

    @property
    def rows_waiting(self) -> int:
        """How many rows wait for the engine."""
        return self._rows_waiting + sum(len(entry.rows) for entry in self._under_way)

    def settle(self, seconds: float = PATIENCE_SECONDS) -> None:
        """Return when all that was acknowledged by now is in the engine: nothing to wait for without a journal.

        Raises ``Unavailable`` when that cannot be within ``seconds``. The store calls it before every question.
        """
        if self._journal is None or threading.current_thread() is self._thread:
            return
        with self._changed:
            turn, failures = self._turns, self._failures
            if self._oldest() <= turn:
                self._want(turn)
                if not self._changed.wait_for(lambda: self._oldest() > turn or self._failures > failures, seconds):
                    raise Unavailable("The event store does not answer.")
            if self._oldest() <= turn or self._left_behind:
                raise Unavailable("The event store cannot store events now.")

    def clear_journal(self) -> None:
        """Return when nothing of what was acknowledged by now is left in the journal: it is in the engine.

        For an erasure, which must not be undone by a segment that is replayed. Raises ``Unavailable``.
        """
        if self._journal is None:
            return
        old, deadline = self._journal.rotate(), time.monotonic() + PATIENCE_SECONDS
        self.settle()
        while any(segment.waiting for segment in old):  # a request has just written to one, and not enqueued it yet
            if time.monotonic() > deadline:
                raise Unavailable("The event store does not answer.")
            time.sleep(COMPANY_SECONDS)
            self.settle()

    def close(self) -> None:
        """Store what waits, then stop; later batches are refused. What cannot be stored now stays in the journal."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        self._thread.join()
        if self._journal is not None:
            self._journal.rotate()

    def _keep(self, entry: _Batch) -> None:
        journal = self._open()[1]
        assert journal is not None  # noqa: S101  # there is a folder
        self._check_room(len(entry.rows))
        journal.append(record_of((entry.number, entry.rows)), entry)

    def _take_over(self, entries: Sequence[_Batch], segment: Segment) -> None:
        """The journal has written these."""
        with self._changed:
            idle = not self._waiting
            for entry in entries:
                entry.segment = segment
                self._append(entry)
            if idle or self._rows_waiting >= self._group_rows:
                self._changed.notify_all()

    def _open(self) -> tuple[IdSource, Journal[_Batch] | None]:
        """The ids that go on from the store's newest, and the journal where there is to be one."""
        if self._ids is None:
            with self._opening:
                if self._ids is None:
                    store = self._open_store()
                    ids = IdSource(floor=newest_id(store))
                    if self._folder is not None:
                        self._journal = Journal(self._folder, floor=lambda: ids.last, written=self._take_over)
                        store.before_question = self.settle
                    self._ids = ids
        return self._ids, self._journal

    def _check_room(self, rows: int) -> None:
        if self._stopping:
            raise Unavailable("The service is stopping.")
        if self._rows_waiting and self._rows_waiting + rows > self._queue_rows:
            raise Unavailable("Too many events are waiting to be stored.")

    def _enqueue(self, entry: _Batch) -> None:
        with self._changed:
            self._check_room(len(entry.rows))
            self._append(entry)
            self._want(entry.turn)

    def _append(self, entry: _Batch) -> None:
        self._turns += 1
        entry.turn = self._turns
        self._waiting.append(entry)
        self._rows_waiting += len(entry.rows)

    def _want(self, turn: int) -> None:
        """Have all up to ``turn`` stored without delay."""
        self._wanted = max(self._wanted, turn)
        self._changed.notify_all()

    def _oldest(self) -> float:
        """The turn of the oldest batch that is not stored; infinite where there is none."""
        first = self._under_way or self._waiting
        return first[0].turn if first else float("inf")

    def _give_up(self, entry: _Batch, done: threading.Event) -> None:
        with self._changed:
            if entry in self._waiting:
                self._waiting.remove(entry)
                self._rows_waiting -= len(entry.rows)
                raise Unavailable("The event store does not answer.")
            if done.is_set():
                return
            entry.is_given_up = True
        raise Undecided("The event store does not answer.")

    def _work(self) -> None:
        while group := self._next_group():
            self._last_start = time.monotonic()
            self._commit(group)
            with self._changed:
                self._under_way = []
                self._changed.notify_all()
            if self._journal is not None:
                self._journal.rotate(older_than=SEGMENT_SECONDS)

    def _next_group(self) -> list[_Batch]:
        """Wait for batches, then for company; empty when the writer is stopped and drained."""
        with self._changed:
            while True:
                if self._waiting:
                    left = self._due() - time.monotonic()
                    if left <= 0 or self._stopping:
                        return self._take_group()
                    self._changed.wait(left)
                elif self._stopping:
                    return []
                elif self._journal is None or not self._journal.is_begun:
                    self._changed.wait()
                elif not self._changed.wait(IDLE_SECONDS):
                    self._journal.rotate()

    def _due(self) -> float:
        """When the next group is to be stored."""
        if self._rows_waiting >= self._group_rows:
            return self._not_before
        first = self._waiting[0]
        if first.turn <= self._wanted:
            return max(first.arrived + COMPANY_SECONDS, self._last_start + SPACING_SECONDS)
        return max(first.arrived + KEPT_SECONDS, self._not_before)

    def _take_group(self) -> list[_Batch]:
        group = [self._waiting.popleft()]
        rows = len(group[0].rows)
        while self._waiting and rows + len(self._waiting[0].rows) <= self._group_rows:
            group.append(self._waiting.popleft())
            rows += len(group[-1].rows)
        self._rows_waiting -= rows
        self._under_way = list(group)
        return group

    def _commit(self, group: list[_Batch]) -> None:
        try:
            with metrics.GROUP_SECONDS.time():
                rows = self._insert(group)
            metrics.GROUP_ROWS.observe(rows)
        except Unavailable as error:
            self._put_off([entry for entry in group if entry.segment is not None])
            self._finish([entry for entry in group if entry.segment is None], error)
        except Exception as error:
            if len(group) > 1:
                for entry in group:
                    self._commit([entry])
                return
            log.exception("The event store refused a batch of %d rows.", len(group[0].rows))
            if group[0].segment is not None and self._folder is not None:
                kept = set_aside(self._folder, (group[0].number, group[0].rows))
                log.error("The batch that was refused is kept in %s.", kept)  # told above
            self._finish(group, error)
        else:
            self._finish(group, None)

    def _insert(self, group: list[_Batch]) -> int:
        """Store a group in one insert; returns its rows. On a server it is known afterwards what became of each."""
        store, (ids, _journal) = self._open_store(), self._open()
        if not store.is_remote:
            rows = stamped([(entry.number, entry.rows) for entry in group], ids)
            store.insert(rows)
            return len(rows)

        def wanted() -> list[tuple[int, list[Row]]]:
            # Nor one whose sender looks for it by its number: it may be sent again by now.
            return [(entry.number, entry.rows) for entry in group if not entry.is_given_up]

        rows = deliver(store, wanted, ids, pause=self._pause)
        with self._changed:
            for entry in group:
                if entry.done is not None:
                    entry.done.set()  # from now on nobody gives it up
            late = {entry.number for entry in group if entry.is_given_up and not entry.is_kept_track_of}
        self._remove_late(store, rows, late)
        return len(rows)

    def _remove_late(self, store: EventStore, rows: list[Row], late: set[int]) -> None:
        """Whoever was told 503 sends again: what was stored meanwhile must go, or it would count twice."""
        while late & {row["batch"] for row in rows}:
            try:
                remove(store, rows, late)
            except Exception:  # no error may leave here: all are stored, and would be stored again
                log.warning("Events that were stored late cannot be removed now.", exc_info=True)
                if self._pause(RETRY_SECONDS):
                    continue
                log.error("Events of %d batches are stored whose senders were told otherwise.", len(late))  # told above
            return

    def _pause(self, seconds: float) -> bool:
        """Wait; whether to go on then: not while the writer is stopping."""
        with self._changed:
            self._changed.wait_for(lambda: self._stopping, seconds)
        return not self._stopping

    def _finish(self, group: list[_Batch], error: Exception | None) -> None:
        for entry in group:
            entry.error = error
            if entry.segment is not None and self._journal is not None:
                self._journal.release(entry.segment)
            if entry.done is not None:
                entry.done.set()

    def _put_off(self, kept: list[_Batch]) -> None:
        """Have batches that are in the journal tried again, unless the writer stops: then the next start does it."""
        if not kept:
            return
        with self._changed:
            self._failures += 1
            self._not_before = time.monotonic() + RETRY_SECONDS
            self._wanted = 0
            self._left_behind = self._stopping
            if not self._stopping:
                self._waiting.extendleft(reversed(kept))
                self._rows_waiting += sum(len(entry.rows) for entry in kept)
            self._changed.notify_all()


def _number(batch: int | None) -> int:
    return _numbers.getrandbits(64) if batch is None else batch


_writer: Writer | None = None
_writer_lock = threading.Lock()


def get_writer() -> Writer:
    """The writer of this process, started on first use."""
    global _writer  # noqa: PLW0603  # one writer a process, as there is one engine
    if _writer is not None:  # every request comes here: they need not queue
        return _writer
    with _writer_lock:
        if _writer is None:
            _writer = Writer(folder=None if settings.CLICKHOUSE_URL else journal_folder())
        return _writer


def close_writer() -> None:
    """Drain and stop the writer of this process, if it was started."""
    global _writer  # noqa: PLW0603
    with _writer_lock:
        if _writer is not None:
            _writer.close()
            _writer = None


before_closing(close_writer)
metrics.WAITING.set_function(lambda: _writer.rows_waiting if _writer is not None else 0)
