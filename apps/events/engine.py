"""What the engine tells of itself: memory, merges, parts, room, clock. Each is quick, and none waits for events."""

from __future__ import annotations

from dataclasses import dataclass

from apps.events.clusters import LOCAL
from apps.events.store import Statement, get_store

SECONDS = 2.0
"""How long the engine may take for an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table of our database as it lies on disk: its parts, its rows, its bytes.

    Of a cluster, rows and bytes of each shard count once, however many replicas it has; parts are those of the shard
    that has most, since each merges its own.
    """

    name: str
    parts: int
    rows: int
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """``memory`` in bytes, of all that the engine does now; ``merges`` that are under way."""

    memory: int
    merges: int
    tables: tuple[Table, ...]


def engine_now() -> Engine:
    """Raises ``Unavailable`` where the engine is away. In a cluster, memory and merges are of the server asked."""
    memory = _one("SELECT value FROM system.metrics WHERE metric = 'MemoryTracking'")
    merges = _one("SELECT count() FROM system.merges WHERE database = currentDatabase()")
    columns = _ask(
        "SELECT table, max(parts), sum(rows), sum(size) FROM"
        " (SELECT table, count() AS parts, sum(rows) AS rows, sum(bytes_on_disk) AS size FROM system.parts"
        " WHERE active AND database = currentDatabase() GROUP BY table, hostName())"
        " GROUP BY table ORDER BY table"
    )
    rows = zip(*columns, strict=True)
    tables = tuple(
        Table(name=str(name).removesuffix(LOCAL), parts=parts, rows=many, size=size) for name, parts, many, size in rows
    )
    return Engine(memory=memory, merges=merges, tables=tables)


def room() -> int:
    """Bytes that are free on the fullest disk of the engine's."""
    return _one("SELECT min(free_space) FROM system.disks")


def _one(sql: str) -> int:
    return int(_ask(sql)[0][0])


def _ask(sql: str) -> list[list[int]]:
    return get_store().about(Statement(sql=sql, of_each_shard=True), seconds=SECONDS)  # type: ignore[return-value]  # columns of these very types
