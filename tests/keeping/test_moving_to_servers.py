"""From the embedded engine to servers and back: by backup, and by events alone; every figure stays what it was."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import lacking
from tests.keeping.moved import VALUES, Empty, Kept, figures, now
from tests.reliability.service import event
from tests.servers.running import POSTGRES, ClickHouse, Postgres

pytestmark = pytest.mark.embedded  # it brings servers of its own

_COUNT = """
import django; django.setup()
from datetime import timedelta
from apps.core.clock import utc_now
from apps.rollups.models import FilledPeriod, State
from apps.rollups.services import fill_due
fill_due(utc_now() + timedelta(hours=2))  # when what came late is counted anew
print(FilledPeriod.objects.filter(state=State.COUNTED, events__gt=0).count())
"""


@pytest.fixture
def clickhouse(tmp_path: Path) -> Iterator[ClickHouse]:
    server = ClickHouse(tmp_path / "clickhouse")
    server.start()
    yield server
    server.end()


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[Postgres]:
    if not Path(POSTGRES).is_dir():
        lacking("PostgreSQL is not installed")
    server = Postgres(tmp_path / "postgres")
    server.start()
    yield server
    server.end()


def figures_of(service: Kept | Empty, until: str) -> list[dict[str, object]]:
    """What it answers, started for it."""
    service.start()
    found = figures(service, until)
    assert service.stop() == 0
    return found


def test_a_backup_goes_to_servers_and_back(
    kept: Kept, clickhouse: ClickHouse, postgres: Postgres, tmp_path: Path
) -> None:
    expected = figures_of(kept, until := now())
    kept.manage("backup", str(tmp_path / "there"))
    there = Empty(tmp_path / "server", kept, CLICKHOUSE_URL=clickhouse.url, DATABASE_URL=postgres.url)
    there.manage("restore", str(tmp_path / "there"))
    assert there.stored(VALUES) == kept.stored(VALUES)
    there.start()
    assert figures(there, until) == expected
    assert there.track([event("tracked on the server")]).status == 204
    there.manage("backup", str(tmp_path / "back"))
    assert there.stop() == 0
    back = Empty(tmp_path / "back-again", kept)
    back.manage("restore", str(tmp_path / "back"))
    assert back.stored(VALUES) == there.stored(VALUES) != kept.stored(VALUES)
    assert back.stored("SELECT count() FROM events WHERE query = 'tracked on the server'") == [[1]]
    assert figures_of(back, until) == expected


@pytest.mark.parametrize("form", ["parquet", "ndjson"])
def test_events_alone_go_to_a_server_and_back(kept: Kept, clickhouse: ClickHouse, tmp_path: Path, form: str) -> None:
    expected, values = figures_of(kept, until := now()), kept.stored(VALUES)
    kept.manage("export_events", str(tmp_path / "there"), "--format", form)
    shutil.move(kept.data / "events", tmp_path / "embedded-events")
    kept.set(CLICKHOUSE_URL=clickhouse.url)

    clickhouse.fault(mode="error", only="insert into events", times=1, message="Cannot write: NETWORK_ERROR")
    stopped = kept.manage("import_events", str(tmp_path / "there"), check=False)
    assert stopped.returncode == 1
    assert "Traceback" not in stopped.stderr
    assert clickhouse.fault() == 1
    for _time in range(2):
        kept.manage("import_events", str(tmp_path / "there"))
        assert kept.stored(VALUES) == values
    assert figures_of(kept, until) == expected
    assert int(kept.python(_COUNT)) > 90
    assert "all equal their events" in kept.manage("rollups", "verify").stdout
    assert figures_of(kept, until) == expected

    kept.manage("export_events", str(tmp_path / "back"), "--format", form)
    kept.set(CLICKHOUSE_URL="")
    kept.manage("import_events", str(tmp_path / "back"))
    assert kept.stored(VALUES) == values
    assert int(kept.python(_COUNT)) > 90
    assert "all equal their events" in kept.manage("rollups", "verify").stdout
    assert figures_of(kept, until) == expected
