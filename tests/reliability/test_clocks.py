"""Server mode, when the clocks of its web processes and workers jump while the event store's goes on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.conftest import lacking, require
from tests.reliability.installation import Installation, between, installed
from tests.reliability.load import Load
from tests.servers.running import POSTGRES, wait_until

pytestmark = pytest.mark.embedded  # it brings servers of its own

SIZE = 7
HOUR = 3_600
_SLEEP = "import select, time; time.sleep = lambda seconds: select.select((), (), (), seconds) and None"
"""libfaketime 0.9.10 lets Python's own sleep fail (``clock_nanosleep``: EINVAL) where it leaves that clock alone."""


class Clock:
    """What the service takes for the time: libfaketime reads how far it is off from a file, whenever it is asked."""

    def __init__(self, folder: Path, library: Path) -> None:
        self._file = folder / "clock"
        self.set(0)
        (folder / "sitecustomize.py").write_text(_SLEEP)
        self.settings = {
            "PYTHONPATH": str(folder),
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }

    def set(self, seconds: int) -> None:
        """Let it be ``seconds`` ahead, or behind where there are less than none."""
        new = self._file.with_suffix(".new")
        new.write_text(f"{seconds:+d}\n")
        new.replace(self._file)


@pytest.fixture
def clock(tmp_path: Path) -> Clock:
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    if not found:
        lacking("libfaketime is not installed")
    return Clock(tmp_path, found[0])


@pytest.fixture
def whole(tmp_path: Path, clock: Clock) -> Iterator[Installation]:
    require("redis-server")
    if not Path(POSTGRES).is_dir():
        lacking("PostgreSQL is not installed")
    with installed(tmp_path / "installation", **clock.settings) as installation:
        yield installation


@pytest.mark.parametrize("jump", [HOUR, -HOUR])
def test_clocks_jump_and_jump_back(whole: Installation, clock: Clock, jump: int) -> None:
    load = Load(service=whole.service, clients=6, size=SIZE)
    load.start()
    try:
        for seconds in (0, jump, 0, -jump, 0):
            clock.set(seconds)
            load.wait_for_answers(60)
    finally:
        load.stop()
    whole.heal()
    (spread,) = whole.stored("SELECT dateDiff('second', min(timestamp), max(timestamp)) FROM events")
    assert spread[0] > 1.9 * HOUR, "The clocks did not jump."
    stored = whole.batches()
    assert [mark for mark in load.acknowledged if stored.get(mark) != SIZE] == []
    refused = {sent.mark for sent in load.sent if sent.answer.status == 503}
    wait_until(lambda: not refused & whole.batches().keys(), whole.service.log)
    whole.service.manage("rollups", "fill")
    assert "all equal their events" in whole.service.manage("rollups", "verify").stdout
    now = datetime.now(UTC)
    around = between(now - timedelta(days=1), now + timedelta(days=1))
    status, columns = whole.aggregate({"range": around, "select": [{"column": "eventsCount"}]})
    assert (status, columns["eventsCount"]) == (200, [sum(stored.values())])
