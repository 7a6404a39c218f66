"""The journal: what is acknowledged is on disk at once, in every answer, and in the engine exactly once."""

from __future__ import annotations

import os
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
from apps.events import aside
from apps.events.ids import newest_id
from apps.events.journal import Journal, Segment, read_segment, record_of, segments
from apps.events.replaying import replay
from apps.events.store import EventStore, Row, Statement
from apps.events.writer import Writer
from tests.events.refusals import counted
from tests.people import World

MOMENT = datetime(2026, 3, 1, 12, 0, 0, 123_000, tzinfo=UTC)

pytestmark = pytest.mark.embedded


class TroubledStore:
    """The real store, the inserts of which fail as long as there is ``trouble``, or wait while it is held."""

    is_remote = False

    def __init__(self, store: EventStore) -> None:
        self._store = store
        self.trouble: Exception | None = None
        self.free = threading.Event()
        self.free.set()
        self.inserts = 0

    def query(self, statement: Statement) -> list[Sequence[Any]]:
        return self._store.query(statement)

    def insert(self, rows: Sequence[Row]) -> None:
        self.inserts += 1
        assert self.free.wait(30)
        if self.trouble:
            raise self.trouble
        self._store.insert(rows)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "journal"


@pytest.fixture
def troubled(store: EventStore) -> TroubledStore:
    return TroubledStore(store)


@pytest.fixture
def writer(troubled: TroubledStore, folder: Path) -> Iterator[Writer]:
    writer = Writer(lambda: troubled, folder=folder, queue_rows=100)  # type: ignore[arg-type, return-value]
    yield writer
    troubled.free.set()
    writer.close()


def rows_named(name: str, count: int = 1, **more: Any) -> list[Row]:
    row: Row = {"site": 1, "timestamp": MOMENT, "event_type": "page_view", "query": name}
    return [row | more for _ in range(count)]


def stored(store: EventStore) -> dict[str, int]:
    columns = store.query(Statement(sql="SELECT query, count() FROM events GROUP BY query"))
    return dict(zip(*columns, strict=True)) if columns else {}


def left(folder: Path) -> list[str]:
    """The names of the batches on disk."""
    return [str(rows[0]["query"]) for path in segments(folder) for _number, rows in read_segment(path)[1]]


def append(folder: Path, *batches: tuple[int, str, int], floor: int = 0) -> Path:
    """Write batches (number, name, rows) to a new segment; returns it."""
    used: list[Segment] = []
    journal: Journal[None] = Journal(folder, floor=lambda: floor, written=lambda _items, segment: used.append(segment))
    for number, name, count in batches:
        journal.append(record_of((number, rows_named(name, count))), None)
    return used[0].path


def test_an_acknowledged_batch_is_on_disk_before_the_engine_has_it(
    store: EventStore, writer: Writer, troubled: TroubledStore, folder: Path
) -> None:
    troubled.free.clear()
    writer.write(rows_named("a", 2))
    assert (stored(store), left(folder)) == ({}, ["a"])
    troubled.free.set()
    writer.settle()
    assert stored(store) == {"a": 2}


def test_settling_stores_without_waiting_for_company(store: EventStore, writer: Writer) -> None:
    for number in range(20):
        writer.write(rows_named("a", 3))
        writer.settle()
        assert stored(store) == {"a": 3 * (number + 1)}


def test_batches_that_come_together_share_an_insert(store: EventStore, writer: Writer, troubled: TroubledStore) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: writer.write(rows_named(f"{number}")), range(80)))
    writer.settle()
    assert stored(store) == {f"{number}": 1 for number in range(80)}
    assert troubled.inserts < 20


def test_nothing_is_left_on_disk_seconds_after_the_last_event(
    store: EventStore, writer: Writer, troubled: TroubledStore, folder: Path
) -> None:
    troubled.free.clear()
    writer.write(rows_named("a"))
    assert left(folder) == ["a"]
    troubled.free.set()
    deadline = time.monotonic() + 30
    while segments(folder):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert stored(store) == {"a": 1}


def test_a_cleared_journal_holds_nothing_of_what_was_acknowledged(
    store: EventStore, writer: Writer, folder: Path
) -> None:
    for name in "abc":
        writer.write(rows_named(name))
    writer.clear_journal()
    assert list(folder.iterdir()) == []
    assert stored(store) == {"a": 1, "b": 1, "c": 1}


def test_an_engine_that_is_away_makes_questions_fail_and_loses_nothing(
    store: EventStore, writer: Writer, troubled: TroubledStore, folder: Path
) -> None:
    troubled.trouble = Unavailable("The disk is full.")
    writer.write(rows_named("a"))
    writer.write(rows_named("b"))
    with pytest.raises(Unavailable, match="cannot store events now"):
        writer.settle()
    assert (stored(store), left(folder)) == ({}, ["a", "b"])
    troubled.trouble = None
    writer.settle()
    assert stored(store) == {"a": 1, "b": 1}


def test_an_engine_that_hangs_makes_questions_fail_after_their_time(writer: Writer, troubled: TroubledStore) -> None:
    troubled.free.clear()
    writer.write(rows_named("a"))
    with pytest.raises(Unavailable, match="does not answer"):
        writer.settle(0.2)


def test_too_many_waiting_events_are_refused_and_not_written(
    writer: Writer, troubled: TroubledStore, folder: Path
) -> None:
    troubled.trouble = Unavailable("The disk is full.")
    writer.write(rows_named("a", 60))
    with pytest.raises(Unavailable):
        writer.settle()
    writer.write(rows_named("b", 40))
    with pytest.raises(Unavailable, match="Too many events are waiting"):
        writer.write(rows_named("c"))
    assert left(folder) == ["a", "b"]


def test_what_a_stopping_writer_cannot_store_is_stored_at_the_next_start(
    store: EventStore, writer: Writer, troubled: TroubledStore, folder: Path
) -> None:
    troubled.trouble = Unavailable("The disk is full.")
    writer.write(rows_named("a", 2))
    writer.close()
    with pytest.raises(Unavailable):
        writer.settle()
    assert (stored(store), left(folder)) == ({}, ["a"])
    assert replay(folder, store) == 2
    assert (stored(store), list(folder.iterdir())) == ({"a": 2}, [])


def test_a_batch_that_the_engine_refuses_is_kept_aside_and_costs_no_other(
    store: EventStore, writer: Writer, folder: Path
) -> None:
    for rows in (rows_named("good"), rows_named("bad", ask_rating="no number"), rows_named("fine")):
        writer.write(rows)
    writer.clear_journal()
    assert stored(store) == {"good": 1, "fine": 1}
    [kept] = folder.iterdir()
    assert b"no number" in kept.read_bytes()
    assert replay(folder, store) == 0


def test_what_could_not_be_stored_is_counted_as_refused_and_told_at_every_start(
    world: World, store: EventStore, writer: Writer, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bad = rows_named("bad", 3, site=world.docs.pk, ask_rating="no number")
    writer.write(bad)
    writer.clear_journal()
    assert counted(world.docs) == {"error": (1, 3)}
    append(folder, (1, "fine", 1))
    journal: Journal[None] = Journal(folder, floor=lambda: 0, written=lambda _items, _segment: None)
    journal.append(record_of((2, bad)), None)
    assert replay(folder, store) == 1
    assert counted(world.docs) == {"error": (2, 6)}
    (folder / "000000000001.damaged").touch()
    caplog.clear()
    assert replay(folder, store) == 0
    [told] = [record.getMessage() for record in caplog.records]
    assert told.endswith("refused.journal.kept, 000000000001.damaged")


def test_what_could_not_be_stored_is_kept_for_thirty_days(store: EventStore, writer: Writer, folder: Path) -> None:
    days = [MOMENT, MOMENT + timedelta(days=1)]
    for day in days:
        writer.write(rows_named(f"{day:%d}", timestamp=day, ask_rating="no number"))
    writer.clear_journal()
    for day in days:
        segment = folder / f"{day:%d}.damaged"
        segment.touch()
        os.utime(segment, (day.timestamp(), day.timestamp()))
    aside.delete_old(folder, MOMENT + timedelta(days=30))
    assert len(list(folder.iterdir())) == 3
    aside.delete_old(folder, MOMENT + timedelta(days=30, hours=1))
    assert {path.name for path in folder.iterdir()} == {"02.damaged", "refused.journal.kept"}
    text = (folder / "refused.journal.kept").read_bytes()
    assert (text.count(b"no number"), b"\xa202" in text) == (1, True)
    aside.delete_old(folder, MOMENT + timedelta(days=32))
    assert list(folder.iterdir()) == []


def test_a_replay_stores_each_batch_once_wherever_the_last_process_was_killed(store: EventStore, folder: Path) -> None:
    store.insert(rows_named("before", 1, id=1 << 62, batch=7, received=MOMENT))
    append(
        folder,
        (7, "the number of an old batch, by chance", 1),
        (8, "stored", 3),
        (9, "not stored", 5),
        floor=newest_id(store),
    )
    store.insert(rows_named("stored", 3, id=(1 << 62) + 1, batch=8, received=MOMENT))
    assert replay(folder, store) == 6
    assert replay(folder, store) == 0
    assert stored(store) == {
        "before": 1,
        "the number of an old batch, by chance": 1,
        "stored": 3,
        "not stored": 5,
    }
    assert segments(folder) == []


def test_a_replay_that_the_engine_cannot_take_is_repeated(store: EventStore, folder: Path) -> None:
    troubled = TroubledStore(store)
    troubled.trouble = Unavailable("The disk is full.")
    append(folder, (1, "a", 1))
    with pytest.raises(Unavailable):
        replay(folder, troubled)  # type: ignore[arg-type]
    assert left(folder) == ["a"]
    assert replay(folder, store) == 1


@pytest.mark.parametrize("cut", [1, 5, 9, 40])
def test_a_last_record_that_was_cut_short_was_never_acknowledged(store: EventStore, folder: Path, cut: int) -> None:
    path = append(folder, (1, "whole", 1))
    whole = path.read_bytes()
    path.write_bytes(whole + record_of((2, rows_named("cut")))[:cut])
    assert replay(folder, store) == 1
    assert (stored(store), list(folder.iterdir())) == ({"whole": 1}, [])


def test_a_segment_of_which_not_even_the_head_was_written_goes(store: EventStore, folder: Path) -> None:
    path = append(folder, (1, "whole", 1))
    path.write_bytes(path.read_bytes()[:10])
    assert replay(folder, store) == 0
    assert list(folder.iterdir()) == []


def test_a_damaged_record_is_kept_for_a_person_and_what_is_before_it_stored(store: EventStore, folder: Path) -> None:
    path = append(folder, (1, "before", 1), (2, "damaged", 1), (3, "after", 1))
    text = bytearray(path.read_bytes())
    text[text.index(b"damaged")] ^= 1
    path.write_bytes(text)
    assert replay(folder, store) == 1
    assert stored(store) == {"before": 1}
    assert [kept.name for kept in folder.iterdir()] == ["000000000001.damaged"]


def test_a_row_comes_back_as_it_was_written(folder: Path) -> None:
    row = {
        "timestamp": MOMENT,
        "visitor": 2**64 - 1,
        "latitude": -33.25,
        "authenticated": None,
        "claims": {"plan": ["free", "pro"]},
        "query": "naïve \U0001f600 �",
        "ask_rating": -1,
    }
    journal: Journal[None] = Journal(folder, floor=lambda: 41, written=lambda _items, _segment: None)
    journal.append(record_of((5, [row])), None)
    assert [read_segment(path) for path in segments(folder)] == [(41, [(5, [row])], True)]


def test_only_the_owner_may_read_the_journal(folder: Path) -> None:
    assert append(folder, (1, "a", 1)).stat().st_mode & 0o777 == 0o600


def test_a_disk_that_is_full_refuses_and_leaves_nothing_to_replay(folder: Path) -> None:
    """The limit of a file's size stands in for the end of the disk: the write fails after a part of the record."""
    program = """
import resource, signal, sys
from pathlib import Path
from apps.core.errors import Unavailable
from apps.events.journal import Journal, read_segment, record_of, segments
folder = Path(sys.argv[1])
journal = Journal(folder, floor=lambda: 0, written=lambda _items, _segment: None)
journal.append(record_of((1, [{"query": "fits"}])), None)
resource.setrlimit(resource.RLIMIT_FSIZE, (300, resource.RLIM_INFINITY))
try:
    journal.append(record_of((2, [{"query": "x" * 1000}])), None)
except Unavailable as error:
    print(error)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
journal.append(record_of((3, [{"query": "fits again"}])), None)
read = [read_segment(path) for path in segments(folder)]
print([(number, whole) for _floor, batches, whole in read for number, _rows in batches])
"""
    done = subprocess.run([sys.executable, "-c", program, str(folder)], capture_output=True, text=True, check=False)
    assert done.stdout == "The event cannot be written to disk.\n[(1, True), (3, True)]\n", done.stderr
