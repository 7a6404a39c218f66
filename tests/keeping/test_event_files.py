"""Files of events, and stores that have a part of one: written by pieces, stored whole, completed in a cluster."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from apps.core.errors import Refusal
from apps.events.door import rows_of
from apps.events.models import Event
from apps.events.store import EXPORT_SECONDS, EventStore, Row, Statement
from apps.keeping import event_files
from apps.keeping.event_files import SUFFIXES, EventFiles, Form
from apps.keeping.manifest import EventFile
from apps.keeping.place import Place
from tests.keeping.moved import VALUES
from tests.servers.engine import CLUSTER
from tests.servers.running import ClickHouse

FIRST = datetime(2026, 3, 1, tzinfo=UTC)
FORMS: list[Form] = ["Parquet", "JSONEachRow"]


class Heard:
    """A store that remembers how many bytes each answer with events had."""

    def __init__(self, store: EventStore) -> None:
        self._store = store
        self.sizes: list[int] = []

    def rendered(self, statement: Statement, form: str, *, seconds: float = EXPORT_SECONDS) -> bytes:
        text = self._store.rendered(statement, form, seconds=seconds)
        if form in SUFFIXES:
            self.sizes.append(len(text))
        return text


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EventStore]:
    """A cluster of one machine."""
    server = ClickHouse(tmp_path_factory.mktemp("cluster") / "clickhouse", cluster=CLUSTER)
    server.start()
    store = EventStore(url=server.url, cluster=CLUSTER, folder=server.folder)
    store.migrate()
    yield store
    store.close()
    server.end()


def row(number: int) -> Row:
    return {
        "site": 1,
        "id": 1_000 + number,
        "received": FIRST,
        "timestamp": FIRST + timedelta(seconds=number),
        "event_type": "page_view",
        "visitor": 2**64 - 1 - number % 10,
        "query": "x\ty\n'\\ü",
        "latitude": 51.123456789 if number % 3 else None,
        "claims": {"plan": ["a", f"ü {number % 3}"]},
    }


def files_in(folder: Path, form: Form) -> EventFiles:
    place = Place(str(folder))
    place.begin()
    return EventFiles(place=place, form=form, columns=list(Event.fields()), sites=[1])


def written(store: EventStore, files: EventFiles) -> EventFile:
    """The file of 100 events."""
    store.command(Statement(sql="TRUNCATE TABLE events"))
    store.insert([row(number) for number in range(100)])
    (file,) = files.write(store, 2_000, lambda _events: None)
    return file


def values(store: EventStore) -> list[list[object]]:
    return rows_of(store, Statement(sql=VALUES))


@pytest.mark.parametrize("pieces", [7, 10, 100, 1_000])
def test_lines_are_held_some_at_a_time_and_the_file_is_the_same(
    store: EventStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pieces: int
) -> None:
    written(store, files_in(tmp_path / "whole", "JSONEachRow"))
    whole = gzip.decompress((tmp_path / "whole" / "events" / "000001.ndjson.gz").read_bytes())
    monkeypatch.setattr(event_files, "LINES", pieces)
    heard = Heard(store)
    (file,) = files_in(tmp_path / "pieces", "JSONEachRow").write(heard, 2_000, lambda _events: None)
    assert gzip.decompress((tmp_path / "pieces" / file.name).read_bytes()) == whole
    assert [int(json.loads(line)["id"]) for line in whole.splitlines()] == list(range(1_000, 1_100))
    assert len(heard.sizes) == -(-100 // pieces)
    assert max(heard.sizes) <= len(whole) * pieces / 100 * 1.1


@pytest.mark.parametrize("form", FORMS)
def test_a_file_is_stored_exactly_and_once(store: EventStore, tmp_path: Path, form: Form) -> None:
    files = files_in(tmp_path, form)
    file = written(store, files)
    before = values(store)
    store.command(Statement(sql="TRUNCATE TABLE events"))
    for _time in range(2):
        files.bring_in(store, file)
        assert values(store) == before


@pytest.mark.parametrize("form", FORMS)
def test_a_cluster_that_has_those_of_some_shards_gets_the_others(
    cluster: EventStore, tmp_path: Path, form: Form
) -> None:
    files = files_in(tmp_path, form)
    file = written(cluster, files)
    before = values(cluster)
    # All events of a visitor lie on one shard: what is left is what one of them may have stored before a stop.
    cluster.command(Statement(sql="ALTER TABLE events DELETE WHERE visitor % 3 != 0 SETTINGS mutations_sync = 2"))
    assert 0 < int(str(values(cluster)[0][0])) < 100
    for _time in range(2):
        files.bring_in(cluster, file)
        assert values(cluster) == before


def test_others_of_its_ids_are_refused_in_a_cluster_too(cluster: EventStore, tmp_path: Path) -> None:
    files = files_in(tmp_path, "Parquet")
    file = written(cluster, files)
    cluster.command(Statement(sql="TRUNCATE TABLE events"))
    cluster.insert([row(5) | {"query": "another"}])
    with pytest.raises(Refusal, match="not those in the store"):
        files.bring_in(cluster, file)
    cluster.insert([row(number) for number in range(200, 300)])
    with pytest.raises(Refusal, match="other events"):
        files.bring_in(cluster, file)


@pytest.mark.embedded  # with TEST_MODE=cluster the store is one
def test_a_store_that_is_no_cluster_has_a_file_whole_or_not_at_all(store: EventStore, tmp_path: Path) -> None:
    files = files_in(tmp_path, "Parquet")
    file = written(store, files)
    store.command(Statement(sql="ALTER TABLE events DELETE WHERE visitor % 3 != 0 SETTINGS mutations_sync = 2"))
    with pytest.raises(Refusal, match="other events"):
        files.bring_in(store, file)
