"""What a cluster is told: by written expectation and the engine's parser, and run where that can be on one machine."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from clickhouse_connect.datatypes.registry import get_from_name

from apps.events import delivery
from apps.events.clusters import KEYS, adapted, of_all_machines
from apps.events.ids import IdSource
from apps.events.models import Event
from apps.events.remote import missing
from apps.events.store import TABLES, EventStore, Statement
from tests.servers.engine import CLUSTER
from tests.servers.running import ClickHouse

EXPECTED = Path(__file__).parent / "cluster.sql"
"""What a cluster is told of tables and of files of events; written anew by ``python -m tests.write_statements``."""


def all_statements() -> str:
    """The statements of all table files for a cluster named ``insights``, and that of a file of events."""
    found = []
    for file in sorted(TABLES.glob("*.sql")):
        found.append(f"-- {file.name}")
        for sql in file.read_text().split(";\n"):
            if sql.strip():
                found += [f"{each.strip()};" for each in adapted(sql, "insights")]
    columns = [(name, get_from_name(stored.engine_type)) for name, stored in Event.fields().items()]
    found += ["-- events of a file that some shards have already", f"{missing(columns, 1_000, 2_000)};"]
    return "\n\n".join(found) + "\n"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EventStore]:
    """A cluster of one machine: the engine's own Distributed tables, over plain ones in place of replicated ones."""
    server = ClickHouse(tmp_path_factory.mktemp("cluster") / "clickhouse", cluster=CLUSTER)
    server.start()
    store = EventStore(url=server.url, cluster=CLUSTER, folder=server.folder)
    yield store
    store.close()
    server.end()


def test_table_files_become_the_statements_that_are_written_down() -> None:
    assert all_statements() == EXPECTED.read_text()


def test_the_engine_understands_them(store: EventStore) -> None:
    statements = [each for each in all_statements().split(";\n") if each.strip()]
    assert len(statements) > 2 * len(KEYS)
    for each in statements:
        assert store.query(Statement(sql=f"EXPLAIN AST {each}"))


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("SELECT 1 FROM events", ["SELECT 1 FROM events"]),
        ("INSERT INTO rollups SELECT 1 FROM events", ["INSERT INTO rollups SELECT 1 FROM events"]),
        (
            "ALTER TABLE events DELETE WHERE 0 SETTINGS mutations_sync = 2",
            ["ALTER TABLE events_local ON CLUSTER 'c' DELETE WHERE 0 SETTINGS mutations_sync = 2"],
        ),
        ("TRUNCATE TABLE rollups", ["TRUNCATE TABLE rollups_local ON CLUSTER 'c'"]),
        ("SYSTEM START CLEANUP events", ["SYSTEM START CLEANUP ON CLUSTER 'c' events_local"]),
        (
            "DROP TABLE IF EXISTS rollups",
            [
                "DROP TABLE IF EXISTS rollups ON CLUSTER 'c' SYNC",
                "DROP TABLE IF EXISTS rollups_local ON CLUSTER 'c' SYNC",
            ],
        ),
    ],
)
def test_what_changes_a_table_changes_it_on_all_machines(sql: str, told: list[str]) -> None:
    assert list(adapted(sql, "c")) == told


def test_parts_are_those_of_all_machines() -> None:
    asked = of_all_machines("SELECT name FROM system.parts WHERE active", "c")
    assert asked == "SELECT name FROM clusterAllReplicas('c', system.parts) WHERE active"


def test_events_go_through_the_tables_of_a_cluster_and_come_back(cluster: EventStore) -> None:
    cluster.migrate()
    assert cluster.migrate() == []
    engines = cluster.query(
        Statement(sql="SELECT name, engine FROM system.tables WHERE database = currentDatabase() ORDER BY name")
    )
    assert dict(zip(*engines, strict=True)) == {
        name + ending: engine
        for name in KEYS
        for ending, engine in (
            ("", "Distributed"),
            ("_local", "AggregatingMergeTree" if name == "given_ids" else "MergeTree"),
        )
    }
    rows = [
        {"site": 1, "timestamp": datetime.now(UTC), "event_type": "page_view", "visitor": number % 5, "query": "a"}
        for number in range(100)
    ]
    delivery.deliver(cluster, lambda: [(1, rows)], IdSource(), pause=lambda _seconds: False)
    asked = Statement(sql="SELECT count(), uniqExact(visitor) FROM events")
    assert cluster.query(asked) == [[100], [5]]
    cluster.command(Statement(sql="ALTER TABLE events DELETE WHERE visitor = 0 SETTINGS mutations_sync = 2"))
    assert cluster.query(asked) == [[80], [4]]
