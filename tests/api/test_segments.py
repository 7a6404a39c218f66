"""Visitor segments: saved ones and those that the events show. Every expected figure is counted by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from apps.events.claims import read_claims
from apps.events.store import EventStore, Row
from apps.segments.claim_sets import title_of
from apps.segments.models import VisitorSegment
from apps.segments.services import list_segments
from tests.api.calls import Caller, address, event
from tests.people import World

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
Figures = tuple[str, dict[str, Any], int, int, int]


class Visits:
    """Stores events of chosen visitors and claims, and lists the segments then."""

    def __init__(self, world: World, store: EventStore) -> None:
        self.world, self.store = world, store
        self.rows: list[Row] = []

    def add(self, claims: dict[str, Any], *visits: tuple[int, int], days_ago: float = 1, site: int = 0) -> None:
        """One event for each (visitor, session)."""
        read = read_claims(msgspec.json.encode(claims))
        for visitor, session in visits:
            self.rows.append(
                {
                    "site": site or self.world.docs.pk,
                    "timestamp": NOW - timedelta(days=days_ago),
                    "received": NOW,
                    "id": len(self.rows),
                    "event_type": "page_view",
                    "visitor": visitor,
                    "session": session,
                    "claims": dict(read.values),
                    "claims_json": read.canonical,
                }
            )

    def listed(self) -> list[Figures]:
        if self.rows:
            self.store.insert(self.rows)
        found = list_segments(self.world.docs, now=NOW)
        return [(each.title, dict(each.claims), each.events, each.visitors, each.sessions) for each in found]


@pytest.fixture
def visits(world: World, store: EventStore) -> Visits:
    return Visits(world, store)


def test_no_events_make_no_segments(visits: Visits) -> None:
    assert visits.listed() == []


def test_visitors_with_the_same_claims_are_a_segment(visits: Visits) -> None:
    visits.add({"plan": "pro"}, (1, 10), (1, 11), (2, 20))
    visits.add({"plan": "free"}, (3, 30))
    visits.add({}, (4, 40), (5, 50), (6, 60))
    assert visits.listed() == [
        ("Anonymous visitors", {}, 3, 3, 3),
        ("plan: pro", {"plan": "pro"}, 3, 2, 3),
        ("plan: free", {"plan": "free"}, 1, 1, 1),
    ]


def test_the_order_of_keys_makes_no_difference(visits: Visits) -> None:
    visits.add({"plan": "pro", "role": "admin"}, (1, 10))
    visits.add({"role": "admin", "plan": "pro"}, (1, 10))
    assert visits.listed() == [("plan: pro · role: admin", {"plan": "pro", "role": "admin"}, 2, 1, 1)]


def test_sets_that_become_equal_are_counted_together_and_exactly(visits: Visits) -> None:
    visits.add({"plan": "pro", "sub": "u1", "exp": 1}, (1, 10))
    visits.add({"plan": "pro", "sub": "u1", "exp": 2}, (1, 10), (1, 11))
    visits.add({"plan": "pro", "email": "bea@example.com"}, (1, 11), (2, 20))
    assert visits.listed() == [("plan: pro", {"plan": "pro"}, 5, 2, 3)]


def test_registered_claims_alone_are_no_claims(visits: Visits) -> None:
    for claim in ("iss", "sub", "aud", "exp", "nbf", "iat", "jti"):
        visits.add({claim: "x"}, (1, 10))
    assert visits.listed() == [("Anonymous visitors", {}, 7, 1, 1)]


def test_a_claim_that_holds_addresses_is_dropped_wherever_it_stands(visits: Visits) -> None:
    visits.add({"contact": {"mail": "bea@example.com", "team": "docs"}}, (1, 10))
    visits.add({"contact": {"mail": "none", "team": "docs"}, "also": ["x", "cy@example.org"]}, (2, 20))
    assert visits.listed() == [("contact.team: docs", {"contact": {"team": "docs"}}, 2, 2, 2)]


def test_a_claim_of_more_than_200_values_is_dropped_and_one_of_200_is_not(visits: Visits) -> None:
    for number in range(201):
        visits.add({"user": f"u{number}", "team": f"t{number % 200}"}, (number, number))
    listed = visits.listed()
    assert len(listed) == 200
    assert listed[0] == ("team: t0", {"team": "t0"}, 2, 2, 2)
    assert all(set(claims) == {"team"} for _title, claims, *_counts in listed)


def test_another_sites_values_do_not_count(visits: Visits) -> None:
    for number in range(201):
        visits.add({"plan": f"p{number}"}, (number, number), site=visits.world.secrets.pk)
    visits.add({"plan": "pro"}, (1, 10))
    assert visits.listed() == [("plan: pro", {"plan": "pro"}, 1, 1, 1)]


def test_only_the_last_30_days_count(visits: Visits) -> None:
    visits.add({"plan": "old"}, (1, 10), days_ago=30.001)
    visits.add({"plan": "new"}, (1, 10), days_ago=30)
    visits.add({"plan": "next"}, (1, 10), days_ago=0)
    assert visits.listed() == [("plan: new", {"plan": "new"}, 1, 1, 1)]


def test_equally_large_segments_come_in_one_order(visits: Visits) -> None:
    visits.add({"plan": "b"}, (1, 10))
    visits.add({"plan": "a"}, (2, 20))
    visits.add({"plan": "c"}, (3, 30), (3, 31))
    assert [title for title, *_rest in visits.listed()] == ["plan: c", "plan: a", "plan: b"]


def saved(world: World, title: str, claims: dict[str, Any]) -> None:
    VisitorSegment.objects.create(site=world.docs, title=title, claims=claims)


def test_saved_segments_come_first_by_title(visits: Visits) -> None:
    saved(visits.world, "Zeta", {"plan": "free"})
    saved(visits.world, "Enterprise", {"plan": "pro"})
    visits.add({"plan": "pro", "role": "admin"}, (1, 10), (2, 20))
    visits.add({"plan": "pro"}, (2, 21))
    assert visits.listed()[:2] == [
        ("Enterprise", {"plan": "pro"}, 3, 2, 3),
        ("Zeta", {"plan": "free"}, 0, 0, 0),
    ]


@pytest.mark.parametrize(
    ("wanted", "events"),
    [
        ({}, 3),
        ({"org": {"plan": "pro"}}, 2),
        ({"org": {"plan": "pro", "seats": 5}}, 1),
        ({"roles": ["admin"]}, 2),
        ({"roles": ["dev", "admin"]}, 1),
        ({"roles": "admin"}, 2),
        ({"beta": True}, 1),
        ({"beta": False}, 0),
        ({"org": {"plan": "pro"}, "roles": ["dev"]}, 1),
        ({"plan": "pro"}, 0),
    ],
)
def test_a_saved_segment_matches_events_that_contain_its_claims(
    visits: Visits, wanted: dict[str, Any], events: int
) -> None:
    saved(visits.world, "Wanted", wanted)
    visits.add({"org": {"plan": "pro", "seats": 5}, "roles": ["admin", "dev"], "beta": True}, (1, 10))
    visits.add({"org": {"plan": "pro"}, "roles": ["admin"]}, (2, 20))
    visits.add({}, (3, 30))
    assert visits.listed()[0] == ("Wanted", wanted, events, events, events)


@pytest.mark.parametrize(
    ("claims", "title"),
    [
        ({}, "Anonymous visitors"),
        ({"betaUser": True}, "Beta user"),
        ({"beta_user": True}, "Beta user"),
        ({"isBetaUser": True}, "Is beta user"),
        ({"unsigned": {"beta-user": True}}, "Beta user"),
        ({"API": True}, "API"),
        ({"betaUser": False}, "betaUser: false"),
        ({"betaUser": "true"}, "betaUser: true"),
        ({"role": "admin", "plan": "enterprise"}, "plan: enterprise · role: admin"),
        ({"plan": "pro", "beta": True}, "beta: true · plan: pro"),
        ({"org": {"plan": "pro"}}, "org.plan: pro"),
        ({"unsigned": {"plan": "pro"}}, "plan: pro"),
        ({"roles": ["admin", "dev"]}, "roles: admin, dev"),
        ({"seats": 5, "share": 0.5}, "seats: 5 · share: 0.5"),
        ({"a": 1, "b": 2, "c": 3}, "a: 1 · b: 2 · c: 3"),
        ({"a": 1, "b": 2, "c": 3, "d": 4, "e": 5}, "a: 1 · b: 2 · c: 3 · +2"),
    ],
)
def test_a_claim_set_is_called_by_its_claims(claims: dict[str, Any], title: str) -> None:
    assert title_of(claims) == title


def test_segments_are_listed_by_the_api_page_by_page(ada: Caller, world: World) -> None:
    saved(world, "Everybody", {})
    ada.track(
        world.docs,
        event(session={"visitorId": "v1", "visitorAuthClaims": {"plan": "pro"}}),
        event(session={"visitorId": "v2", "visitorAuthClaims": {"plan": "pro"}}),
        event(session={"visitorId": "v3"}),
    )
    path = address(world.docs, "/insights/visitor-segments")
    first = ada.get(f"{path}?limit=2").json()
    assert first["items"] == [
        {"title": "Everybody", "claims": {}, "events": 3, "visitors": 3, "sessions": 1},
        {"title": "plan: pro", "claims": {"plan": "pro"}, "events": 2, "visitors": 2, "sessions": 1},
    ]
    last = ada.get(f"{path}?limit=2&page={first['next']['page']}").json()
    assert [each["title"] for each in last["items"]] == ["Anonymous visitors"]
    assert (last["count"], "next" in last) == (3, False)
