"""The docs renderer's two routes."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, unquote

import pytest
import time_machine
from django.test import Client

from apps.api.caches import forget_all
from apps.events.store import EventStore, Statement
from apps.sites.models import IngestPolicy, Site
from tests.api.calls import Caller, event
from tests.events.refusals import kept
from tests.people import World

SESSION = "/__session/2/"
ORIGIN = "https://docs.acme.example"
KNOWN = "__session_elsewhere=" + quote(json.dumps({"deviceId": "dev1", "host": "docs.acme.example", "key": "0f" * 16}))


def route(world: World, base: str = "") -> str:
    return f"{base}/~gitbook/__evt?o={world.acme.public_id}&s={world.docs.public_id}"


def ago(**length: int) -> str:
    return (datetime.now(UTC) - timedelta(**length)).isoformat()


def kinds(store: EventStore) -> list[str]:
    columns = store.query(Statement(sql="SELECT toString(event_type) FROM events ORDER BY id"))
    return list(columns[0]) if columns else []


@pytest.mark.parametrize("base", ["", "/docs/v2"])
def test_the_renderers_events_are_tracked(anybody: Caller, world: World, store: EventStore, base: str) -> None:
    response = anybody.post(route(world, base), {"events": [event(), event("search_open", timestamp=ago(minutes=4))]})
    assert (response.status_code, response.content) == (204, b"")
    assert kinds(store) == ["page_view", "search_open"]


def test_old_events_are_dropped_and_the_others_stay(anybody: Caller, world: World, store: EventStore) -> None:
    old = [event("rss_request", timestamp=ago(minutes=6)), event("ask_view", timestamp="0001-01-01T00:00:00Z")]
    odd = event("search_type_query", query="\ud800")
    assert anybody.post(route(world), {"events": [*old, odd]}).status_code == 204
    assert kinds(store) == ["search_type_query"]


@pytest.mark.parametrize(
    "events", [[], [{**event(), "timestamp": "2020-01-01T00:00:00Z"}], [{"timestamp": "2020-01-01T00:00:00Z"}]]
)
def test_nothing_left_is_400_in_plain_text(anybody: Caller, world: World, events: list[object]) -> None:
    response = anybody.post(route(world), {"events": events})
    assert (response.status_code, response["Content-Type"]) == (400, "text/plain; charset=utf-8")
    assert response.content == b"No events of the last 5 minutes"


@pytest.mark.one_process
def test_a_repeated_request_counts_once_even_when_some_or_all_of_its_events_are_old_by_then(
    anybody: Caller, world: World, store: EventStore
) -> None:
    start = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
    minutes = [start - timedelta(minutes=minute) for minute in (9, 4, 2)]
    batch = {"events": [event(timestamp=minute.isoformat()) for minute in minutes]}
    for later, fresh in ((0, 2), (2, 1), (30, 0)):
        with time_machine.travel(start + timedelta(minutes=later), tick=False):
            assert anybody.post(route(world), batch, headers={"Idempotency-Key": "k1"}).status_code == 204, fresh
    assert kinds(store) == ["page_view", "page_view"]
    assert kept(world.docs) == [("timestamp", "", "page_view", "docs.acme.example", "/start")]


def test_a_key_that_comes_with_old_events_alone_stays_unused(anybody: Caller, world: World, store: EventStore) -> None:
    header = {"Idempotency-Key": "k1"}
    old = anybody.post(route(world), {"events": [event(timestamp=ago(minutes=6))]}, headers=header)
    assert (old.status_code, old.content) == (400, b"No events of the last 5 minutes")
    assert anybody.post(route(world), {"events": [event("ask_view")]}, headers=header).status_code == 204
    other = anybody.post(route(world), {"events": [event("rss_request")]}, headers=header)
    assert other.content == b"Idempotency-Key: was used for another body in the last 24 hours"
    assert kinds(store) == ["ask_view"]


@pytest.mark.parametrize("query", ["", "?o=x", "?s=x", "?o=&s="])
def test_a_missing_parameter_is_400_in_plain_text(anybody: Caller, query: str) -> None:
    response = anybody.post(f"/~gitbook/__evt{query}", {"events": [event()]})
    assert (response.status_code, response["Content-Type"]) == (400, "text/plain; charset=utf-8")


@pytest.mark.parametrize(
    ("body", "status"), [(b"{", 400), (b"[]", 422), (b'{"events": 1}', 422), (b'{"events": [{}]}', 422)]
)
def test_other_faults_are_refused_as_on_the_tracking_route(
    anybody: Caller, world: World, body: bytes, status: int
) -> None:
    response = anybody.post(route(world), body)
    assert (response.status_code, response["Content-Type"]) == (status, "text/plain; charset=utf-8")


def test_the_sites_policy_counts_here_too(anybody: Caller, world: World) -> None:
    world.docs.ingest_policy = IngestPolicy.TOKEN
    world.docs.save()
    assert anybody.post(route(world), {"events": [event()]}).status_code == 401
    unknown = f"/~gitbook/__evt?o={world.acme.public_id}&s=unknown"
    assert anybody.post(unknown, {"events": [event()]}).status_code == 404


def on(origin: str, visitor: Client, proposed: str) -> str:
    """The id that a page there is told for the visitor with this browser."""
    found: str = visitor.get(f"{SESSION}?proposed={proposed}", headers={"origin": origin}).json()["deviceId"]
    return found


def test_the_proposed_visitor_is_kept_in_a_cookie_that_pages_of_its_host_can_read(anybody: Caller) -> None:
    response = anybody.get(f"{SESSION}?proposed=dev1")
    cookie = response.cookies["__session"]
    assert (response.status_code, response.json()) == (200, {"deviceId": "dev1"})
    assert json.loads(unquote(cookie.value)) == {"deviceId": "dev1"}
    assert (cookie["httponly"], cookie["path"], cookie["domain"]) == ("", "/", "")


@pytest.mark.parametrize("base", ["", "/docs/v2", "/a;%20Domain=acme.example"])
def test_a_page_on_another_host_learns_the_id_and_not_the_cookie(anybody: Caller, world: World, base: str) -> None:
    response = anybody.get(f"{base}{SESSION}?proposed=dev1", headers={"origin": ORIGIN})
    assert (response.status_code, response.json()) == (200, {"deviceId": "dev1"})
    assert response["Access-Control-Allow-Origin"] == ORIGIN
    assert response["Access-Control-Allow-Credentials"] == "true"
    assert "Origin" in response["Vary"]
    (cookie,) = response.cookies.values()
    assert (cookie.key, cookie["httponly"], cookie["domain"]) == ("__session_elsewhere", True, "")
    assert cookie["path"] == f"{quote(unquote(base))}/__session/2/"


def test_a_visitor_who_is_known_stays_the_same() -> None:
    visitor = Client()
    assert [visitor.get(f"{SESSION}?proposed={each}").json() for each in ("dev1", "dev2")] == [{"deviceId": "dev1"}] * 2
    assert visitor.get(SESSION).json() == {"deviceId": "dev1"}


def test_two_organizations_do_not_learn_that_two_visitors_are_one(world: World) -> None:
    visitor = Client()
    assert visitor.get(f"{SESSION}?proposed=dev0").json() == {"deviceId": "dev0"}
    there, elsewhere = on(ORIGIN, visitor, "dev1"), on("https://secrets.example", visitor, "dev2")
    assert there == "dev1"
    assert elsewhere not in {"dev0", "dev1"}
    assert on(ORIGIN, visitor, "dev3") == there
    assert on("https://Docs.Acme.Example:8443", visitor, "dev3") == there
    assert on("https://secrets.example", visitor, "dev3") == elsewhere
    assert visitor.get(f"{SESSION}?proposed=dev3").json() == {"deviceId": "dev0"}


def test_what_an_organization_knows_does_not_tell_the_id_that_another_has(world: World) -> None:
    """It tries the ids that it knows with a browser of its own, and with cookies that it makes up."""
    visitor, own = Client(), Client()
    on(ORIGIN, visitor, "dev1")
    elsewhere = on("https://secrets.example", visitor, "dev2")
    on(ORIGIN, own, "dev1")
    assert on("https://secrets.example", own, "dev1") != elsewhere
    own.cookies["__session"] = visitor.cookies["__session"] = "%7B%22deviceId%22%3A%22dev1%22%7D"
    assert on("https://secrets.example", own, "dev1") != elsewhere
    assert on("https://secrets.example", visitor, "dev1") == elsewhere


def test_who_lists_the_host_of_another_organization_changes_and_learns_nothing(world: World) -> None:
    visitor = Client()
    there, elsewhere = on(ORIGIN, visitor, "dev1"), on("https://secrets.example", visitor, "dev2")
    world.secrets.hostnames = ["docs.acme.example", "evil.example"]
    world.secrets.save()
    forget_all()
    assert [on(each, visitor, "dev3") for each in (ORIGIN, "https://secrets.example")] == [there, elsewhere]
    assert on("https://evil.example", visitor, "dev3") not in {there, elsewhere, "dev3"}


@pytest.mark.parametrize(("said", "known"), [("cross-site", False), ("same-site", False), ("none", True)])
def test_a_foreign_page_gives_nobody_an_id_by_an_image(said: str, known: bool) -> None:
    visitor = Client()
    assert visitor.get(f"{SESSION}?proposed=dev1", headers={"sec-fetch-site": said}).json() == {"deviceId": "dev1"}
    asked = visitor.get(f"{SESSION}?proposed=dev2", headers={"sec-fetch-site": "same-origin"})
    assert asked.json() == {"deviceId": "dev1" if known else "dev2"}


@pytest.mark.parametrize(
    ("header", "cookie"), [({"sec-gpc": "1"}, ""), ({"dnt": "1"}, ""), ({}, "insights-opt-out=1; ")]
)
@pytest.mark.parametrize("origin", [{}, {"origin": ORIGIN}])
def test_who_does_not_want_to_be_counted_is_neither_known_again_nor_given_a_cookie(
    anybody: Caller, world: World, header: dict[str, str], cookie: str, origin: dict[str, str]
) -> None:
    sent = origin | {"cookie": f"{cookie}__session=%7B%22deviceId%22%3A%22dev1%22%7D; {KNOWN}"}
    response = anybody.get(f"{SESSION}?proposed=dev2", headers=sent | header)
    assert (response.status_code, response.json()) == (200, {"deviceId": "dev2"})
    assert not response.cookies
    assert response.get("Access-Control-Allow-Origin") == origin.get("origin")
    assert anybody.get(
        f"{SESSION}?proposed=dev2", headers=sent | {"cookie": sent["cookie"].removeprefix(cookie)}
    ).json() == {"deviceId": "dev1"}


@pytest.mark.parametrize(
    ("origin", "known"),
    [
        (ORIGIN, True),
        ("https://Docs.Acme.Example:8443", True),
        ("https://more.acme.example", True),
        ("https://secrets.example", True),
        ("https://acme.example", False),
        ("https://docs.acme.example.evil.example", False),
        ("null", False),
    ],
)
def test_a_page_of_another_origin_knows_visitors_again_only_where_a_site_is_on_its_host(
    anybody: Caller, world: World, origin: str, known: bool
) -> None:
    world.docs.hostnames = ["more.acme.example"]
    world.docs.save()
    response = anybody.get(f"{SESSION}?proposed=dev2", headers={"origin": origin, "cookie": KNOWN})
    assert response.status_code == 200
    assert (response.json() != {"deviceId": "dev2"}) is known
    assert ("__session_elsewhere" in response.cookies) is known
    assert response.get("Access-Control-Allow-Origin") == (origin if known else None)
    assert response.get("Access-Control-Allow-Credentials") == ("true" if known else None)


@pytest.mark.parametrize(("origin", "known"), [("https://anywhere.example", True), ("null", False), ("", False)])
def test_where_no_site_tells_a_host_any_host_may_ask(world: World, origin: str, known: bool) -> None:
    Site.objects.update(url="", hostnames=[])
    forget_all()
    visitor = Client()
    for proposed in ("dev1", "dev2"):
        response = visitor.get(f"{SESSION}?proposed={proposed}", headers={"origin": origin})
        assert response.json() == {"deviceId": "dev1" if known else proposed}
        assert response.get("Access-Control-Allow-Origin") == (origin if known else None)


BROKEN = [json.dumps(each) for each in ([1], 1, {}, {"deviceId": ""}, {"deviceId": "x" * 257}, {"deviceId": 1})]
HALF = json.dumps({"deviceId": "dev1", "host": "docs.acme.example", "key": ""})


@pytest.mark.parametrize(
    ("name", "header", "value"),
    [
        *(("__session", {}, quote(value)) for value in ("", "{", "[[[[", *BROKEN)),
        *(("__session_elsewhere", {"origin": ORIGIN}, quote(value)) for value in ("", "{", "[[[[", *BROKEN, HALF)),
    ],
)
def test_a_broken_cookie_is_replaced(
    anybody: Caller, world: World, name: str, header: dict[str, str], value: str
) -> None:
    response = anybody.get(f"{SESSION}?proposed=dev2", headers=header | {"cookie": f"{name}={value}"})
    assert response.json() == {"deviceId": "dev2"}
    assert list(response.cookies) == [name]


@pytest.mark.parametrize("query", ["", "?proposed=", f"?proposed={'x' * 257}"])
def test_no_proposed_visitor_is_400(anybody: Caller, query: str) -> None:
    assert anybody.get(f"{SESSION}{query}").status_code == 400


def test_the_session_route_is_below_any_base_path_as_the_events_are(anybody: Caller) -> None:
    response = anybody.get(f"/docs/v2{SESSION}?proposed=dev1")
    assert (response.status_code, response.json()) == (200, {"deviceId": "dev1"})
    assert response.cookies["__session"]["path"] == "/"


def test_without_an_origin_there_is_no_cors(anybody: Caller) -> None:
    assert "Access-Control-Allow-Origin" not in anybody.get(f"{SESSION}?proposed=dev1")


def test_the_session_route_only_reads() -> None:
    assert Client(enforce_csrf_checks=True).post(SESSION).status_code == 405
