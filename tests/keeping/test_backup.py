"""A backup that is made while the service runs and tracks, and the service that is made of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.keeping.moved import RECORDS, VALUES, Empty, Kept, figures, now, rights
from tests.reliability.load import Load, batches_in_store

# Each service here has the embedded engine and a database of its own, whatever the tests run with.
pytestmark = pytest.mark.embedded

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
    assert empty.python(RECORDS) == kept.python(RECORDS)
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


@pytest.mark.parametrize("variable", ["SECRET_KEY", "SECRET_KEY_FILE"])
def test_a_key_that_is_given_stays_and_the_operator_is_told_what_follows(
    kept: Kept, tmp_path: Path, variable: str
) -> None:
    target, key = tmp_path / "backup", "another key " * 5
    kept.manage("backup", str(target))
    (tmp_path / "key").write_text(key)
    given = {variable: key if variable == "SECRET_KEY" else str(tmp_path / "key")}
    other = Empty(tmp_path / "other", kept, **given)
    told = other.manage("restore", str(target)).stderr
    assert "SECRET_KEY is not the one of the backup" in told
    assert "kept in DATA_DIR" not in told
    assert not (other.data / "secret_key").exists()
