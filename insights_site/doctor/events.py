"""The event store and its journal; the store is read and never changed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from clickhouse_connect.driver.exceptions import ClickHouseError
from django.conf import settings

from apps.core.clock import utc_now
from apps.core.errors import Unavailable
from apps.events import aside
from apps.events.door import Readable, StoreBehindDoor, door_path, rows_of
from apps.events.ids import time_of
from apps.events.journal import segments
from apps.events.store import TABLES, EventStore, Statement, StoreInUse, journal_folder
from apps.rollups.status import in_words
from insights_site.doctor.findings import Finding, problem, warning, well
from insights_site.doctor.machine import room_on

SECONDS = 15.0
MANY_PARTS, TOO_MANY_PARTS = 300, 1_000
"""Of one part of a table; beyond the second the engine slows inserts down, and at three times that it refuses them."""
APART = timedelta(minutes=1)
AHEAD = timedelta(minutes=2)
OLD_SEGMENT_SECONDS = 120.0


def store_is_sound() -> Iterator[Finding]:
    """It can be read, is of this version, keeps up with merges, and agrees about the time."""
    if not settings.CLICKHOUSE_URL and not (settings.EVENT_STORE_DIR / "store").exists():
        yield well("events", "There is no event store yet: the first start makes it.")
        return
    try:
        with _readable() as store:
            yield from _looked_at(store)
    except Unavailable as error:
        yield problem(
            "events",
            f"The event store cannot be read: {error}",
            "Start the ClickHouse server, or set CLICKHOUSE_URL right."
            if settings.CLICKHOUSE_URL
            else "Only what /readyz says is known of it.",
        )
    except ClickHouseError as error:
        yield problem(
            "events",
            f"The event store refused a question: {str(error).splitlines()[0]}",
            "Of a cluster all machines are asked: does CLICKHOUSE_CLUSTER name it, and do all of them run?",
        )


def journal_is_carried_on() -> Iterator[Finding]:
    """What was acknowledged is on its way into the engine, and nothing was set aside."""
    folder = journal_folder()
    kept = [*folder.glob(aside.REFUSED), *aside.damaged(folder)]
    if kept:
        yield problem(
            "journal",
            f"Events that were acknowledged and could not be stored are in {folder}:"
            f" {', '.join(path.name for path in kept)}.",
            "The log tells why the engine refused them. They are deleted after 30 days.",
        )
    waiting = segments(folder)
    if not waiting:
        yield well("journal", "Nothing waits in the journal.")
        return
    age = time.time() - waiting[0].stat().st_mtime
    told = f"{len(waiting)} files of acknowledged events wait, the oldest for {in_words(timedelta(seconds=age))}."
    if age > OLD_SEGMENT_SECONDS:
        yield warning("journal", told, "A server that starts stores them. One that runs cannot: its log tells why.")
    else:
        yield well("journal", told)


@contextmanager
def _readable() -> Iterator[Readable]:
    try:
        store = EventStore(
            url=settings.CLICKHOUSE_URL, cluster=settings.CLICKHOUSE_CLUSTER, folder=settings.EVENT_STORE_DIR
        )
    except StoreInUse:
        yield StoreBehindDoor(door_path())
        return
    with closing(store):
        yield store


def _looked_at(store: Readable) -> Iterator[Finding]:
    ((engine, now),) = _rows(store, "SELECT version(), toUnixTimestamp(now())")
    yield well("events", f"The store can be read; its engine is ClickHouse {engine}.")
    yield from _tables(store)
    yield from _parts(store)
    if settings.CLICKHOUSE_URL:  # else it is this machine's
        yield from _disks(store)
    yield from _clocks(store, datetime.fromtimestamp(int(now), UTC))


def _tables(store: Readable) -> Iterator[Finding]:
    exists = _rows(
        store, "SELECT count() FROM system.tables WHERE database = currentDatabase() AND name = 'table_changes'"
    )
    applied = {name for (name,) in _rows(store, "SELECT name FROM table_changes")} if int(exists[0][0]) else set()
    known = {file.name for file in TABLES.glob("*.sql")}
    if missing := sorted(known - applied):
        yield problem(
            "tables", f"Changes of tables are not applied: {', '.join(missing)}.", "Start the server, or: migrate_store"
        )
    if unknown := sorted(applied - known):
        yield problem(
            "tables",
            f"The tables were changed by a later version: {', '.join(unknown)}.",
            "Run that version, or restore the backup that was made before the upgrade.",
        )
    if applied == known:
        yield well("tables", f"All {len(known)} changes of tables are applied.")


def _parts(store: Readable) -> Iterator[Finding]:
    most = _rows(
        store,
        "SELECT table, partition, hostName() AS host, count() AS parts FROM system.parts"
        " WHERE active AND database = currentDatabase() GROUP BY table, partition, host ORDER BY parts DESC LIMIT 1",
    )
    for table, partition, host, parts in most:
        told = f"Table {table} has {parts} parts in {partition}{_on(host)}, the most of all."
        advice = "Merges do not keep up: give the engine time, a faster disk or more memory; send larger batches."
        if int(parts) > TOO_MANY_PARTS:
            yield problem("parts", told, advice)
        elif int(parts) > MANY_PARTS:
            yield warning("parts", told, advice)
        else:
            yield well("parts", told)
    failing = _rows(
        store,
        "SELECT table, mutation_id, hostName() FROM system.mutations"
        " WHERE database = currentDatabase() AND NOT is_done AND latest_fail_reason != ''",
    )
    for table, mutation, host in failing:
        yield problem(
            "parts",
            f"A change of table {table} fails{_on(host)}: {mutation}.",
            "system.mutations of the engine tells why.",
        )
    broken = _rows(
        store,
        "SELECT table, name, reason, hostName() FROM system.detached_parts"
        " WHERE database = currentDatabase() AND reason != ''",
    )
    for table, name, reason, host in broken:
        yield problem(
            "parts",
            f"The engine put part {name} of {table} aside{_on(host)}: {reason}.",
            "Its events are missing, unless another replica has them: restore a backup.",
        )


def _disks(store: Readable) -> Iterator[Finding]:
    """Of the machine that answers; ``/readyz`` tells of it too."""
    found = _rows(store, "SELECT name, hostName(), free_space, total_space FROM system.disks WHERE total_space > 0")
    for name, host, free, total in found:
        yield room_on(f"on the store's disk {name}{_on(host)}", free=int(free), total=int(total))


def _on(host: str) -> str:
    """On which machine, where there are several."""
    return f" on {host}" if settings.CLICKHOUSE_CLUSTER else ""


def _clocks(store: Readable, moment: datetime) -> Iterator[Finding]:
    apart = abs(utc_now() - moment)
    if apart > APART:
        yield problem("clock", f"The clock of the store is {in_words(apart)} off ours.", "Keep both right with NTP.")
    ((newest,),) = _rows(store, "SELECT max(id) FROM events")
    ahead = time_of(int(newest)) - utc_now()
    if ahead > AHEAD:
        yield warning(
            "clock",
            f"The newest event came {in_words(ahead)} after what is now: a clock was set back, or is wrong.",
            "Keep clocks right with NTP. Ids go on growing; prepared counts wait until the clock has caught up.",
        )
    elif apart <= APART:
        yield well("clock", "The store's clock and that of this machine agree, and no event came after now.")


def _rows(store: Readable, sql: str) -> list[list[Any]]:
    return rows_of(store, Statement(sql=sql), seconds=SECONDS)
