"""The statements that find and remove what is to be erased."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from apps.events.store import Statement
from apps.rollups.models import Erasure
from apps.rollups.statements import IDENTITIES

NUMBERS = tuple(f"{identity}_numbers" for identity in IDENTITIES)
_NOW = " SETTINGS mutations_sync = 2"
"""The statement returns when all parts were written anew."""
_AT_ONCE = (
    # A written part is on disk before the one it replaces is removed, which is then not kept for eight minutes.
    ("min_rows_to_fsync_after_merge", 1),
    ("old_parts_lifetime", 1),
    # The files of mutations name the visitor's hash: none but the last is kept, which ``tidy`` makes.
    ("finished_mutations_to_keep", 1),
)


def newest(site: int) -> Statement:
    """The greatest id of a site's events; 0 where there are none."""
    return Statement(sql="SELECT max(id) FROM events WHERE site = {site:UInt32}", parameters={"site": site})


def any_before(site: int, before: datetime) -> Statement:
    """A row, where a site has an event before ``before``."""
    return Statement(
        sql="SELECT 1 FROM events WHERE site = {site:UInt32}"
        " AND timestamp < fromUnixTimestamp64Milli({before:Int64}, 'UTC') LIMIT 1",
        parameters={"site": site, "before": int(before.timestamp() * 1000)},
    )


def touched(erasure: Erasure) -> Statement:
    """Each UTC day that has events to be erased, in seconds since 1970, with their number."""
    where, parameters = _where(erasure)
    sql = f"SELECT toUnixTimestamp(toStartOfDay(timestamp)) AS day, count() FROM events WHERE {where} GROUP BY day"  # noqa: S608  # our own conditions
    return Statement(sql=f"{sql} ORDER BY day", parameters=parameters)


def erase(erasure: Erasure) -> Statement:
    """Remove the events."""
    where, parameters = _where(erasure)
    return Statement(sql=f"ALTER TABLE events DELETE WHERE {where}{_NOW}", parameters=parameters)


def tidy() -> Statement:
    """A mutation that names nobody, so that the file of the one before it can go."""
    return Statement(sql=f"ALTER TABLE events DELETE WHERE 0{_NOW}")


def forget(identity: str, site: int) -> Statement:
    """Remove the numbers of the visitors (or sessions: ``identity``) that have no event any more."""
    sql = (
        f"ALTER TABLE {identity}_numbers DELETE WHERE site = {{site:UInt32}}"  # noqa: S608  # one of two words of ours
        f" AND hash NOT IN (SELECT {identity} FROM events WHERE site = {{site:UInt32}}){_NOW}"
    )
    return Statement(sql=sql, parameters={"site": site})


def uncount(site: int) -> Statement:
    """Remove all prepared counts of a site."""
    return Statement(sql=f"ALTER TABLE rollups DELETE WHERE site = {{site:UInt32}}{_NOW}", parameters={"site": site})


def haste(table: str) -> Statement:
    """Have parts that were replaced removed within seconds."""
    wanted = ", ".join(f"{name} = {value}" for name, value in _AT_ONCE)
    return Statement(sql=f"ALTER TABLE {table} MODIFY SETTING {wanted}")


def ease(table: str) -> Statement:
    """Take ``haste`` back."""
    return Statement(sql=f"ALTER TABLE {table} RESET SETTING {', '.join(name for name, _value in _AT_ONCE)}")


def look(table: str) -> Statement:
    """Wake the engine's cleaner of a table, which otherwise sleeps the longer the less there was to do."""
    return Statement(sql=f"SYSTEM START CLEANUP {table}")


def replaced(tables: Sequence[str], until: int) -> Statement:
    """What is still on disk: parts replaced up to ``until``, in seconds since 1970, and all but the last mutation."""
    return Statement(
        sql="SELECT concat(table, '/', name, ': ', removal_state) FROM system.parts"
        " WHERE database = currentDatabase() AND NOT active"
        " AND replaceOne(table, '_local', '') IN {tables:Array(String)}"
        " AND toUnixTimestamp(remove_time) <= {until:UInt32}"
        " UNION ALL SELECT concat(table, '/', mutation_id) FROM (SELECT table, mutation_id FROM system.mutations"
        " WHERE database = currentDatabase() AND table IN ('events', 'events_local')"
        " ORDER BY create_time DESC, mutation_id DESC OFFSET 1)",
        parameters={"tables": list(tables), "until": until},
    )


def _where(erasure: Erasure) -> tuple[str, dict[str, object]]:
    """Only events that were there when it was asked for: doing it twice is doing it once."""
    where = "site = {site:UInt32} AND id <= {through:UInt64}"
    parameters: dict[str, object] = {"site": erasure.store_site, "through": erasure.through}
    if erasure.kind == Erasure.Kind.VISITOR:
        where += " AND visitor = {visitor:UInt64}"
        parameters["visitor"] = int(erasure.visitor, 16)
    if erasure.kind == Erasure.Kind.OLD:
        if erasure.before is None:
            raise ValueError("An erasure of old events says before which moment.")
        where += " AND timestamp < fromUnixTimestamp64Milli({before:Int64}, 'UTC')"
        parameters["before"] = int(erasure.before.timestamp() * 1000)
    return where, parameters
