"""What a restore refuses, and one that was stopped."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.keeping.moved import RECORDS, VALUES, Empty, Kept, refused

# Each service here has the embedded engine and a database of its own, whatever the tests run with.
pytestmark = pytest.mark.embedded


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
    assert empty.python(RECORDS) == kept.python(RECORDS)
