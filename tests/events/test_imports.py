"""Imports of files: what is counted is stored, once, whatever happened between."""

from __future__ import annotations

import gzip
import io
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from apps.core.errors import Unavailable
from apps.events import ndjson
from apps.events.imports import batch_number, open_run, run_import
from apps.events.records import ImportRun
from apps.events.store import EventStore, Row, Statement
from apps.events.writer import close_writer
from tests.events.wire import sent
from tests.people import World

pytestmark = pytest.mark.django_db

OLD = "2001-02-03T04:05:06Z"


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Chunks of three lines, and a writer of this test's own."""
    monkeypatch.setattr(ndjson, "CHUNK_LINES", 3)
    yield
    close_writer()


def lines(*names: str) -> bytes:
    return b"".join(line(name) for name in names)


def line(name: str) -> bytes:
    return json.dumps(sent("search_type_query", query=name, timestamp=OLD)).encode() + b"\n"


def stored(store: EventStore) -> list[str]:
    columns = store.query(Statement(sql="SELECT query FROM events ORDER BY id"))
    return list(columns[0]) if columns else []


def import_file(world: World, file: Path, **options: Any) -> ImportRun:
    run = open_run(world.docs.pk, str(file), **options)
    return run_import(run.pk, file=str(file), progress=lambda _: None)


def command(world: World, *arguments: str) -> dict[str, int]:
    out = io.StringIO()
    call_command("import_events", "--site", world.docs.public_id, *arguments, stdout=out, stderr=io.StringIO())
    counts: dict[str, int] = json.loads(out.getvalue())
    return counts


def test_events_of_any_time_are_imported_in_the_order_of_the_file(
    store: EventStore, world: World, tmp_path: Path
) -> None:
    file = tmp_path / "events.ndjson"
    file.write_bytes(lines(*"abcdefgh"))
    assert command(world, str(file)) == {"imported": 8, "rejected": 0}
    assert stored(store) == list("abcdefgh")
    assert not (tmp_path / "events.ndjson.rejected").exists()


def test_refused_lines_are_kept_with_their_number_and_reason(store: EventStore, world: World, tmp_path: Path) -> None:
    file = tmp_path / "events.ndjson"
    bad = json.dumps(sent(location={"url": "nowhere"})).encode()
    file.write_bytes(line("a") + b"\n  \nnot JSON\n" + line("b") + bad + b"\n" + b"x" * (ndjson.LINE_BYTES + 1))
    assert command(world, str(file)) == {"imported": 2, "rejected": 3}
    refused = [json.loads(text) for text in (tmp_path / "events.ndjson.rejected").read_text().splitlines()]
    assert [(row["line"], row["reason"]) for row in refused] == [
        (4, "The line is not valid JSON."),
        (6, "location.url: expected a URL"),
        (7, "The line is longer than 1 MiB."),
    ]
    assert refused[0]["text"] == "not JSON"
    assert refused[1]["text"] == bad.decode()
    assert stored(store) == ["a", "b"]


def test_a_gzip_file_is_unpacked_whatever_its_name(store: EventStore, world: World, tmp_path: Path) -> None:
    file = tmp_path / "events"
    file.write_bytes(gzip.compress(lines(*"abcd")))
    assert command(world, str(file)) == {"imported": 4, "rejected": 0}
    assert stored(store) == list("abcd")


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_dash_reads_standard_input(
    store: EventStore, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pack: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(pack(lines(*"abcd") + b"?\n")))))
    assert command(world, "-") == {"imported": 4, "rejected": 1}
    assert json.loads((tmp_path / "stdin.rejected").read_text())["line"] == 5


def test_an_import_is_trusted_and_not_held_to_the_site_s_hosts(store: EventStore, world: World, tmp_path: Path) -> None:
    world.docs.hostnames = ["elsewhere.example"]
    world.docs.save()
    file = tmp_path / "events.ndjson"
    file.write_text(json.dumps(sent(session={"ip": "8.8.8.8"})) + "\n")
    assert command(world, str(file)) == {"imported": 1, "rejected": 0}
    columns = store.query(Statement(sql="SELECT country, authenticated FROM events"))
    assert [column[0] for column in columns] == ["US", None]


class Stopped(Exception):
    """Stands for a kill: raised where an import is to stop."""


@contextmanager
def stopping_before_the_count(monkeypatch: pytest.MonkeyPatch, inserts: int) -> Iterator[None]:
    """Have the store fail to return from insert number ``inserts``, which it has made durable."""
    done = []
    insert = EventStore.insert

    def insert_and_stop(self: EventStore, rows: list[Row]) -> None:
        insert(self, rows)
        done.append(len(rows))
        if len(done) == inserts:
            raise Stopped

    with monkeypatch.context() as patch:
        patch.setattr(EventStore, "insert", insert_and_stop)
        with pytest.raises(Stopped):
            yield


@pytest.mark.parametrize("inserts", [1, 2, 3])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_stop_between_the_store_and_the_count_doubles_nothing(
    store: EventStore, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, inserts: int, pack: Any
) -> None:
    file = tmp_path / "events.ndjson"
    file.write_bytes(pack(b"".join(line(name) if name != "?" else b"?\n" for name in "ab?cde?f")))
    with stopping_before_the_count(monkeypatch, inserts):
        import_file(world, file)
    assert ImportRun.objects.get().chunks == inserts - 1

    run = import_file(world, file)

    assert (run.imported, run.rejected, run.lines) == (6, 2, 8)
    assert stored(store) == list("abcdef")
    refused = (tmp_path / "events.ndjson.rejected").read_text().splitlines()
    assert [json.loads(text)["line"] for text in refused] == [3, 7]
    assert ImportRun.objects.count() == 1


def test_a_store_that_is_ahead_of_the_record_as_after_a_restore_is_not_filled_twice(
    store: EventStore, world: World, tmp_path: Path
) -> None:
    file = tmp_path / "events.ndjson"
    file.write_bytes(lines(*"abc") + b"?\n?\n?\n" + lines(*"defg"))
    before = open_run(world.docs.pk, str(file))
    import_file(world, file)
    before.save()  # the record is as it was before the first chunk
    assert command(world, str(file)) == {"imported": 7, "rejected": 3}
    assert stored(store) == list("abcdefg")


def test_refused_lines_that_were_written_but_not_counted_are_not_kept_twice(
    store: EventStore, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, refused = tmp_path / "events.ndjson", tmp_path / "events.ndjson.rejected"
    file.write_bytes(b"?\n" * 3 + lines("a"))
    with stopping_before_the_count(monkeypatch, 1):
        import_file(world, file)
    with refused.open("a") as out:
        out.write('{"line": 4, "half a li')
    import_file(world, file)
    assert [json.loads(text)["line"] for text in refused.read_text().splitlines()] == [1, 2, 3]


def test_a_store_that_goes_away_stops_the_import_and_the_rest_follows_later(
    store: EventStore, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "events.ndjson"
    file.write_bytes(lines(*"abcdefg"))

    def away(self: EventStore, rows: list[Row]) -> None:
        raise Unavailable("The event store does not answer.")

    with monkeypatch.context() as patch:
        patch.setattr(EventStore, "insert", away)
        with pytest.raises(CommandError, match="does not answer"):
            command(world, str(file))
    assert command(world, str(file), "--resume") == {"imported": 7, "rejected": 0}
    assert stored(store) == list("abcdefg")


def test_a_finished_file_is_refused_left_alone_or_imported_again_as_asked(
    store: EventStore, world: World, tmp_path: Path
) -> None:
    file = tmp_path / "events.ndjson"
    file.write_bytes(lines("a", "b"))
    command(world, str(file))
    with pytest.raises(CommandError, match=r"was imported into this site on .* --again imports it once more"):
        command(world, str(file))
    assert command(world, str(file), "--resume") == {"imported": 2, "rejected": 0}
    assert stored(store) == ["a", "b"]
    assert command(world, str(file), "--again") == {"imported": 2, "rejected": 0}
    assert stored(store) == ["a", "b", "a", "b"]


def test_the_same_file_may_be_imported_into_another_site(store: EventStore, world: World, tmp_path: Path) -> None:
    file = tmp_path / "events.ndjson"
    file.write_bytes(lines("a"))
    command(world, str(file))
    run = open_run(world.secrets.pk, str(file))
    assert (run.chunks, run.finished_at) == (0, None)


def test_a_process_whose_import_was_taken_over_stops(store: EventStore, world: World, tmp_path: Path) -> None:
    file = tmp_path / "events.ndjson"
    file.write_bytes(lines(*"abcdefg"))
    run = open_run(world.docs.pk, str(file))

    def take_over(_: object) -> None:
        ImportRun.objects.filter(pk=run.pk).update(holder="another")

    with pytest.raises(Exception, match="Another process goes on with this import"):
        run_import(run.pk, file=str(file), progress=take_over)
    import_file(world, file)
    assert sorted(stored(store)) == list("abcdefg")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("missing.ndjson",), "missing.ndjson cannot be opened: No such file or directory."),
        (("-", "--resume"), "Standard input cannot be resumed: save it to a file first."),
    ],
)
def test_what_cannot_be_imported_is_one_sentence(world: World, arguments: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(CommandError) as caught:
        command(world, *arguments)
    assert str(caught.value) == sentence


def test_a_broken_gzip_file_says_where_it_breaks(store: EventStore, world: World, tmp_path: Path) -> None:
    file = tmp_path / "events.gz"
    file.write_bytes(gzip.compress(lines(*"abcdefgh"))[:-12])
    with pytest.raises(CommandError, match="The file cannot be read after line"):
        command(world, str(file))


def test_an_unknown_site_is_one_sentence(world: World) -> None:
    with pytest.raises(CommandError, match=r"^There is no site site_nowhere\.$"):
        call_command("import_events", "--site", "site_nowhere", "-")


def test_a_chunk_s_batch_number_never_changes() -> None:
    """Runs that were stopped before an upgrade go on after it."""
    assert batch_number("0123456789abcdef0123456789abcdef", 7) == 10414227420370712111


def test_migrate_store_names_what_it_applied(store: EventStore) -> None:
    """This process's store was empty when it was opened."""
    out = io.StringIO()
    call_command("migrate_store", stdout=out)
    assert out.getvalue().splitlines()[0] == "0001_events.sql"
    assert store.migrate() == []
    call_command("migrate_store", stdout=out)
    assert out.getvalue().splitlines()[-1] == "The event table is up to date."
