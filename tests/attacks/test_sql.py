"""SQL in every text that a question, a list, a page's address or an event may carry, with the engine running."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from apps.events.store import EventStore, Statement
from apps.insights.catalog import CATALOG
from apps.organizations.models import Membership, Role
from apps.segments.models import VisitorSegment
from tests.api.calls import Caller, address, event
from tests.people import World

SQL = (
    "' OR '1'='1",
    "') OR 1=1 --",
    "'; DROP TABLE events; --",
    "`) UNION ALL SELECT query, 1, 1 FROM events --",
    "{site:UInt32}",
    "plan'] OR 1=1 OR claims['plan",
    "\x00' OR 1=1",
    "sleep(3)",
    "*/ OR 1=1 /*",
    "x') FORMAT TabSeparated; SELECT 1 --",
)
MARK = "the-secret-of-elsewhere"


@pytest.fixture
def full(world: World, store: EventStore, ada: Caller, cy: Caller) -> World:
    """An event at each organization; Cy's must never be in an answer to Ada."""
    said = {"visitorAuthClaims": {"plan": "pro"}}
    assert ada.track(world.docs, event("search_type_query", query="hooks", session=said)).status_code == 204
    there = {"url": "https://secrets.example/", "page": MARK}
    assert cy.track(world.secrets, event("search_type_query", query=MARK, location=there)).status_code == 204
    return world


def count(store: EventStore) -> int:
    (numbers,) = store.query(Statement(sql="SELECT count() FROM events"))
    return int(numbers[0])


def test_values_of_filters_are_values_and_nothing_else(full: World, store: EventStore, ada: Caller) -> None:
    asked: dict[str, Any] = {"range": "last24Hours", "groupBy": [{"column": "url"}]}
    for name in CATALOG:
        column: dict[str, Any] = {"column": name, **({"claim": "plan"} if name == "visitorClaim" else {})}
        for operator, values in (("in", SQL), ("notIn", SQL), ("greaterThan", SQL[:1])):
            where = [column | {"operator": operator, "values": list(values)}]
            answer = ada.ask(full.docs, {**asked, "where": where})
            assert answer.status_code in (200, 422), (name, operator, answer.content)
            assert MARK.encode() not in answer.content
            if answer.status_code == 200 and operator == "in":
                assert answer.json()["columns"][0]["values"] == [], name
    assert count(store) == 2


@pytest.mark.parametrize("text", SQL)
def test_names_of_claims_zones_columns_and_orders_are_no_sql(
    full: World, store: EventStore, ada: Caller, text: str
) -> None:
    claim = {"column": "visitorClaim", "claim": text}
    answers = [
        ada.ask(full.docs, {"range": "last24Hours", **body})
        for body in (
            {"groupBy": [claim]},
            {"select": [claim, {"column": "eventsCount"}]},
            {"where": [claim | {"values": ["pro"]}]},
            {"where": [{"column": "visitorClaimProperty", "values": [text]}]},
            {"groupBy": [{"column": "datetime", "interval": text}]},
            {"groupBy": [{"column": text}]},
            {"groupBy": [{"column": "visitorGeoPoint", "precision": text}]},
            {"order": {"by": {"column": text}, "direction": "asc"}},
            {"order": {"by": claim, "direction": "asc"}},
            {"order": {"by": {"column": "eventsCount"}, "direction": text}},
            {"timezone": text},
            {"limit": text},
            {"range": text},
            {"range": {"from": text, "to": text}},
        )
    ]
    for answer in answers:
        assert answer.status_code in (200, 422), answer.content
        assert MARK.encode() not in answer.content
    grouped = answers[0]
    if grouped.status_code == 200:
        (column,) = [each for each in grouped.json()["columns"] if each["column"] == "visitorClaim"]
        assert column["values"] == [None]
    assert count(store) == 2


@pytest.mark.parametrize("text", SQL)
def test_what_events_say_is_stored_and_given_back_as_it_was(
    full: World, store: EventStore, ada: Caller, text: str
) -> None:
    said = event("search_type_query", query=text, session={"visitorAuthClaims": {"note": text, "n": {text: "yes"}}})
    answer = ada.track(full.docs, said)
    assert answer.status_code == 204, answer.content
    found = ada.values(
        full.docs,
        groupBy=[{"column": "eventSearchQuery"}, {"column": "visitorClaim", "claim": "note"}],
        where=[{"column": "eventSearchQuery", "values": [text]}],
    )
    assert (found["eventSearchQuery"], found["eventsCount"]) == ([text], [1])
    assert found["visitorClaim"] == [text]
    by_name = ada.values(full.docs, where=[{"column": "visitorClaim", "claim": f"n.{text}", "values": ["yes"]}])
    assert by_name["eventsCount"] == [1]
    assert ada.get(address(full.docs, "/insights/visitor-segments")).status_code == 200
    assert count(store) == 3


@pytest.mark.parametrize("text", SQL)
def test_saved_segments_lists_and_pages_of_lists_take_no_sql(
    full: World, store: EventStore, ada: Caller, text: str
) -> None:
    kept = text.replace("\x00", "")  # forms refuse it, and PostgreSQL too
    VisitorSegment.objects.create(site=full.docs, title=kept[:40], claims={kept: kept})
    home = f"/v1/orgs/{full.acme.public_id}/sites"
    client = Client(headers={"authorization": f"Bearer {ada.token}"})
    for name in ("search", "title", "visibility", "page", "limit"):
        for path in (home, address(full.docs, "/insights/visitor-segments")):
            answer = client.get(path, {name: text})
            assert answer.status_code in (200, 422), (path, name, answer.content)
            assert b"Secrets" not in answer.content
    assert count(store) == 2


@pytest.mark.parametrize("text", SQL[:3])
def test_the_address_of_a_page_takes_no_sql(full: World, store: EventStore, text: str) -> None:
    Membership.objects.filter(user=full.ben).update(role=Role.EDITOR)
    client = Client()
    client.force_login(full.ben)
    home = f"/sites/{full.acme.public_id}/{full.docs.public_id}"
    for name in ("range", "from", "interval", "tz", "compare", "segment", "by", "metric", "claim", "is.urlPath"):
        answer = client.get(f"{home}/traffic/pages", {name: text})
        assert answer.status_code == 200, name
        assert MARK not in answer.content.decode()
    for path, given in (
        ("traffic", {f"is.visitorClaim.{text}": text}),
        ("traffic", {f"not.{text}": text}),
        ("traffic/suggest", {"column": "urlPath", "filter-search": text}),
        ("traffic/suggest", {"column": text, "filter-search": text}),
        ("explore", {"figure": text, "by": text, "order": text}),
        ("explore/result.csv", {"by": text, "is.urlPath": text}),
        ("segments", {"first": text, "second": text}),
        ("events", {"type": text}),
    ):
        answer = client.get(f"{home}/{path}", given)
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        assert answer.status_code in (200, 302, 400, 404, 422), (path, given)
        assert MARK.encode() not in body
    assert count(store) == 2
