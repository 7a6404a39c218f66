"""Bodies that are too large, too deep, too many, or not what they say: refused before they cost anything."""

from __future__ import annotations

import gzip
import json
import time
from contextlib import suppress

import pytest
from django.test import Client

from apps.api.body import MAX_BODY_BYTES
from apps.events.store import EventStore, Statement
from tests.api.calls import Caller, address, event, refusal
from tests.attacks.test_tokens import OPERATIONS
from tests.people import World
from tests.reliability.service import Service

WITH_BODY = [(path, method) for path, method in OPERATIONS if method in ("POST", "PATCH")]
SECONDS = 5.0
"""What any refusal may take on a busy machine."""


def path_of(operation: tuple[str, str], world: World) -> str:
    return operation[0].format(organizationId=world.acme.public_id, siteId=world.docs.public_id)


@pytest.mark.parametrize("operation", WITH_BODY, ids=" ".join)
def test_more_than_a_body_may_hold_is_413_everywhere(ada: Caller, world: World, operation: tuple[str, str]) -> None:
    path, method = path_of(operation, world), operation[1]
    padded = b'{"title": "Taken", "events": []}' + b" " * MAX_BODY_BYTES
    for body in (padded, b"[" * (MAX_BODY_BYTES + 1)):
        assert refusal(ada.send(method, path, body))[0] == 413
    just = ada.send(method, path, b'{"x": "' + b"y" * (MAX_BODY_BYTES - 9) + b'"}')
    assert just.status_code in (200, 201, 422)


@pytest.mark.parametrize("operation", WITH_BODY, ids=" ".join)
@pytest.mark.parametrize(
    "body",
    [
        b"[" * 500_000,
        b'{"events":' * 100_000,
        b'{"a":' + b"9" * 900_000 + b"}",
        json.dumps({"events": [{"type": "page_view"}] * 30_000}).encode(),
        json.dumps({"where": [{"column": "url", "values": ["x" * 10] * 60_000}], "range": "lastYear"}).encode(),
        json.dumps({"select": [{"column": "url"}] * 30_000, "range": "lastYear"}).encode(),
        gzip.compress(b"[" * 100_000_000),
    ],
    ids=["brackets", "objects", "digits", "events", "values", "columns", "gzip"],
)
def test_bombs_are_refused_in_no_time(ada: Caller, world: World, operation: tuple[str, str], body: bytes) -> None:
    began = time.monotonic()
    answer = ada.send(operation[1], path_of(operation, world), body, headers={"content-encoding": "gzip"})
    assert time.monotonic() - began < SECONDS
    assert answer.status_code in (200, 201, 400, 413, 422)
    if operation[0].endswith(("aggregate", "events")):
        assert refusal(answer)[0] in (400, 413, 422)


def test_a_question_that_is_an_expensive_pattern_or_text_costs_little(ada: Caller, world: World) -> None:
    claims = {"a": {str(number): "x" for number in range(5_000)}}
    assert refusal(ada.track(world.docs, event(session={"visitorAuthClaims": claims})))[0] == 422
    began = time.monotonic()
    agent = "Mozilla/5.0 " + "(" * 100_000
    assert ada.track(world.docs, event(session={"userAgent": agent})).status_code in (204, 422)
    assert time.monotonic() - began < SECONDS


@pytest.mark.parametrize("path", ["/accounts/login/", "/admin/login/", "/tokens/{acme}/new"])
def test_forms_are_bounded_too(world: World, store: EventStore, path: str) -> None:
    client = Client(raise_request_exception=False)
    if "acme" in path:
        client.force_login(world.ada)
    address_of_form = path.format(acme=world.acme.public_id)
    assert client.post(address_of_form, {"title": "x" * 3_000_000}).status_code in (400, 413)
    assert client.post(address_of_form, {f"f{number}": "" for number in range(2_000)}).status_code in (400, 413)


def test_a_running_server_refuses_what_is_announced_or_sent_too_large(service: Service) -> None:
    service.start()
    path = f"/v1/orgs/{service.organization_id}/sites/{service.site_id}/insights/events"
    began = time.monotonic()
    assert service.post(path, b" " * (MAX_BODY_BYTES + 1), {}).status == 413
    connection = service.connection()
    try:
        # Announced only: the answer does not wait for it.
        connection.putrequest("POST", path)
        connection.putheader("Content-Length", str(10**12))
        connection.endheaders()
        with suppress(ConnectionError):  # it may be answered, and closed, by now
            connection.send(b"{")
        assert connection.getresponse().status == 413
    finally:
        connection.close()
    chunked = service.connection()
    try:
        with suppress(ConnectionError):
            chunked.request("POST", path, iter([b" " * 65_536] * 32), {}, encode_chunked=True)
        assert chunked.getresponse().status == 413
    finally:
        chunked.close()
    assert time.monotonic() - began < SECONDS
    assert service.stop() == 0


def test_nothing_of_a_refused_body_is_stored(ada: Caller, world: World, store: EventStore) -> None:
    body = json.dumps({"events": [event()] * 1_001}).encode()
    assert refusal(ada.post(address(world.docs, "/insights/events"), body))[0] == 422
    assert list(store.query(Statement(sql="SELECT count() FROM events"))[0]) == [0]
