"""Events on their way to a ClickHouse server: whatever happens to the wire, each is stored once or known not to be."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from clickhouse_connect.driver.exceptions import DatabaseError

from apps.core.errors import Unavailable
from apps.events import delivery, ids, remote
from apps.events import writer as module_of_writer
from apps.events.ids import IdSource, id_at, time_of
from apps.events.store import EventStore, Row, Statement
from apps.events.writer import Undecided, Writer
from tests.servers.running import ClickHouse, wait_until

SECONDS = 60
"""Until what must happen must have happened, on a busy machine."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouse]:
    server = ClickHouse(tmp_path_factory.mktemp("server") / "clickhouse")
    server.start()
    yield server
    server.end()


@pytest.fixture
def distant(server: ClickHouse, monkeypatch: pytest.MonkeyPatch) -> Iterator[EventStore]:
    """A store behind the wire, empty; attempts are given up after a second."""
    monkeypatch.setattr(remote, "INSERT_SECONDS", 1.0)
    monkeypatch.setattr(remote, "ANSWER_SECONDS", 1.0)
    monkeypatch.setattr(delivery, "PAUSE_SECONDS", 0.1)
    server.fault()
    store = EventStore(url=server.url, folder=server.folder)
    store.migrate()
    store.command(Statement(sql="TRUNCATE TABLE events"))
    yield store
    server.fault()
    store.close()


Open = Callable[..., Writer]


@pytest.fixture
def open_writer(distant: EventStore) -> Iterator[Open]:
    writers = []

    def opened(patience: float = SECONDS) -> Writer:
        writers.append(Writer(lambda: distant, patience=patience))
        return writers[-1]

    yield opened
    for writer in writers:
        writer.close()


def rows(name: str, count: int = 1) -> list[Row]:
    row = {"site": 1, "timestamp": datetime.now(UTC), "event_type": "page_view", "query": name}
    return [{**row, "claims": {"plan": [name]}} for _ in range(count)]


def stored(store: EventStore) -> dict[str, int]:
    columns = store.query(Statement(sql="SELECT query, count() FROM events GROUP BY query"))
    return dict(zip(*columns, strict=True)) if columns else {}


def test_what_is_written_is_in_the_next_answer(distant: EventStore, open_writer: Open) -> None:
    writer = open_writer()
    writer.write(rows("it's \\ 50 %\n", 3))
    assert stored(distant) == {"it's \\ 50 %\n": 3}
    found = distant.query(Statement(sql="SELECT DISTINCT claims['plan'], uniqExact(batch) OVER () FROM events"))
    assert found == [[["it's \\ 50 %\n"]], [1]]


@pytest.mark.parametrize("mode", ["lost", "hung", "cut"])
def test_an_insert_that_is_not_answered_is_stored_once(
    server: ClickHouse, distant: EventStore, open_writer: Open, mode: str
) -> None:
    writer = open_writer()
    server.fault(mode=mode, only="insert", times=2)
    writer.write(rows("a", 5))
    assert stored(distant) == {"a": 5}
    assert server.fault() == (1 if mode != "hung" else 2)


def test_what_the_server_refuses_is_refused_at_once_and_not_stored(
    server: ClickHouse, distant: EventStore, open_writer: Open
) -> None:
    writer = open_writer()
    server.fault(mode="error", only="insert", code=243, message="No space left on device")
    with pytest.raises(Unavailable, match="cannot store events now"):
        writer.write(rows("a"))
    assert server.fault() == 1
    assert stored(distant) == {}
    writer.write(rows("b"))
    assert stored(distant) == {"b": 1}


def test_a_server_that_is_gone_refuses_at_once(distant: EventStore, open_writer: Open, server: ClickHouse) -> None:
    writer = open_writer()
    writer.write(rows("before"))
    server.kill()
    began = time.monotonic()
    with pytest.raises(Unavailable, match="does not answer"):
        writer.write(rows("meanwhile"))
    assert time.monotonic() - began < SECONDS / 2  # not the writer's patience
    server.start()
    writer.write(rows("after"))
    assert stored(distant) == {"before": 1, "after": 1}


def test_whoever_was_told_that_nothing_is_stored_was_told_the_truth(
    server: ClickHouse, distant: EventStore, open_writer: Open
) -> None:
    writer = open_writer(patience=2.0)
    server.fault(mode="lost", only="insert", times=1)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(writer.write, rows("given up", 2))
        wait_until(lambda: bool(writer._under_way))
        # It is stored, but every look at the store hangs until its request has been answered.
        server.fault(mode="lost")
        with pytest.raises(Undecided):
            first.result(SECONDS)
    assert server.fault() > 0
    wait_until(lambda: not writer._under_way)
    assert stored(distant) == {}
    writer.write(rows("sent again", 2))
    assert stored(distant) == {"sent again": 2}


def test_what_its_sender_looks_for_by_number_is_not_removed(
    server: ClickHouse, distant: EventStore, open_writer: Open
) -> None:
    writer = open_writer(patience=2.0)
    writer.write(rows("before"))
    server.fault(mode="lost")
    with pytest.raises(Undecided):
        writer.write(rows("a", 2), batch=7)
    server.fault()
    wait_until(lambda: not writer._under_way)
    assert stored(distant) == {"before": 1, "a": 2}
    assert distant.query(Statement(sql="SELECT DISTINCT batch FROM events WHERE query = 'a'")) == [[7]]


def test_what_may_have_been_sent_again_gets_no_new_ids(
    server: ClickHouse, distant: EventStore, open_writer: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "ON_TIME", timedelta(seconds=3))
    monkeypatch.setattr(delivery, "AT_WORK", timedelta(seconds=1))
    writer = open_writer(patience=2.0)
    writer.write(rows("before"))
    server.fault(mode="hung", only="insert")
    with pytest.raises(Undecided):
        writer.write(rows("a", 2), batch=7)
    time.sleep(3)  # the store hangs for longer than it may take the rows
    server.fault()
    wait_until(lambda: not writer._under_way)
    assert stored(distant) == {"before": 1}
    writer.write(rows("a", 2), batch=7)
    assert stored(distant) == {"before": 1, "a": 2}


@pytest.mark.parametrize(
    ("mode", "code"), [("gateway", 500), ("gateway", 502), ("gateway", 504), ("error", 209), ("error", 319)]
)
def test_an_answer_that_tells_nothing_of_the_rows_is_none(
    server: ClickHouse, distant: EventStore, open_writer: Open, mode: str, code: int
) -> None:
    writer = open_writer()
    writer.write(rows("before"))
    server.fault(mode=mode, code=code, only="insert", times=1)
    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(writer.write, rows(name, 2)) for name in "ab"]:
            done.result(SECONDS)
    assert server.fault() == 1
    assert stored(distant) == {"before": 1, "a": 2, "b": 2}


@pytest.mark.parametrize("fault", [{"mode": "gateway", "code": 502}, {"mode": "error", "code": 202}])
def test_a_question_that_fails_leaves_open_what_an_insert_before_it_stored(
    server: ClickHouse,
    distant: EventStore,
    open_writer: Open,
    monkeypatch: pytest.MonkeyPatch,
    fault: dict[str, int | str],
) -> None:
    monkeypatch.setattr(module_of_writer, "COMPANY_SECONDS", 0.5)
    monkeypatch.setattr(delivery, "PAUSE_SECONDS", 1.0)
    writer = open_writer()
    writer.write(rows("before"))
    server.fault(mode="gateway", code=502, only="insert", times=1)
    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(writer.write, rows(name, 2)) for name in "ab"]
        wait_until(lambda: server.met() == 1)
        server.fault(**fault, only="select", times=2)
        for done in both:
            done.result(SECONDS)
    assert server.fault() == 2
    assert stored(distant) == {"before": 1, "a": 2, "b": 2}


def test_what_cannot_be_removed_at_once_doubles_nothing(
    server: ClickHouse, distant: EventStore, open_writer: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module_of_writer, "COMPANY_SECONDS", 1.0)
    writer = open_writer(patience=3.0)
    writer.write(rows("before"))
    server.fault(mode="lost")
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(writer.write, rows("given up"))
        wait_until(lambda: bool(writer._waiting))
        time.sleep(0.2)  # the first waits already
        writer._patience = SECONDS
        second = pool.submit(writer.write, rows("in time"))
        with pytest.raises(Undecided):
            first.result(SECONDS)
        server.fault(mode="error", code=341, only="alter", times=1)
        second.result(SECONDS)
        wait_until(lambda: not writer._under_way)
    assert server.fault() == 1
    assert stored(distant) == {"before": 1, "in time": 1}


def test_processes_that_give_the_same_ids_do_not_take_each_others_rows_for_their_own(
    distant: EventStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ids.secrets, "randbits", lambda _bits: 7)
    moment = datetime.now(UTC)
    for number, name in ((1, "a"), (2, "b")):
        source = IdSource(clock=lambda: moment)
        batches = [(number, rows(name))]
        sent = delivery.deliver(distant, lambda batches=batches: batches, source, pause=lambda _seconds: False)
        assert delivery._count(distant, sent) == 1
    assert stored(distant) == {"a": 1, "b": 1}
    delivery.remove(distant, sent, {2})
    assert stored(distant) == {"a": 1}


def test_what_a_proxy_does_not_pass_on_is_refused(server: ClickHouse, distant: EventStore, open_writer: Open) -> None:
    writer = open_writer()
    server.fault(mode="gateway", code=413, only="insert")
    with pytest.raises(DatabaseError, match="413"):
        writer.write(rows("a"))
    server.fault()
    assert stored(distant) == {}


def test_rows_that_hung_on_their_way_are_not_stored_when_they_arrive_late(
    server: ClickHouse, distant: EventStore
) -> None:
    distant.insert([{**rows("in time")[0], "id": 1}], token="1", until=datetime.now(UTC) + timedelta(seconds=60))
    first = IdSource().take(1)[0]
    late = [{**rows("late")[0], "id": first, "batch": 1, "received": time_of(first).replace(microsecond=0)}]
    os.kill(server.process.pid, signal.SIGSTOP)
    try:
        with pytest.raises(remote.Unsure):
            distant.insert(late, token="late", until=datetime.now(UTC) + timedelta(seconds=1))
        time.sleep(2)
    finally:
        os.kill(server.process.pid, signal.SIGCONT)
    time.sleep(1)  # it reads what waited in the socket
    assert stored(distant) == {"in time": 1}


def test_a_clock_that_stands_behind_the_stores_is_put_right_by_it(distant: EventStore) -> None:
    behind = IdSource(clock=lambda: datetime.now(UTC) - timedelta(minutes=10))
    delivered = delivery.deliver(distant, lambda: [(1, rows("a", 2))], behind, pause=lambda _seconds: True)
    assert stored(distant) == {"a": 2}
    assert min(row["id"] for row in delivered) > id_at(datetime.now(UTC) - timedelta(minutes=1))


def test_an_insert_of_a_token_before_adds_nothing(distant: EventStore) -> None:
    one = [{**rows("a")[0], "id": 1, "batch": 1, "received": datetime.now(UTC)}]
    for _ in range(2):
        distant.insert(one, token="1-1", until=datetime.now(UTC) + timedelta(seconds=60))
    assert stored(distant) == {"a": 1}


def test_long_parameters_are_sent_in_parts(distant: EventStore) -> None:
    numbers, text, words = list(range(10**18, 10**18 + 20_000)), "ü\n" * 60_000, ["a", "b" * 150_000, "c'"]
    found = distant.query(
        Statement(
            sql="SELECT length({n:Array(UInt64)}), arraySum({n:Array(UInt64)}), {t:String} = repeat('ü\\n', 60000),"
            " arrayMap(x -> length(x), {w:Array(String)}), 'c\\'' IN {w:Array(String)}",
            parameters={"n": numbers, "t": text, "w": words},
        )
    )
    assert found == [[20_000], [sum(numbers) % 2**64], [1], [[1, 150_000, 2]], [1]]


def test_statements_of_one_name_do_not_run_at_once(distant: EventStore) -> None:
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(distant.command, Statement(sql="SELECT sleep(2)"), alone="numbers")
        time.sleep(0.5)
        with pytest.raises(Unavailable, match="still under way"):
            distant.command(Statement(sql="SELECT 1"), alone="numbers")
        slow.result(SECONDS)
    distant.command(Statement(sql="SELECT 1"), alone="numbers")


@pytest.mark.parametrize("code", [209, 210, 279])
def test_machines_that_do_not_reach_each_other_are_away(server: ClickHouse, distant: EventStore, code: int) -> None:
    server.fault(mode="error", code=code, only="select|truncate")
    with pytest.raises(Unavailable):
        distant.query(Statement(sql="SELECT 1"))
    with pytest.raises(Unavailable):
        distant.command(Statement(sql="TRUNCATE TABLE events"))


@pytest.mark.parametrize("mode", ["midway", "cut"])
def test_an_answer_that_breaks_off_is_an_error_and_no_answer(
    server: ClickHouse, distant: EventStore, mode: str
) -> None:
    server.fault(mode=mode, only="select", times=1)
    with pytest.raises(Unavailable):
        distant.query(Statement(sql="SELECT number FROM numbers(200000)"))
    assert distant.query(Statement(sql="SELECT count() FROM numbers(5)")) == [[5]]
