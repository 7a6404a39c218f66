"""A backup that is made while the service runs and tracks, and the service that is made of it."""

from __future__ import annotations

import json
import shutil
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.keeping.moved import VALUES, Empty, Kept, figures
from tests.reliability.load import Load, batches_in_store
from tests.reliability.service import Service

pytestmark = pytest.mark.embedded  # it brings services of its own

_RECORDS = """
import django; django.setup()
from django.db import connection
from apps.keeping.record_files import take_records
dump = take_records()
print(sorted(dump.counts.items()), sorted(dump.given.items()))
"""
_LAST_ENTRY = """
import django; django.setup()
from apps.organizations.audit import AuditEntry
entry = AuditEntry.objects.first()
print(entry.who, entry.what)
"""
_SITES = """
import django; django.setup()
from apps.sites.models import Site
print([(site.pk, site.public_id, bytes(site.hash_key).hex()) for site in Site.objects.all()])
site = Site.objects.create(organization=Site.objects.get().organization, title="New")
print(site.pk)
"""


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """Made once; each test has a copy."""
    return Kept(tmp_path_factory.mktemp("prepared"))


@pytest.fixture
def kept(prepared: Kept, tmp_path: Path) -> Iterator[Kept]:
    shutil.copytree(prepared.data, tmp_path / "data", symlinks=True)
    service = Kept(tmp_path, like=prepared)
    yield service
    service.end()


@pytest.fixture
def empty(tmp_path: Path, kept: Kept) -> Iterator[Empty]:
    service = Empty(tmp_path / "empty", kept)
    yield service
    service.end()


def now() -> str:
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"


def refused(service: Service, *arguments: str) -> str:
    """What a command says that refuses."""
    done = service.manage(*arguments, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stderr.splitlines()[-1]


def rights(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_what_was_acknowledged_before_it_began_is_in_it_and_all_figures_are_the_same(
    kept: Kept, empty: Empty, tmp_path: Path
) -> None:
    kept.start()
    until = now()
    expected = figures(kept, until)
    load = Load(service=kept, clients=4, size=3)
    load.start()
    load.wait_for_answers(50)
    before = load.acknowledged
    kept.manage("backup", str(tmp_path / "backup"))
    load.wait_for_answers(1)
    load.stop()
    assert kept.stop() == 0

    empty.manage("restore", str(tmp_path / "backup"))
    marks = batches_in_store(empty)
    assert before <= set(marks)
    assert all(marks[mark] == (3, 1) for mark in before)
    ids = [file["last"] for file in json.loads((tmp_path / "backup" / "manifest.json").read_text())["events"]]
    assert empty.stored(VALUES) == kept.stored(f"{VALUES} WHERE id <= {max(ids)}")
    empty.start()
    assert figures(empty, until) == expected
    sources = {answer.status for answer in (empty.get("/healthz"), empty.get("/readyz"))}
    assert sources == {200}
    assert empty.track([]).status == 422
    load = Load(service=empty, clients=1, size=1)
    load.start()
    load.wait_for_answers(3)
    load.stop()
    assert empty.stop() == 0
    (newest,), (last,) = empty.stored("SELECT max(id), maxIf(id, query = '') FROM events")
    assert newest > max(ids)
    assert last <= max(ids)


def test_it_is_made_and_read_while_the_server_is_stopped_too(kept: Kept, empty: Empty, tmp_path: Path) -> None:
    kept.manage("backup", str(tmp_path / "backup"))
    empty.manage("restore", str(tmp_path / "backup"))
    assert empty.stored(VALUES) == kept.stored(VALUES)
    assert empty.python(_RECORDS) == kept.python(_RECORDS)
    assert kept.python(_LAST_ENTRY) == "command back_up\n"
    assert empty.python(_LAST_ENTRY) == "command restore\n"


def test_sites_keep_their_number_and_key_and_numbers_of_deleted_ones_are_not_given_again(
    kept: Kept, empty: Empty, tmp_path: Path
) -> None:
    kept.manage("backup", str(tmp_path / "backup"))
    empty.manage("restore", str(tmp_path / "backup"))
    assert empty.python(_SITES) == kept.python(_SITES)
    assert kept.python(_SITES.replace("Site.objects.get()", "Site.objects.first()")).splitlines()[-1] == "4"


def test_files_are_their_owners_alone_and_the_secret_key_comes_along_unless_it_is_left_out(
    kept: Kept, empty: Empty, tmp_path: Path
) -> None:
    target = tmp_path / "backup"
    kept.manage("backup", str(target))
    assert rights(target) == 0o700
    assert {rights(path) for path in target.rglob("*") if path.is_file()} == {0o600}
    assert (target / "secret_key").read_text() == (kept.data / "secret_key").read_text()
    told = empty.manage("restore", str(target)).stderr
    assert "The secret key of the backup is kept in DATA_DIR." in told
    assert (empty.data / "secret_key").read_text() == (kept.data / "secret_key").read_text()
    assert rights(empty.data / "secret_key") == 0o600

    without = tmp_path / "without"
    kept.manage("backup", str(without), "--without-secret-key")
    assert not (without / "secret_key").exists()
    other = Empty(tmp_path / "other", kept)
    assert "SECRET_KEY is not the one of the backup" in other.manage("restore", str(without)).stderr


def test_one_that_was_cut_short_or_is_damaged_is_refused_by_name_before_anything_is_written(
    kept: Kept, empty: Empty, tmp_path: Path
) -> None:
    target = tmp_path / "backup"
    kept.manage("backup", str(target))
    for name in ("events/000001.parquet", "records.ndjson.gz"):
        damaged = tmp_path / "damaged"
        shutil.copytree(target, damaged)
        text = bytearray((damaged / name).read_bytes())
        text[len(text) // 2] ^= 1
        (damaged / name).write_bytes(text)
        assert refused(empty, "restore", str(damaged)) == f"CommandError: {name} is damaged: its checksum is another."
        (damaged / name).write_bytes(text[:-1])
        assert refused(empty, "restore", str(damaged)).startswith(f"CommandError: {name} is damaged: it has")
        (damaged / name).unlink()
        assert refused(empty, "restore", str(damaged)) == f"CommandError: {name} is missing."
        shutil.rmtree(damaged)
    assert not (empty.data / "events").exists()
    (target / "manifest.json").unlink()
    assert refused(empty, "restore", str(target)) == (
        "CommandError: manifest.json is missing: this is no backup, or one that was cut short."
    )


def test_only_an_empty_place_is_filled(kept: Kept, tmp_path: Path) -> None:
    target = tmp_path / "backup"
    kept.manage("backup", str(target))
    assert "holds records already" in refused(kept, "restore", str(target))
    assert refused(kept, "backup", str(target)) == "CommandError: The folder is not empty: name a new one."
    kept.start()
    assert "holds records already" in refused(kept, "restore", str(target))
    assert "in use by another process" in refused(kept, "import_events", str(target))


def test_a_restore_that_was_stopped_is_repeated(kept: Kept, empty: Empty, tmp_path: Path) -> None:
    target = tmp_path / "backup"
    kept.manage("backup", str(target))
    stopped = """
import django; django.setup()
from apps.keeping import backup, record_files
def stop(*_): raise SystemExit(9)
record_files.put_records = stop
backup.restore(SOURCE, print)
""".replace("SOURCE", repr(str(target)))
    with pytest.raises(AssertionError):
        empty.python(stopped)
    assert empty.stored(VALUES) == kept.stored(VALUES)
    empty.manage("restore", str(target))
    assert empty.stored(VALUES) == kept.stored(VALUES)
    assert empty.python(_RECORDS) == kept.python(_RECORDS)


@pytest.mark.parametrize("form", ["parquet", "ndjson"])
def test_events_are_moved_exactly_and_moving_them_twice_is_moving_them_once(
    kept: Kept, tmp_path: Path, form: str
) -> None:
    kept.start()
    expected = figures(kept, until := now())
    kept.manage("export_events", str(tmp_path / "moved"), "--format", form)
    assert kept.stop() == 0
    values = kept.stored(VALUES)
    shutil.rmtree(kept.data / "events")  # the records stay, as they do where another store is set
    shutil.rmtree(kept.data / "journal", ignore_errors=True)
    for _time in range(2):
        answer = json.loads(kept.manage("import_events", str(tmp_path / "moved")).stdout)
        assert answer["imported"] == values[0][0]
        assert kept.stored(VALUES) == values
    kept.start()
    assert figures(kept, until) == expected
    assert kept.stop() == 0
    kept.manage("rollups", "fill")
    assert not kept.manage("rollups", "verify").stdout.startswith("0 ")
    kept.start()
    assert figures(kept, until) == expected


def test_events_of_sites_that_are_others_here_are_refused(kept: Kept, tmp_path: Path) -> None:
    kept.manage("export_events", str(tmp_path / "moved"))
    (tmp_path / "stranger").mkdir()
    stranger = Service(tmp_path / "stranger")
    assert "is not here as it was there" in refused(stranger, "import_events", str(tmp_path / "moved"))
    assert stranger.stored("SELECT count() FROM events") == [[0]]
