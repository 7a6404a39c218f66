"""The statements that change tables, as a cluster takes them: tables of two layers, on all of its machines.

Each table of ours is one of the same name that holds nothing and knows where rows belong (``Distributed``), over
replicated ones, ``…_local``, that hold them. Questions and inserts name the first and stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

LOCAL = "_local"
KEYS = {
    # All events of a visitor lie on one shard, so that sets of visitors and sessions never overlap.
    "events": "cityHash64(site, visitor)",
    "visitor_numbers": "cityHash64(site, hash)",
    "session_numbers": "cityHash64(site, hash)",
    # A site's counts are merged where they lie.
    "rollups": "cityHash64(site)",
    "given_ids": "0",
    "table_changes": "0",
}
"""Table → by what its rows are dealt out to the shards."""
SETTINGS = {
    # What was acknowledged is on its shard and on most of its replicas, and is read from the replica it was sent to.
    "distributed_foreground_insert": 1,
    "insert_quorum": "auto",
    "load_balancing": "in_order",
    # Sets of other shards' rows are brought along; each shard by itself would know its own alone.
    "distributed_product_mode": "global",
    "parallel_distributed_insert_select": 0,
}
"""Of every statement."""

_PLACE = "/clickhouse/tables/{database}/{table}/{shard}"
"""In the keeper; the servers fill in the names."""
_NAMES = "|".join(KEYS)
_CREATE = re.compile(
    rf"\A(?P<head>\s*CREATE TABLE (?:IF NOT EXISTS )?)(?P<name>{_NAMES})\b(?P<columns>.*?)"
    r"ENGINE = (?P<engine>\w*MergeTree)\b(?P<rest>.*)\Z",
    re.DOTALL,
)
_ALTER = re.compile(rf"\A(\s*(?:ALTER|TRUNCATE) TABLE )({_NAMES})\b")
_DROP = re.compile(rf"\A\s*DROP TABLE IF EXISTS ({_NAMES})\s*\Z")
_CLEANUP = re.compile(rf"\A(\s*SYSTEM START CLEANUP )({_NAMES})\b")
_COMMENTS = re.compile(r"\A(?:\s*--[^\n]*\n)+")
_SYSTEM = re.compile(r"\bFROM system\.(parts|mutations|detached_parts)\b")


def adapted(sql: str, cluster: str) -> Iterator[str]:
    """A statement of ours as the statements of a cluster; one that changes no table is left as it is."""
    on, sql = f" ON CLUSTER '{cluster}'", _COMMENTS.sub("", sql)
    if created := _CREATE.match(sql):
        name, engine = created["name"], created["engine"]
        yield (
            f"{created['head']}{name}{LOCAL}{on}{created['columns']}"
            f"ENGINE = Replicated{engine}('{_PLACE}', '{{replica}}'){created['rest']}"
        )
        yield (
            f"{created['head']}{name}{on} AS {name}{LOCAL}"
            f" ENGINE = Distributed('{cluster}', currentDatabase(), '{name}{LOCAL}', {KEYS[name]})"
        )
    elif dropped := _DROP.match(sql):
        yield f"DROP TABLE IF EXISTS {dropped[1]}{on} SYNC"
        yield f"DROP TABLE IF EXISTS {dropped[1]}{LOCAL}{on} SYNC"
    elif _ALTER.match(sql):
        yield _ALTER.sub(rf"\1\2{LOCAL}{on}", sql)
    elif _CLEANUP.match(sql):
        yield _CLEANUP.sub(lambda found: f"SYSTEM START CLEANUP{on} {found[2]}{LOCAL}", sql)
    else:
        yield sql


def of_all_machines(sql: str, cluster: str) -> str:
    """A question about parts and mutations as one about those of all machines."""
    return _asked_of("clusterAllReplicas", sql, cluster)


def of_each_shard(sql: str, cluster: str) -> str:
    """The same of one machine of each shard, one that answers: what its replicas have too is counted once."""
    return _asked_of("cluster", sql, cluster)


def _asked_of(machines: str, sql: str, cluster: str) -> str:
    return _SYSTEM.sub(lambda found: f"FROM {machines}('{cluster}', system.{found[1]})", sql)
