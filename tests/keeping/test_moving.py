"""Events that are moved from one store to another."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.keeping.moved import VALUES, Kept, figures, now, refused
from tests.reliability.service import Service

# Each service here has the embedded engine and a database of its own, whatever the tests run with.
pytestmark = pytest.mark.embedded


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
