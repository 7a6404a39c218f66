"""What a cluster is told: by written expectation and the engine's parser, and run where that can be on one machine."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from clickhouse_connect.datatypes.registry import get_from_name
from pytest_django import Settings

from apps.events import delivery, engine
from apps.events.clusters import KEYS, adapted, of_all_machines, of_each_shard
from apps.events.ids import IdSource
from apps.events.models import Event
from apps.events.remote import missing
from apps.events.store import TABLES, EventStore, Statement
from insights_site import state
from insights_site.doctor import events, machine
from insights_site.doctor.findings import Health
from tests.servers.engine import CLUSTER, TWICE
from tests.servers.running import ClickHouse, wait_until

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
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouse]:
    server = ClickHouse(tmp_path_factory.mktemp("cluster") / "clickhouse", cluster=CLUSTER)
    server.start()
    yield server
    server.end()


@pytest.fixture(scope="module")
def cluster(server: ClickHouse) -> Iterator[EventStore]:
    """A cluster of one machine: the engine's own Distributed tables, over plain ones in place of replicated ones."""
    store = EventStore(url=server.url, cluster=CLUSTER, folder=server.folder)
    yield store
    store.close()


@pytest.fixture
def replicas(server: ClickHouse, cluster: EventStore) -> Iterator[EventStore]:
    """The same tables, as a cluster of one shard with two replicas has them."""
    cluster.migrate()
    store = EventStore(url=server.url, cluster=TWICE, folder=server.folder)
    yield store
    store.close()


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


@pytest.mark.parametrize("name", ["parts", "mutations", "detached_parts"])
def test_what_the_engine_tells_of_itself_is_of_all_machines_or_of_each_shard_once(name: str) -> None:
    sql = f"SELECT name FROM system.{name} WHERE active"
    assert of_all_machines(sql, "c") == f"SELECT name FROM clusterAllReplicas('c', system.{name}) WHERE active"
    assert of_each_shard(sql, "c") == f"SELECT name FROM cluster('c', system.{name}) WHERE active"


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
    asked = Statement(sql="SELECT count(), uniqExact(visitor) FROM events WHERE site = 1")
    assert cluster.query(asked) == [[100], [5]]
    cluster.command(Statement(sql="ALTER TABLE events DELETE WHERE visitor = 0 SETTINGS mutations_sync = 2"))
    assert cluster.query(asked) == [[80], [4]]


def test_what_two_replicas_have_is_counted_once(
    cluster: EventStore, replicas: EventStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [{"site": 2, "timestamp": datetime.now(UTC), "event_type": "page_view", "visitor": 1} for _ in range(30)]
    delivery.deliver(cluster, lambda: [(1, rows)], IdSource(), pause=lambda _seconds: False)
    [[events]] = cluster.query(Statement(sql="SELECT count() FROM events"))
    [[of_all]] = replicas.about(
        Statement(sql="SELECT sum(rows) FROM system.parts WHERE active AND table = 'events_local'"), seconds=5
    )
    assert (of_all, events >= 30) == (2 * events, True)
    monkeypatch.setattr("apps.events.engine.get_store", lambda: replicas)
    monkeypatch.setattr("insights_site.state.get_store", lambda: replicas)
    [table] = [table for table in engine.engine_now().tables if table.name == "events"]
    assert table.rows == events
    assert state._event_storage(datetime.now(UTC))[1] == f"{events} events, and their prepared counts"


def test_parts_are_told_of_the_server_that_has_most(replicas: EventStore, monkeypatch: pytest.MonkeyPatch) -> None:
    [[parts]] = replicas.about(
        Statement(sql="SELECT count() FROM system.parts WHERE active AND table = 'table_changes_local'"), seconds=5
    )
    monkeypatch.setattr("apps.events.engine.get_store", lambda: replicas)
    [table] = [table for table in engine.engine_now().tables if table.name == "table_changes"]
    assert table.parts == parts / 2


_FAIL = "ALTER TABLE table_changes UPDATE applied = applied + throwIf(name != '') WHERE 1 SETTINGS mutations_sync = 0"
_FAILED = "SELECT mutation_id FROM system.mutations WHERE NOT is_done AND latest_fail_reason != ''"


def test_the_doctor_sees_what_all_machines_have(
    server: ClickHouse, cluster: EventStore, replicas: EventStore, settings: Settings
) -> None:
    settings.CLICKHOUSE_URL, settings.CLICKHOUSE_CLUSTER = server.url, TWICE
    assert [each.message for each in events.store_is_sound() if each.health is Health.PROBLEM] == []
    cluster.command(Statement(sql=_FAIL))
    try:
        wait_until(lambda: bool(cluster.about(Statement(sql=_FAILED), seconds=5)))
        [[mutation]] = cluster.about(Statement(sql=_FAILED), seconds=5)
        host = socket.gethostname()
        told = [each.message for each in events.store_is_sound() if each.health is Health.PROBLEM]
        assert told == 2 * [f"A change of table table_changes_local fails on {host}: {mutation}."]
    finally:
        cluster.command(Statement(sql="KILL MUTATION WHERE table = 'table_changes_local' SYNC"))


def test_the_doctor_looks_at_the_disk_of_the_store(
    server: ClickHouse, cluster: EventStore, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster.migrate()
    settings.CLICKHOUSE_URL, settings.CLICKHOUSE_CLUSTER = server.url, CLUSTER

    def told() -> tuple[Health, str]:
        (found,) = [each for each in events.store_is_sound() if each.check == "disk"]
        return found.health, found.message

    monkeypatch.setattr(machine, "TOO_LITTLE", 0.0)
    monkeypatch.setattr(machine, "LEAST_BYTES", 0)
    monkeypatch.setattr(machine, "LITTLE", 0.0)
    health, message = told()
    assert health is Health.OK
    assert message.endswith(f"are free on the store's disk default on {socket.gethostname()}.")
    monkeypatch.setattr(machine, "LITTLE", 1.0)
    assert told()[0] is Health.WARNING
    monkeypatch.setattr(machine, "LEAST_BYTES", 1 << 60)
    assert told()[0] is Health.PROBLEM


def test_the_doctor_tells_that_a_cluster_is_not_whole(
    server: ClickHouse, cluster: EventStore, settings: Settings
) -> None:
    cluster.migrate()
    settings.CLICKHOUSE_URL, settings.CLICKHOUSE_CLUSTER = server.url, "nowhere"
    *_seen, last = events.store_is_sound()
    assert last.health is Health.PROBLEM
    assert "nowhere" in last.message
