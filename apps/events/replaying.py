"""What a process that ended had acknowledged and not stored yet is stored when the event store is opened."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

from apps.core.errors import Unavailable
from apps.events.aside import DAMAGED, set_aside, tell
from apps.events.ids import IdSource, newest_id, stamped
from apps.events.journal import Batch, read_segment, remove, segments
from apps.events.store import EventStore, Statement

log = logging.getLogger(__name__)

GROUP_ROWS = 5_000
"""An insert holds no more rows than this, unless one batch does."""
_ASKED_AT_ONCE = 1_000


def replay(folder: Path, store: EventStore) -> int:
    """Store the events of all segments in ``folder`` that are not in the store; returns how many those were.

    A batch is in the store whole or not at all, so its number tells. Safe to stop anywhere and to repeat.
    Raises ``Unavailable`` where the store cannot take them now: then the segments stay.
    """
    ids, stored = IdSource(floor=newest_id(store)), 0
    for path in segments(folder):
        floor, batches, whole = read_segment(path)
        known = _known(store, floor, [number for number, _rows in batches])
        missing = [batch for batch in batches if batch[0] not in known]
        for group in _groups(missing):
            stored += _insert(store, group, ids, folder)
        if whole:
            remove(path)
        else:
            log.error("%s cannot be read to its end: what could be read is stored, the file is kept.", path)
            path.rename(path.with_suffix(DAMAGED))
    if stored:
        log.warning("%d events that were acknowledged before the last process ended are stored now.", stored)
    tell(folder)
    return stored


def _known(store: EventStore, floor: int, numbers: list[int]) -> set[int]:
    """Those of ``numbers`` whose batches are in the store, under ids above ``floor``."""
    sql = "SELECT DISTINCT batch FROM events WHERE id > {floor:UInt64} AND batch IN {numbers:Array(UInt64)}"
    known: set[int] = set()
    for first in range(0, len(numbers), _ASKED_AT_ONCE):
        asked = {"floor": floor, "numbers": numbers[first : first + _ASKED_AT_ONCE]}
        columns = store.query(Statement(sql=sql, parameters=asked))
        known.update(columns[0] if columns else ())
    return known


def _groups(batches: list[Batch]) -> Iterator[list[Batch]]:
    group: list[Batch] = []
    rows = 0
    for batch in batches:
        if group and rows + len(batch[1]) > GROUP_ROWS:
            yield group
            group, rows = [], 0
        group.append(batch)
        rows += len(batch[1])
    if group:
        yield group


def _insert(store: EventStore, group: list[Batch], ids: IdSource, folder: Path) -> int:
    try:
        rows = stamped(group, ids)
        store.insert(rows)
        return len(rows)
    except Unavailable:
        raise
    except Exception:
        if len(group) > 1:
            return sum(_insert(store, [batch], ids, folder) for batch in group)
        log.exception(
            "The event store refused a batch of %d rows; it is kept in the journal's folder.", len(group[0][1])
        )
        set_aside(folder, group[0])
        return 0
