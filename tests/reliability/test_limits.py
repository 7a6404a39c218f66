"""Limits and tokens in several processes: counted together in Redis, on without it; a revocation is seen by all."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.reliability.service import Service
from tests.servers.running import Redis, wait_until

_ISSUE = """
import django; django.setup()
from apps.organizations.issuing import make_token
from apps.organizations.models import Organization
print(make_token(organization=Organization.objects.first(), user=None, who=None, title="CI", scopes=["site:read"])[1])
"""
_REVOKE = """
import django; django.setup()
from apps.core.clock import utc_now
from apps.organizations.models import ApiToken
ApiToken.objects.get().revoke(utc_now())
"""
LIMIT = 500


def status_and_left(service: Service) -> tuple[int, int]:
    """What ``/v1`` answers, and how many requests the caller's address has left by its headers."""
    connection = service.connection()
    try:
        connection.request("GET", "/v1")
        response = connection.getresponse()
        response.read()
        assert response.getheader("X-RateLimit-Limit") == str(LIMIT)
        assert int(response.getheader("X-RateLimit-Reset") or 0) >= time.time() - 1
        return response.status, int(response.getheader("X-RateLimit-Remaining") or -1)
    finally:
        connection.close()


def count_together(first: Service, second: Service) -> bool:
    """Whether a request to one counts for the other; asked again where a minute ended in between."""
    return any(status_and_left(first)[1] - status_and_left(second)[1] == 1 for _ in range(2))


@pytest.fixture
def two(tmp_path: Path, broker: Redis) -> Iterator[tuple[Service, Service]]:
    """Two services that share one Redis, and neither records nor events."""
    services = []
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        services.append(
            Service(
                tmp_path / name,
                REDIS_URL=broker.url,
                SECRET_KEY="x1" * 25,
                RATE_LIMIT_ADDRESS=str(LIMIT),
            )
        )
    yield services[0], services[1]
    for service in services:
        service.end()


def test_limits_are_counted_together_and_go_on_while_redis_is_away(two: tuple[Service, Service], broker: Redis) -> None:
    first, second = two
    for service in two:
        service.start()
    assert count_together(first, second)
    broker.kill()
    for service in two:
        assert [status_and_left(service)[0] for _ in range(20)] == [200] * 20
    alone = [status_and_left(first)[1] for _ in range(3)]
    assert 1 in {alone[0] - alone[1], alone[1] - alone[2]}
    assert not count_together(first, second)
    for service in two:
        assert service.log.read_text().count("Redis does not answer: limits") == 1
    broker.start()
    wait_until(lambda: count_together(first, second), first.log)
    for service in two:
        assert service.log.read_text().count("Redis answers again") == 1


def test_a_token_that_another_process_revokes_ends_within_seconds(service: Service) -> None:
    raw = service.python(_ISSUE).strip()
    service.start()
    headers = {"Authorization": f"Bearer {raw}"}
    path = f"/v1/orgs/{service.organization_id}/sites"
    for _ in range(3):
        assert service.ask("GET", path, headers=headers).status == 200
    service.python(_REVOKE)
    revoked = time.monotonic()
    while service.ask("GET", path, headers=headers).status == 200:
        assert time.monotonic() - revoked < 5
        time.sleep(0.05)
    assert service.ask("GET", path, headers=headers).status == 401
