"""What a log is not to tell while databases are away: the passwords of their addresses, and what people bring."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.reliability.guest import Guest, keeping_secrets, told
from tests.reliability.service import SECONDS, Service, free_port
from tests.servers.running import Redis


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with keeping_secrets(tmp_path) as service:
        yield service


@pytest.mark.parametrize("form", ["text", "json"])
def test_no_password_of_a_database_is_written_to_the_log_while_it_is_away(
    service: Service, broker: Redis, form: str
) -> None:
    guest, nobody = Guest(service), free_port()
    guest.make()
    # A Redis that takes no password, and others that nobody answers for.
    with_password = broker.url.replace("//", "//insights:mark-redis-password@")
    service.set(
        LOG_FORMAT=form,
        REDIS_URL=with_password,
        CLICKHOUSE_URL=f"http://insights:mark-clickhouse-password@127.0.0.1:{nobody}/insights",
    )
    service.start(health=503)
    guest.go_everywhere()
    assert service.stop() == 0
    assert {401, 404, 503} <= guest.statuses
    service.set(DATABASE_URL=f"postgres://insights:mark-database-password@127.0.0.1:{nobody}/insights")
    assert service.popen("serve").wait(SECONDS) == 1
    log = service.log.read_text()
    assert "connection to server at" in log
    assert "redis" in log.lower()
    assert told(service, guest) == set()
