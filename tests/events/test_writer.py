"""The writer: what is acknowledged is stored whole and visible; what is refused is not stored at all."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from apps.core.errors import Unavailable
from apps.events.ids import IdSource
from apps.events.models import Event
from apps.events.store import EventStore, Row, Statement, StoreInUse
from apps.events.writer import Writer

MOMENT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SECONDS = 30
"""Until what must happen must have happened, on a busy machine."""


class GatedStore:
    """The real store behind a gate: inserts wait until it is open, and are counted."""

    is_remote = False

    def __init__(self, store: EventStore) -> None:
        self._store = store
        self.gate = threading.Event()
        self.gate.set()
        self.arrived = threading.Event()
        self.inserts: list[int] = []

    def query(self, statement: Statement) -> list[Sequence[Any]]:
        return self._store.query(statement)

    def insert(self, rows: Sequence[Row]) -> None:
        self.arrived.set()
        assert self.gate.wait(SECONDS)
        self.inserts.append(len(rows))
        self._store.insert(rows)


@pytest.fixture
def gated(store: EventStore) -> Iterator[GatedStore]:
    gated = GatedStore(store)
    yield gated
    gated.gate.set()


@pytest.fixture
def writer(gated: GatedStore) -> Iterator[Writer]:
    writer = Writer(lambda: gated, queue_rows=100)  # type: ignore[arg-type, return-value]
    yield writer
    gated.gate.set()
    writer.close()


def rows_named(name: str, count: int, **more: Any) -> list[Row]:
    return [{"site": 1, "timestamp": MOMENT, "event_type": "page_view", "query": name, **more} for _ in range(count)]


def stored(store: EventStore) -> dict[str, int]:
    columns = store.query(Statement(sql="SELECT query, count() FROM events GROUP BY query"))
    return dict(zip(*columns, strict=True)) if columns else {}


def hold(writer: Writer, gated: GatedStore, pool: ThreadPoolExecutor, rows: list[Row]) -> Any:
    """Have the writer's thread wait at the gate with ``rows``; returns the future of that write."""
    gated.gate.clear()
    future = pool.submit(writer.write, rows)
    assert gated.arrived.wait(SECONDS)
    return future


def wait_until_queued(writer: Writer, rows: int) -> None:
    deadline = time.monotonic() + SECONDS
    while writer._rows_waiting < rows:
        assert time.monotonic() < deadline
        time.sleep(0.002)


def test_written_events_are_in_the_very_next_query(store: EventStore, writer: Writer) -> None:
    for number in range(5):
        writer.write(rows_named("a", 3))
        assert stored(store) == {"a": 3 * (number + 1)}


def test_requests_that_come_together_share_an_insert(store: EventStore, writer: Writer, gated: GatedStore) -> None:
    with ThreadPoolExecutor(21) as pool:
        first = hold(writer, gated, pool, rows_named("first", 1))
        others = [pool.submit(writer.write, rows_named("other", 2)) for _ in range(20)]
        wait_until_queued(writer, 40)
        gated.gate.set()
        for future in [first, *others]:
            future.result(SECONDS)
    assert gated.inserts == [1, 40]
    assert stored(store) == {"first": 1, "other": 40}


def test_a_batch_keeps_its_number_and_shares_one_received_second(store: EventStore, writer: Writer) -> None:
    writer.write(rows_named("a", 3), batch=2**64 - 1)
    batches, seconds, rows = store.query(
        Statement(sql="SELECT groupUniqArray(batch), uniqExact(received), count() FROM events")
    )
    assert (batches[0], seconds[0], rows[0]) == ([2**64 - 1], 1, 3)


def test_ids_grow_in_the_order_of_arrival(store: EventStore, writer: Writer) -> None:
    for name in "abc":
        writer.write(rows_named(name, 2))
    assert list(store.query(Statement(sql="SELECT query FROM events ORDER BY id"))[0]) == list("aabbcc")


def test_ids_go_on_growing_when_the_clock_is_set_back() -> None:
    now = [MOMENT]
    before = IdSource(clock=lambda: now[0]).take(3)
    now[0] -= timedelta(hours=1)
    after = IdSource(floor=before[-1], clock=lambda: now[0]).take(3)
    assert sorted({*before, *after}) == before + after


def test_a_new_writer_goes_on_after_the_newest_stored_id(store: EventStore, writer: Writer) -> None:
    store.insert(rows_named("far future", 1, id=2**63, received=MOMENT, batch=1))
    writer.write(rows_named("next", 1))
    assert list(store.query(Statement(sql="SELECT query FROM events ORDER BY id"))[0]) == ["far future", "next"]


def test_a_new_writer_goes_on_after_ids_that_were_given_by_a_clock_set_back(store: EventStore, writer: Writer) -> None:
    store.insert(rows_named("before", 1, id=2**63, received=MOMENT, batch=1))
    store.insert(rows_named("set back", 1, id=2**63 + 2**20, received=MOMENT - timedelta(hours=1), batch=2))
    writer.write(rows_named("next", 1))
    assert list(store.query(Statement(sql="SELECT query FROM events ORDER BY id"))[0]) == ["before", "set back", "next"]


def test_a_full_queue_refuses_at_once_and_stores_nothing_of_it(
    store: EventStore, writer: Writer, gated: GatedStore
) -> None:
    with ThreadPoolExecutor(2) as pool:
        first = hold(writer, gated, pool, rows_named("first", 1))
        second = pool.submit(writer.write, rows_named("second", 60))
        wait_until_queued(writer, 60)
        with pytest.raises(Unavailable, match="Too many events are waiting"):
            writer.write(rows_named("refused", 41))
        gated.gate.set()
        first.result(SECONDS)
        second.result(SECONDS)
    assert stored(store) == {"first": 1, "second": 60}


def test_a_batch_that_gave_up_waiting_is_not_stored_later(store: EventStore, gated: GatedStore) -> None:
    writer = Writer(lambda: gated, patience=2.0)  # type: ignore[arg-type, return-value]
    with ThreadPoolExecutor(2) as pool:
        held = hold(writer, gated, pool, rows_named("held", 1))
        with pytest.raises(Unavailable, match="does not answer"):
            writer.write(rows_named("given up", 1))
        with pytest.raises(Unavailable, match="does not answer"):
            held.result(SECONDS)
    gated.gate.set()
    writer.close()
    assert "given up" not in stored(store)


def test_closing_stores_what_waits_and_refuses_what_comes_later(
    store: EventStore, writer: Writer, gated: GatedStore
) -> None:
    with ThreadPoolExecutor(4) as pool:
        first = hold(writer, gated, pool, rows_named("first", 1))
        second = pool.submit(writer.write, rows_named("second", 2))
        wait_until_queued(writer, 2)
        closing = pool.submit(writer.close)
        while not writer._stopping:
            time.sleep(0.002)
        with pytest.raises(Unavailable, match="stopping"):
            writer.write(rows_named("late", 1))
        gated.gate.set()
        for future in (first, second, closing):
            future.result(SECONDS)
    assert stored(store) == {"first": 1, "second": 2}


def test_a_refused_value_costs_only_its_own_batch(store: EventStore, writer: Writer, gated: GatedStore) -> None:
    with ThreadPoolExecutor(4) as pool:
        first = hold(writer, gated, pool, rows_named("first", 1))
        guilty = pool.submit(writer.write, [*rows_named("guilty", 1), *rows_named("guilty", 1, ask_rating="no number")])
        innocent = [pool.submit(writer.write, rows_named("innocent", 2)) for _ in range(2)]
        wait_until_queued(writer, 6)
        gated.gate.set()
        first.result(SECONDS)
        for future in innocent:
            future.result(SECONDS)
        with pytest.raises(Exception) as caught:  # noqa: PT011  # the driver's own type
            guilty.result(SECONDS)
        assert not isinstance(caught.value, Unavailable)
    assert stored(store) == {"first": 1, "innocent": 4}


def test_a_store_that_cannot_be_opened_is_unavailable_until_it_can(store: EventStore) -> None:
    away = [True]

    def open_store() -> EventStore:
        if away[0]:
            raise Unavailable("The event store cannot be opened.", retry_after=7)
        return store

    writer = Writer(open_store)
    with pytest.raises(Unavailable, match="cannot be opened") as caught:
        writer.write(rows_named("lost", 1))
    assert caught.value.retry_after == 7
    away[0] = False
    writer.write(rows_named("found", 1))
    writer.close()
    assert stored(store) == {"found": 1}


def test_a_large_batch_is_one_part(store: EventStore, writer: Writer) -> None:
    """One part is what makes a batch atomic on disk; long texts make the driver send it in several blocks."""
    writer.write(rows_named("large", 20_000, url="https://docs.example/" + "x" * 1_500))
    columns = store.query(Statement(sql="SELECT uniqExact(_part), count() FROM events"))
    assert [column[0] for column in columns] == [1, 20_000]


def test_the_model_describes_the_table(store: EventStore) -> None:
    names, types = store.query(Statement(sql="DESCRIBE TABLE events"))[:2]
    assert dict(zip(names, types, strict=True)) == {name: f.engine_type for name, f in Event.fields().items()}


@pytest.mark.embedded
def test_a_second_process_is_refused_in_one_sentence(store: EventStore) -> None:
    from django.conf import settings

    program = (
        "import sys; from pathlib import Path; import django; django.setup();"
        "from apps.events.store import EventStore, StoreInUse\n"
        "try: EventStore(folder=Path(sys.argv[1]))\n"
        "except StoreInUse as error: print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, settings.EVENT_STORE_DIR],
        capture_output=True,
        text=True,
        env={"DJANGO_SETTINGS_MODULE": "insights_site.settings", "DATA_DIR": str(settings.DATA_DIR)},
        cwd=settings.BASE_DIR,
        check=False,
    )
    assert done.stdout == (
        f"The event store in {settings.EVENT_STORE_DIR} is in use by another process, most likely the server:"
        " stop it first, or use a ClickHouse server (CLICKHOUSE_URL).\n"
    )
    assert done.stderr == ""


def test_a_folder_that_cannot_be_made_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Unavailable, match="cannot be opened") as caught:
        EventStore(folder=tmp_path / "file" / "events")
    assert not isinstance(caught.value, StoreInUse)
