"""Lists of segments are narrowed by one filter: in the API, and in the admin, which lists saved ones alone."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client

from apps.organizations.models import User
from apps.segments.models import VisitorSegment
from tests.api.calls import Caller, address, event
from tests.people import World


@pytest.fixture
def segments(ada: Caller, world: World) -> str:
    """Two saved segments and three detected ones; answers where they are listed."""
    VisitorSegment.objects.create(site=world.docs, title="Enterprise readers", claims={"org": {"plan": "enterprise"}})
    VisitorSegment.objects.create(site=world.docs, title="Leser in Österreich", claims={"country": "AT"})
    VisitorSegment.objects.create(site=world.secrets, title="Enterprise elsewhere", claims={"plan": "enterprise"})
    said = [
        {"org": {"plan": "enterprise"}, "role": "admin", "seats": 5, "team": "docs", "tier": "gold"},
        {"org": {"plan": "free"}},
        {},
    ]
    ada.track(
        world.docs,
        *(
            event(session={"visitorId": f"v{number}-{visitor}", "visitorAuthClaims": claims})
            for number, claims in enumerate(said)
            for visitor in range(3 - number)
        ),
    )
    return address(world.docs, "/insights/visitor-segments")


ENTERPRISE = "org.plan: enterprise · role: admin · seats: 5 · +2"
ALL = ["Enterprise readers", "Leser in Österreich", ENTERPRISE, "org.plan: free", "Anonymous visitors"]


def titles(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    assert answer.json()["count"] == len(answer.json()["items"])
    return [each["title"] for each in answer.json()["items"]]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ALL),
        ("kind=&search=", ALL),
        ("kind=saved", ALL[:2]),
        ("kind=detected", ALL[2:]),
        ("search=ENTERPRISE", ["Enterprise readers", ENTERPRISE]),
        ("search=org.plan", ["Enterprise readers", ENTERPRISE, "org.plan: free"]),
        ("search=plan: f", ["org.plan: free"]),
        ("search=tier: gold", [ENTERPRISE]),
        ("search=anonymous", ["Anonymous visitors"]),
        ("search=ÖSTERREICH", ["Leser in Österreich"]),
        ("search=nobody", []),
        ("kind=saved&search=enterprise", ["Enterprise readers"]),
        ("kind=detected&search=enterprise", [ENTERPRISE]),
        ("kind=detected&search=readers", []),
    ],
)
def test_the_list_is_narrowed(ada: Caller, segments: str, query: str, found: list[str]) -> None:
    assert titles(ada.get(f"{segments}?{quote(query, safe='=&')}")) == found


def test_a_saved_segment_is_found_by_its_id(ada: Caller, segments: str) -> None:
    kept = VisitorSegment.objects.get(title="Leser in Österreich")
    elsewhere = VisitorSegment.objects.get(title="Enterprise elsewhere")
    assert titles(ada.get(f"{segments}?search={kept.public_id}")) == ["Leser in Österreich"]
    assert titles(ada.get(f"{segments}?search={elsewhere.public_id}")) == []


def test_pages_are_those_of_the_narrowed_list(ada: Caller, segments: str) -> None:
    first = ada.get(f"{segments}?search=org.plan&limit=2").json()
    assert [each["title"] for each in first["items"]] == ["Enterprise readers", ENTERPRISE]
    assert first["count"] == 3
    last = ada.get(f"{segments}?search=org.plan&limit=2&page={first['next']['page']}").json()
    assert [each["title"] for each in last["items"]] == ["org.plan: free"]
    assert (last["count"], "next" in last) == (3, False)


@pytest.mark.parametrize(
    ("query", "place"), [("kind=made", "query.kind: "), ("search=%00", "query.search: "), ("kind=%00", "query.kind: ")]
)
def test_a_value_that_is_none_of_a_filters_is_refused(ada: Caller, segments: str, query: str, place: str) -> None:
    answer = ada.get(f"{segments}?{query}")
    assert answer.status_code == 422
    assert answer.json()["error"]["message"].startswith(place)


@pytest.mark.parametrize("text", ["ENTERPRISE", "org.plan: e", "ÖSTERREICH", "nobody"])
def test_the_admin_finds_what_the_api_finds_among_saved_ones(
    ada: Caller, client: Client, world: World, segments: str, text: str
) -> None:
    client.force_login(User.objects.create(email="root@example.com", is_staff=True, is_superuser=True))
    address = f"/admin/segments/visitorsegment/?site__id__exact={world.docs.pk}&q={quote(text)}"
    listed = [segment.title for segment in client.get(address).context["cl"].queryset]
    assert listed == titles(ada.get(f"{segments}?kind=saved&search={quote(text)}"))
    assert bool(listed) == (text != "nobody")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("kind=saved", ALL[:2]),
        ("kind=detected", []),
        ("kind=made", []),
        ("kind=%00", []),
        ("kind=saved&q=enterprise", ALL[:1]),
        ("kind=detected&q=enterprise", []),
    ],
)
def test_the_admin_narrows_saved_ones_by_kind_as_the_api_does(
    ada: Caller, client: Client, world: World, segments: str, query: str, found: list[str]
) -> None:
    client.force_login(User.objects.create(email="root@example.com", is_staff=True, is_superuser=True))
    page = client.get(f"/admin/segments/visitorsegment/?site__id__exact={world.docs.pk}&{query}")
    assert [segment.title for segment in page.context["cl"].queryset] == found
    assert {"Saved", "Detected"} <= set(re.findall(r"<option[^>]*>\s*(\w+)", page.content.decode()))
    answer = ada.get(f"{segments}?{query.replace('q=', 'search=')}")
    if answer.status_code == 200:
        saved = set(VisitorSegment.objects.values_list("title", flat=True))
        assert [title for title in titles(answer) if title in saved] == found


def test_the_admin_finds_all_segments_of_a_site_by_its_title(client: Client, world: World, segments: str) -> None:
    client.force_login(User.objects.create(email="root@example.com", is_staff=True, is_superuser=True))
    listed = client.get("/admin/segments/visitorsegment/?q=acme docs").context["cl"].queryset
    assert [segment.title for segment in listed] == ["Enterprise readers", "Leser in Österreich"]
