"""What a log is not to tell: every secret goes through the doors of a real server, and what it wrote is searched."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.reliability.guest import Guest, keeping_secrets, told
from tests.reliability.service import Service


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with keeping_secrets(tmp_path) as service:
        yield service


def lose_tables(service: Service) -> None:
    """Have the records fail in the middle of what is asked: nobody foresaw that."""
    with closing(sqlite3.connect(service.data / "records.sqlite3")) as records:
        records.execute("PRAGMA foreign_keys = OFF")
        for table in ("account_emailaddress", "sites_sharelink", "organizations_invitation", "organizations_apitoken"):
            records.execute(f"DROP TABLE {table}")
        records.commit()


@pytest.mark.parametrize(("form", "level"), [("text", "INFO"), ("json", "INFO"), ("text", "DEBUG")])
def test_no_secret_is_written_to_the_log_whether_all_is_well_or_not(service: Service, form: str, level: str) -> None:
    service.set(LOG_FORMAT=form, LOG_LEVEL=level)
    guest = Guest(service)
    guest.make()
    service.start()
    guest.go_everywhere()
    assert {200, 204, 302, 400, 401, 403, 404, 422} <= guest.statuses
    assert 500 not in guest.statuses
    assert len(guest.secrets) > 25
    lose_tables(service)
    guest.browser.cookies.clear()
    guest.go_everywhere()
    assert 500 in guest.statuses
    assert service.stop() == 0
    log = service.log.read_text()
    assert "no such table: sites_sharelink" in log
    assert "The mail server takes nothing now" in log
    assert "Signing in through the provider failed" in log
    assert told(service, guest) == set()
