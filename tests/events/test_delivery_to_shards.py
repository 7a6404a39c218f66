"""Events on their way to a cluster: whatever some of its shards do, each is stored once, or none of its group is."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from clickhouse_connect.driver.exceptions import DatabaseError

from apps.core.errors import Unavailable
from apps.events import delivery, remote
from apps.events.ids import IdSource
from apps.events.store import EventStore, Row, Statement
from tests.servers.engine import CLUSTER
from tests.servers.running import ClickHouse

VISITORS = 40
"""A visitor's rows lie on one shard: the first for odd numbers, the second for even ones."""


class Shards:
    """What lies before two stores as the server of a cluster does: one after the other gets its rows of an insert.

    Where one is away, the other has its rows, and the answer says that there was no connection.
    """

    is_cluster = True

    def __init__(self, stores: Sequence[EventStore]) -> None:
        self._stores = stores

    def insert(self, rows: Sequence[Row], *, token: str, until: datetime) -> None:
        for number, store in enumerate(self._stores):
            try:
                store.insert([row for row in rows if row["visitor"] % 2 != number], token=token, until=until)
            except remote.TooLate:
                raise
            except Unavailable as error:
                raise remote.Unsure(error.message) from error

    def query(self, statement: Statement) -> list[Sequence[Any]]:
        """The sum of what they answer."""
        return [[sum(int(store.query(statement)[0][0]) for store in self._stores)]]

    def command(self, statement: Statement) -> None:
        for store in self._stores:
            store.command(statement)

    def now(self) -> datetime:
        return self._stores[0].now()

    def stored(self) -> list[int]:
        """How many rows each has."""
        count = Statement(sql="SELECT count() FROM events")
        return [int(store.query(count)[0][0]) for store in self._stores]


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[ClickHouse]]:
    servers = [ClickHouse(tmp_path_factory.mktemp("shard") / "clickhouse") for _ in range(2)]
    with ExitStack() as ends:
        for server in servers:
            ends.callback(server.end)
            server.start()
        yield servers


@pytest.fixture
def shards(servers: list[ClickHouse], monkeypatch: pytest.MonkeyPatch) -> Iterator[Shards]:
    monkeypatch.setattr(remote, "INSERT_SECONDS", 1.0)
    monkeypatch.setattr(remote, "ANSWER_SECONDS", 1.0)
    monkeypatch.setattr(delivery, "PAUSE_SECONDS", 0.1)
    with ExitStack() as ends:
        stores = []
        for server in servers:
            store = EventStore(url=server.url, folder=server.folder)
            ends.callback(store.close)
            store.migrate()
            store.command(Statement(sql="TRUNCATE TABLE events"))
            stores.append(store)
        yield Shards(stores)


def rows() -> list[Row]:
    view = {"site": 1, "timestamp": datetime.now(UTC), "event_type": "page_view"}
    return [{**view, "visitor": number} for number in range(1, VISITORS + 1)]


def deliver(shards: Shards, meanwhile: Callable[[int], None]) -> list[Row]:
    """Deliver two batches, with ``meanwhile`` called at each pause, with its number."""
    pauses = 0

    def pause(seconds: float) -> bool:
        nonlocal pauses
        meanwhile(pauses)
        pauses += 1
        time.sleep(seconds)
        return True

    batches = [(7, rows()), (8, rows())]
    return delivery.deliver(cast(EventStore, shards), lambda: batches, IdSource(), pause=pause)


def test_a_shard_that_was_away_gets_its_rows_when_it_is_back(servers: list[ClickHouse], shards: Shards) -> None:
    servers[1].kill()

    def meanwhile(pause: int) -> None:
        if pause == 2:
            servers[1].start()

    deliver(shards, meanwhile)
    assert shards.stored() == [VISITORS, VISITORS]


def test_what_cannot_be_completed_in_time_is_removed_and_stored_anew(
    servers: list[ClickHouse], shards: Shards, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "ON_TIME", timedelta(seconds=2))
    monkeypatch.setattr(delivery, "AT_WORK", timedelta(seconds=1))
    servers[1].kill()

    def meanwhile(pause: int) -> None:
        if pause == 0:
            time.sleep(3)
            servers[1].start()
            monkeypatch.setattr(delivery, "ON_TIME", timedelta(seconds=60))

    delivered = deliver(shards, meanwhile)
    assert shards.stored() == [VISITORS, VISITORS]
    first = Statement(sql="SELECT count() FROM events WHERE id < {id:UInt64}", parameters={"id": delivered[0]["id"]})
    assert shards.query(first) == [[0]]


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[tuple[ClickHouse, EventStore]]:
    """A cluster of one machine."""
    server = ClickHouse(tmp_path / "clickhouse", cluster=CLUSTER)
    with ExitStack() as ends:
        ends.callback(server.end)
        server.start()
        store = EventStore(url=server.url, cluster=CLUSTER, folder=server.folder)
        ends.callback(store.close)
        store.migrate()
        yield server, store


def test_any_error_of_a_cluster_leaves_open_what_its_shards_have_but_one_of_values(
    cluster: tuple[ClickHouse, EventStore],
) -> None:
    server, store = cluster
    until = datetime.now(UTC) + timedelta(seconds=60)
    for code in (242, 252, 279, 516, 60):  # read-only, too many parts, no connection, not let in, no table
        server.fault(mode="error", code=code, only="insert", times=1)
        with pytest.raises(remote.Unsure):
            store.insert(rows(), token="1", until=until)
    server.fault(mode="error", code=117, only="insert", times=1)
    with pytest.raises(DatabaseError):
        store.insert(rows(), token="1", until=until)
