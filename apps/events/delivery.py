"""Taking a group of batches to a ClickHouse server: stored once or not at all, and known which.

What was sent and not answered is sent again with the same token, of which the server stores one, until an answer comes:
stored, refused, or too late. The server takes no rows long after their ids were given, so none can come to light after
it was found missing, and none below the id up to which all is counted in advance. Of a cluster some shards may have
their rows and others not: the same insert, sent again, completes them, and what cannot be completed is removed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from apps.core.errors import Unavailable
from apps.events.ids import IdSource, id_at, stamped, time_of
from apps.events.remote import TooLate, Unsure, is_of_values
from apps.events.store import EventStore, Row, Statement

log = logging.getLogger(__name__)

ON_TIME = timedelta(seconds=60)
"""How long after its ids were given a server may store a row; what is counted in advance is older still."""
AT_WORK = timedelta(seconds=10)
"""How long after that the server may yet be at work on an insert that came in time."""
PAUSE_SECONDS = 1.0
"""Between two attempts."""
_CLOCKS = 3
"""How often a group gets new ids since the store's clock says that it comes too late."""

Batches = Sequence[tuple[int, list[Row]]]


def deliver(
    store: EventStore, batches: Callable[[], Batches], ids: IdSource, *, pause: Callable[[float], bool]
) -> list[Row]:
    """Store the rows of all ``batches`` in one insert; returns the rows as they are stored.

    ``batches`` is asked again when the rows are known not to be stored and get new ids; ``pause`` waits and says
    whether to go on. Raises ``Unavailable`` where nothing is stored, ``Unsure`` where that is not known when it is to
    stop, and the engine's error where it refuses a value.
    """
    for _turn in range(_CLOCKS):
        rows = stamped(batches(), ids)
        if not rows or _is_stored(store, rows, pause):
            return rows
        # The clock of this process stands behind the store's, or the rows were too long on their way.
        ids.go_on_from(id_at(store.now()))
    raise Unavailable("The clocks of the service and of its event store differ.")


def remove(store: EventStore, rows: Sequence[Row], batches: set[int]) -> None:
    """Remove what was stored though its senders had been told otherwise, or could not be stored as a whole."""
    doomed = [row for row in rows if row["batch"] in batches]
    sql = f"ALTER TABLE events DELETE WHERE {_THESE} SETTINGS mutations_sync = 2"
    store.command(Statement(sql=sql, parameters=_these(doomed)))
    log.warning("%d events that were stored late, or in part, are removed.", len(doomed))


def _is_stored(store: EventStore, rows: list[Row], pause: Callable[[float], bool]) -> bool:
    """Send the rows until it is known; ``False`` where they came too late and none is stored."""
    first, until = rows[0], time_of(rows[0]["id"]) + ON_TIME
    # Two processes may have the same tag, and so give the same id: the batch, drawn by lot, tells their inserts apart.
    token = f"{first['id']}-{first['batch']:x}-{len(rows)}"
    is_sent = False
    while True:
        try:
            if is_sent and (decided := _is_decided(store, rows, until)) is not None:
                return decided
            store.insert(rows, token=token, until=until)
            return True
        except TooLate as error:
            # No attempt can come in time any more; one before this may have, and may be at work.
            if not is_sent:
                return False
            reason = error.message
        except Unsure as error:
            is_sent, reason = True, error.message
        except Exception as error:
            # What an engine or a proxy says now leaves open what became of an attempt that was not answered.
            if not is_sent or is_of_values(error):
                raise
            reason = error.message if isinstance(error, Unavailable) else "The event store does not answer."
            log.warning("What became of %d events cannot be told yet.", len(rows), exc_info=error)
        if not pause(PAUSE_SECONDS):
            raise Unsure(reason)


def _is_decided(store: EventStore, rows: list[Row], until: datetime) -> bool | None:
    """Whether all rows are in the store, or no more can come and none is there; ``None`` while that is open."""
    is_over = store.now() > until + AT_WORK
    found = _count(store, rows)
    if found == len(rows):
        return True
    if is_over and found:
        remove(store, rows, {row["batch"] for row in rows})
    return False if is_over else None


def _count(store: EventStore, rows: Sequence[Row]) -> int:
    """How many of these rows of one insert are in the store."""
    sql = f"SELECT uniqExact(id) FROM events WHERE {_THESE}"  # noqa: S608  # our own
    return int(store.query(Statement(sql=sql, parameters=_these(rows)))[0][0])


_THESE = (
    "site IN {sites:Array(UInt32)} AND received = toDateTime({at:UInt32}) AND id IN {ids:Array(UInt64)}"
    " AND batch IN {batches:Array(UInt64)}"
)


def _these(rows: Sequence[Row]) -> dict[str, Any]:
    """The parameters of ``_THESE`` for rows of one insert."""
    return {
        "sites": sorted({row["site"] for row in rows}),
        "at": int(rows[0]["received"].timestamp()),
        "ids": [row["id"] for row in rows],
        "batches": sorted({row["batch"] for row in rows}),
    }
