"""Taking a group of batches to a ClickHouse server: stored once or not at all, and known which.

What was sent and not answered is sent again with the same token, of which the server stores one, until an answer comes:
stored, refused, or too late. The server takes no rows long after their ids were given, so none can come to light after
it was found missing, and none below the id up to which all is counted in advance.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import timedelta

from apps.core.errors import Unavailable
from apps.events.ids import IdSource, id_at, stamped, time_of
from apps.events.remote import TooLate, Unsure
from apps.events.store import EventStore, Row, Statement

log = logging.getLogger(__name__)

ON_TIME = timedelta(seconds=60)
"""How long after its ids were given a server may store a row; what is counted in advance is older still."""
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
    """Remove what was stored after its request had been told that it was not."""
    doomed = [row for row in rows if row["batch"] in batches]
    store.command(
        Statement(
            sql="ALTER TABLE events DELETE WHERE site IN {sites:Array(UInt32)} AND received = toDateTime({at:UInt32})"
            " AND id IN {ids:Array(UInt64)} SETTINGS mutations_sync = 2",
            parameters={
                "sites": sorted({row["site"] for row in doomed}),
                "at": int(doomed[0]["received"].timestamp()),
                "ids": [row["id"] for row in doomed],
            },
        )
    )
    log.warning("%d events that were stored after their senders had been told otherwise are removed.", len(doomed))


def _is_stored(store: EventStore, rows: list[Row], pause: Callable[[float], bool]) -> bool:
    """Send the rows until it is known; ``False`` where they came too late and none is stored."""
    first = rows[0]["id"]
    is_sent = is_late = False
    while True:
        try:
            if is_sent and _is_there(store, rows):
                return True
            if is_late:
                return False
            store.insert(rows, token=f"{first}-{len(rows)}", until=time_of(first) + ON_TIME)
            return True
        except TooLate:
            # No attempt can come in time any more; one before this may have.
            is_late = True
            if not is_sent:
                return False
        except Unsure:
            is_sent = True
            if not pause(PAUSE_SECONDS):
                raise
        except Unavailable as error:
            if not is_sent:
                raise
            if not pause(PAUSE_SECONDS):
                raise Unsure(error.message) from error


def _is_there(store: EventStore, rows: Sequence[Row]) -> bool:
    """Whether the insert of these rows, one part for all, is in the store."""
    row = rows[0]
    sql = "SELECT 1 FROM events WHERE site = {site:UInt32} AND received = toDateTime({at:UInt32}) AND id = {id:UInt64}"
    parameters = {"site": row["site"], "at": int(row["received"].timestamp()), "id": row["id"]}
    return bool(store.query(Statement(sql=sql, parameters=parameters)))
