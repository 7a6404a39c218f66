"""POST …/insights/events/aggregate over HTTP. The questions themselves are tested in tests/insights."""

from __future__ import annotations

import json

import pytest

from tests.api.calls import Caller, address, event, refusal
from tests.people import World


def test_an_answer_has_the_published_shape(ada: Caller, world: World) -> None:
    ada.track(world.docs, event(), event(session={"visitorId": "v2"}), event("search_open"))
    body = {
        "range": "last7Days",
        "select": [{"column": "eventsCount"}, {"column": "visitorsCount"}],
        "groupBy": [{"column": "eventType"}],
    }
    assert ada.ask(world.docs, body).json() == {
        "columns": [
            {"column": "eventType", "values": ["page_view", "search_open"]},
            {"column": "eventsCount", "values": [2, 1]},
            {"column": "visitorsCount", "values": [2, 1]},
        ]
    }


def test_a_claim_is_repeated_in_the_answer(ada: Caller, world: World) -> None:
    ada.track(world.docs, event(session={"visitorAuthClaims": {"plan": "pro"}}))
    body = {"range": "last7Days", "groupBy": [{"column": "visitorClaim", "claim": "plan"}]}
    assert ada.ask(world.docs, body).json()["columns"][0] == {
        "column": "visitorClaim",
        "claim": "plan",
        "values": ["pro"],
    }


def test_a_site_sees_only_its_own_events(ada: Caller, cy: Caller, world: World) -> None:
    ada.track(world.docs, event())
    cy.track(world.secrets, event(), event())
    assert ada.values(world.docs)["eventsCount"] == [1]
    assert cy.values(world.secrets)["eventsCount"] == [2]


def test_a_reader_may_ask(ben: Caller, world: World) -> None:
    assert ben.values(world.docs)["eventsCount"] == [0]


COUNT = {"column": "eventsCount"}
URL = {"column": "url"}


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ([], "body"),
        ({}, "body.range"),
        ({"range": "lastCentury"}, "body.range"),
        ({"range": {"from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z"}}, "body.range.to"),
        ({"range": "last7Days", "select": [{"column": "nothing"}]}, "body.select.0.column"),
        ({"range": "last7Days", "select": [{"column": "visitorClaim"}]}, "body.select.0.claim"),
        ({"range": "last7Days", "groupBy": [COUNT]}, "body.groupBy.0.column"),
        ({"range": "last7Days", "limit": 0}, "body.limit"),
        ({"range": "last7Days", "limit": 1001}, "body.limit"),
        ({"range": "last7Days", "limit": True}, "body.limit"),
        ({"range": "last7Days", "order": {"direction": "asc"}}, "body.order.by"),
        ({"range": "last7Days", "order": {"by": COUNT, "direction": "up"}}, "body.order.direction"),
        ({"range": "last7Days", "where": [{**URL, "operator": "greaterThan", "values": ["a"]}]}, "body.where.0"),
        ({"range": "last7Days", "where": [{**COUNT, "operator": "is", "values": [1]}]}, "body.where.0.operator"),
        ({"range": "last7Days", "where": [{**COUNT, "values": [10**400]}]}, "body.where.0.values.0"),
        ({"range": "last7Days", "where": [{**COUNT, "values": ["1"]}]}, "body.where.0.values.0"),
        ({"range": "last7Days", "where": [{**URL, "values": ["\ud800"]}]}, "body.where.0.values.0"),
        ({"range": "last7Days", "timezone": "Mars/Olympus"}, "body.timezone"),
    ],
)
def test_a_bad_question_is_refused_with_its_place(ada: Caller, world: World, body: object, place: str) -> None:
    status, message = refusal(ada.ask(world.docs, body))
    assert status == 422
    assert message.startswith(place)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"\xff", 400),
        (b'{"range": NaN}', 400),
        (b'{"range": "last7Days", "limit": -Infinity}', 400),
        (b'{"range": "last7Days", "limit": 1e400}', 422),
        (b'{"range": "last7Days", "limit": 1' + b"0" * 5000 + b"}", 422),
        (b'{"range": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", 422),
        (b" " * (2 * 1024 * 1024), 413),
    ],
)
def test_a_body_that_is_no_json_or_too_much_of_it(ada: Caller, world: World, body: bytes, status: int) -> None:
    assert refusal(ada.post(address(world.docs, "/insights/events/aggregate"), body))[0] == status


@pytest.mark.parametrize("text", ["'; DROP TABLE events; --", "x' OR '1'='1", "{p0:String}", "%(x)s", "\\'", "a\x00b"])
def test_sql_in_a_string_is_only_text(ada: Caller, world: World, text: str) -> None:
    ada.track(world.docs, event("search_type_query", query=text))
    claim = {"column": "visitorClaim", "claim": text}
    body = {
        "range": "last7Days",
        "groupBy": [{"column": "eventSearchQuery"}, claim],
        "where": [{"column": "eventSearchQuery", "values": [text]}, {**claim, "operator": "notIn", "values": [text]}],
    }
    answer = ada.ask(world.docs, body)
    assert answer.status_code == 200, answer.content
    assert answer.json()["columns"][0]["values"] == [text]
    assert ada.values(world.docs)["eventsCount"] == [1]


def test_any_content_type_and_any_accept_will_do(ada: Caller, world: World) -> None:
    body = json.dumps({"range": "last7Days"}).encode()
    path = address(world.docs, "/insights/events/aggregate")
    response = ada.post(path, body, content_type="application/x-www-form-urlencoded", headers={"accept": "text/html"})
    assert (response.status_code, response["Content-Type"]) == (200, "application/json")
