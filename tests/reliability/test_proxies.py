"""Whose address counts behind a proxy, at a running server: its gateway interface knows no dash from an underscore."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.reliability.service import Service, event

SWEDEN, GERMANY = "89.160.20.112", "185.220.101.1"
Start = Callable[..., Service]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a service with these settings."""
    begun: list[Service] = []

    def start(**settings: str) -> Service:
        begun.append(Service(tmp_path, **settings))
        begun[0].start()
        return begun[0]

    yield start
    for service in begun:
        service.end()


def countries(service: Service, *requests: list[tuple[str, str]]) -> list[str]:
    """The countries that events are stored with, of requests with these headers in their order."""
    route = f"/v1/orgs/{service.organization_id}/sites/{service.site_id}/insights/events"
    body = json.dumps({"events": [event("a")]}).encode()
    for headers in requests:
        answer = service.post(route, body, dict(headers) | {"Content-Type": "application/json"})
        assert answer.status == 204
    assert service.stop() == 0
    found: list[list[str]] = service.stored("SELECT toString(country) FROM events ORDER BY country")
    return found[0]


def test_one_of_two_spellings_is_read_by_their_order_alone_so_that_a_proxy_must_drop_underscores(start: Start) -> None:
    true, slipped = ("X-Forwarded-For", SWEDEN), ("X_Forwarded_For", GERMANY)
    assert countries(start(TRUSTED_PROXIES="1"), [true, slipped], [slipped, true]) == ["DE", "SE"]


def test_a_header_without_a_dash_has_one_spelling_so_that_nobody_slips_another_address_past_the_proxy(
    start: Start,
) -> None:
    service = start(TRUSTED_PROXIES="1", CLIENT_ADDRESS_HEADER="Visitoraddress")
    true = ("Visitoraddress", SWEDEN)
    slipped = [(name, GERMANY) for name in ("X-Forwarded-For", "X_Forwarded_For", "Visitor_Address", "Visitor-Address")]
    assert countries(service, [true, *slipped], [*slipped, true]) == ["SE", "SE"]
